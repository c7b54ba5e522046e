# SPDX-License-Identifier: Apache-2.0
"""Measure what the gate saves, over the share of generic images: cycles, latency and energy proxy from counters.

Each mix of a user's and of generic images is answered in MOE_GATED by the simulated device: as a stream, for throughput
and energy, and one image at a time, for latency. The other modes, whose work is the same for every image, run on one.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import (
    Parser,
    add_design,
    add_json,
    add_keep,
    add_limit,
    command,
    load_design,
    require_real,
    whole_number,
)
from driver import Accelerator
from golden.data import generic_source, users_source
from golden.energy.operations import ASSUMPTIONS
from hw.gen.digest import rtl_digest
from spec.bank_file import load_bank
from spec.files import write_json
from spec.paths import bank_file
from verif.power import sweep


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 50")
    add_design(parser)
    add_limit(parser, 100, "images a point", least=1)
    parser.add_argument("--user", type=whole_number(1), default=1, metavar="N",
                        help="whose images and bank (default %(default)s)")  # fmt: skip
    add_json(parser)
    add_keep(parser, "docs/results/gated_sweep.json and docs/images/gated_sweep.svg")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; something differs when an answer does."""
    given = options().parse_args(arguments)
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    design, users, generic = load_design(given, whole=True), users_source(), generic_source("test")
    require_real(given.keep, users, generic)
    bank = load_bank(bank_file(design.moe.preset, given.user), design.moe)
    with Accelerator.open(design=design) as device:
        device.write("power_idle", cycles=0)
        points = sweep.sweep(device, bank, users.test(given.user).images, generic.images, given.limit)
    print(sweep.as_text(points) + "\n\n" + "\n".join(f"* {text}" for text in ASSUMPTIONS))
    result = sweep.record(design, sources, f"{given.user} of {users.name}", generic.name, points)
    if given.json:
        write_json(given.json, result)
    if given.keep:
        sweep.keep(result)
    return DIFFERS if any(point.wrong for point in points) else DONE


if __name__ == "__main__":
    run(main)
