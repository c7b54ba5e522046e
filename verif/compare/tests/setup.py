# SPDX-License-Identifier: Apache-2.0
"""A tiny comparison for these tests: accelerator, bank, QONNX file and images that use every expert."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from golden.integer_model import MoeModel
from spec.bank import random_bank
from spec.network import Mode
from spec.presets import Accelerator
from spec.qonnx_writer import QonnxWriter
from spec.tiny import tiny_accelerator, tiny_images
from verif.compare.images import ImageSet
from verif.compare.stage import Setup
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
