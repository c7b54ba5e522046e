# SPDX-License-Identifier: Apache-2.0
"""Speed of the implementations (``scripts/benchmark.py``): integer model, PyTorch and Verilated RTL on the same images.

All are measured alternately in one run on one machine, so that their ratios hold even when the machine is busy. The
best repetition counts: everything else that runs can only make a repetition slower.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from golden.integer_model import MoeModel
from spec.bank import random_bank
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.network import Mode
from spec.paths import MODELS, bank_file
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator
from verif.bulk.simulator import BulkSimulator
from verif.compare.images import load_image_set
from verif.compare.report import write_json
from verif.compare.stage import Chunk, Setup
from verif.compare.stages.pytorch import TorchStage

MODES = (Mode.GE_ONLY, Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code.

    Raises:
        InputError: bad input.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--preset", default=DEFAULT_FOLDING, metavar="NAME", help="folding preset (default %(default)s)")
    add("--gate", default=DEFAULT_GATE, metavar="NAME", help="gate preset (default %(default)s)")
    add("--ge", type=Path, default=MODELS / "ge.onnx", metavar="FILE", help="global expert, QONNX")
    add("--le-bank", type=Path, metavar="FILE", help="bank (default: user 1's, or random weights if there is none)")
    add("--images", type=int, default=2000, metavar="N", help="images of one repetition (default %(default)s)")
    add("--rtl-images", type=int, default=64, metavar="N", help="of them for the RTL, 0: no RTL (default %(default)s)")
    add("--repetitions", type=int, default=5, metavar="R", help="default %(default)s")
    add("--json", type=Path, metavar="OUT", help="also write the figures as JSON")
    args = parser.parse_args(arguments)
    for name, least in (("images", 8), ("rtl_images", 0), ("repetitions", 1)):
        if getattr(args, name) < least:
            raise InputError(f"--{name.replace('_', '-')} is {getattr(args, name)}, at least {least} is needed")

    accelerator = load_accelerator(args.preset, args.gate, args.ge)
    path = args.le_bank or bank_file(args.gate)
    moe = accelerator.moe
    bank = load_bank(path, moe) if args.le_bank or path.exists() else random_bank(moe, 0)
    setup = Setup(accelerator, bank, args.ge)
    data = load_image_set(None, args.images, classes=accelerator.moe.network.classes)
    images = np.resize(data.images, (args.images, *data.images.shape[1:]))
    simulator = None
    if args.rtl_images:
        simulator = BulkSimulator(accelerator)
        simulator.load_bank(bank)
    print(f"accelerator {accelerator.name}; data: {data.name}; {torch.get_num_threads()} PyTorch threads, "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    results: dict[str, dict[str, float]] = {}
    for mode in MODES:
        rates = measure(_tasks(setup, images, images[: args.rtl_images], simulator, mode), args.repetitions)
        results[mode.name] = rates
        slowest = min(rates.values())
        print(f"\n{mode.name}")
        for name, rate in rates.items():
            print(f"  {name:<16} {rate:>10,.0f} images/s  {rate / slowest:>8,.1f} x", flush=True)
    if simulator:
        simulator.close()
    if args.json:
        write_json(args.json, {"accelerator": accelerator.name, "data": data.name, "images_per_second": results})
    return 0
