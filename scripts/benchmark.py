# SPDX-License-Identifier: Apache-2.0
"""Measure the speed of each implementation in images per second, side by side in one run."""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

import os
from collections.abc import Sequence

import numpy as np
import torch

from _arguments import Parser, add_design, add_ge, add_json, add_le_bank, add_limit, command, whole_number
from spec.files import write_json
from spec.presets import load_accelerator
from verif.benchmark import speeds
from verif.compare.images import load_image_set
from verif.compare.stage import Setup
from verif.hls_flow import bank_to_simulate


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 2000 --rtl-limit 64")
    add_design(parser)
    add_ge(parser)
    add_le_bank(parser)
    add_limit(parser, 2000, "images of one repetition", least=8)
    add = parser.add_argument
    add("--rtl-limit", type=whole_number(0), default=64, metavar="N",
        help="of them for the RTL; 0 leaves it out (default %(default)s)")  # fmt: skip
    add("--repetitions", type=whole_number(1), default=5, metavar="N", help="default %(default)s")
    add_json(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    given = options().parse_args(arguments)
    accelerator = load_accelerator(given.preset, given.gate, given.ge)
    bank, bank_name = bank_to_simulate(accelerator, given.le_bank)
    data = load_image_set(None, given.limit, classes=accelerator.moe.network.classes)
    images = np.resize(data.images, (given.limit, *data.images.shape[1:]))
    print(
        f"accelerator {accelerator.name}; data: {data.name}; run-time weights: {bank_name}; "
        f"{torch.get_num_threads()} PyTorch threads, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    results: dict[str, dict[str, float]] = {}
    for speed in speeds(Setup(accelerator, bank, given.ge), images, given.rtl_limit, given.repetitions):
        results[speed.mode.name] = speed.rates
        slowest = min(speed.rates.values())
        print(f"\n{speed.mode.name}")
        for name, rate in speed.rates.items():
            print(f"  {name:<16} {rate:>10,.0f} images/s  {rate / slowest:>8,.1f} x", flush=True)
    if given.json:
        write_json(given.json, {"accelerator": accelerator.name, "data": data.name, "images_per_second": results})
    return DONE


if __name__ == "__main__":
    run(main)
