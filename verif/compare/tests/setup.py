# SPDX-License-Identifier: Apache-2.0
"""A tiny comparison for these tests: accelerator, bank, QONNX file and images that use every expert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from golden.integer_model import MoeModel
from spec.bank import random_bank
from spec.network import RUNNING_MODES, Mode
from spec.presets import Accelerator
from spec.qonnx_writer import QonnxWriter
from spec.tiny import tiny_accelerator, tiny_images
from verif.compare.comparison import run_modes
from verif.compare.images import ImageSet
from verif.compare.stage import Setup, Stage
from verif.compare.stages import open_stages
from verif.faults import Fault

IMAGES = 40


def tiny_setup(
    directory: Path, gate: str = "deep", local_experts: int = 2, fault: Fault | None = None, local_expert: int = 0
) -> Setup:
    """A setup of :func:`spec.tiny.tiny_accelerator`."""
    return setup_of(tiny_accelerator(gate, local_experts), directory, fault, local_expert)


def setup_of(accelerator: Accelerator, directory: Path, fault: Fault | None = None, local_expert: int = 0) -> Setup:
    """The GE is written to ``directory``; theta is such that the GE answers about half of :func:`tiny_images`."""
    ge = QonnxWriter(accelerator.moe.network).save(directory / "tiny.onnx")
    bank = random_bank(accelerator.moe, 0)
    run = MoeModel(accelerator.moe).run(tiny_images(IMAGES), Mode.MOE_PARALLEL, bank, keep_layers=True)
    logits = run.layers["gate_out"].astype(np.int64)
    theta = int(np.median(logits[:, 1:].max(1) - logits[:, 0]))
    return Setup(accelerator, bank, ge, None, theta, local_expert, fault, optimise=False)


def image_set(count: int = IMAGES) -> ImageSet:
    """Tiny images with labels that mean nothing, in two sets."""
    labels = (np.arange(count) % 7).astype(np.uint8)
    return ImageSet(tiny_images(count), labels, np.arange(count) % 2, ("generic", "user 1"), "tiny noise", True)


@contextmanager
def opened(setup: Setup, names: Sequence[str]) -> Iterator[dict[str, Stage]]:
    """Stages by name, closed in the end."""
    stages = open_stages(list(names), setup)
    yield {stage.name: stage for stage in stages}
    for stage in stages:
        stage.close()


def check_every_layer(setup: Setup, stages: dict[str, Stage], images: np.ndarray, layers: set[str]) -> None:
    """Every stage equals the integer model in every mode, ``layers`` are compared, and the gate decides both ways."""
    for mode, reports in run_modes(setup, list(stages.values()), images, RUNNING_MODES).items():
        assert [report.stage for report in reports] == list(stages)
        for report in reports:
            assert not report.differs, f"{mode.name} {report.stage}: {report.first or report.stopped}"
            assert report.answered.all()
            if mode == Mode.MOE_PARALLEL and report.stage != "int":
                assert layers <= set(report.mismatches)
        if mode in (Mode.MOE_PARALLEL, Mode.MOE_GATED):
            assert len(np.unique(reports[-1].experts > 0)) == 2, "the images do not use the GE and a local expert"
