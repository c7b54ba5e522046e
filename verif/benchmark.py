# SPDX-License-Identifier: Apache-2.0
"""Speed of the implementations (``scripts/benchmark.py``): integer model, PyTorch and Verilated RTL on the same images.

All are measured alternately in one run on one machine, so that their ratios hold even when the machine is busy. The
best repetition counts: everything else that runs can only make a repetition slower.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from golden.integer_model import MoeModel
from spec.network import RUNNING_MODES, Mode
from verif.bulk.simulator import BulkSimulator
from verif.compare.stage import Chunk, Setup
from verif.compare.stages.pytorch import TorchStage


def measure(tasks: dict[str, tuple[int, Callable[[], object]]], repetitions: int) -> dict[str, float]:
    """Best images per second of each task, (images, function); repetitions alternate between the tasks."""
    best = dict.fromkeys(tasks, 0.0)
    for _ in range(repetitions):
        for name, (images, run) in tasks.items():
            started = time.perf_counter()
            run()
            best[name] = max(best[name], images / (time.perf_counter() - started))
    return best


def _drop(chunk: Chunk) -> None:
    """The stage's answers are not looked at here."""


def _tasks(
    setup: Setup, images: np.ndarray, rtl_images: np.ndarray, simulator: BulkSimulator | None, mode: Mode
) -> dict[str, tuple[int, Callable[[], object]]]:
    model, torch_stage = MoeModel(setup.accelerator.moe), TorchStage(setup)
    few = images[: len(images) // 8]  # the float64 PyTorch stage is slower
    tasks: dict[str, tuple[int, Callable[[], object]]] = {
        "int": (len(images), lambda: model.run(images, mode, setup.bank)),
        "int, all layers": (len(images), lambda: model.run(images, mode, setup.bank, keep_layers=True)),
        "torch": (len(few), lambda: torch_stage.run(few, mode, _drop, None)),
    }
    if simulator:
        # Two chunks a core: enough to be in steady state, and all cores finish together.
        size = max(1, len(rtl_images) // (2 * (os.cpu_count() or 1)))
        tasks["rtl"] = (len(rtl_images), lambda: simulator.run(rtl_images, mode, chunk=size))
    return tasks


@dataclass(frozen=True)
class Speed:
    """Images per second of each task in a mode."""

    mode: Mode
    rates: dict[str, float]


def speeds(setup: Setup, images: np.ndarray, rtl_images: int, repetitions: int) -> Iterator[Speed]:
    """Measure mode by mode.

    Args:
        images: of one repetition, uint8 (N, height, width).
        rtl_images: of them for the RTL; 0 leaves it out.
    """
    simulator = None
    if rtl_images:
        simulator = BulkSimulator(setup.accelerator)
        simulator.load_bank(setup.bank)
    try:
        for mode in RUNNING_MODES:
            yield Speed(mode, measure(_tasks(setup, images, images[:rtl_images], simulator, mode), repetitions))
    finally:
        if simulator:
            simulator.close()
