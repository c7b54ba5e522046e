# SPDX-License-Identifier: Apache-2.0
"""Let the full-size simulated device learn at random while images stream; nothing may be lost or learned wrongly.

Sessions open and end, answers are corrected, banks are loaded, selected and read back, modes switch domains on and off.
Every answer, weight, random number and counter is compared with the golden learner's. Images are those of users
(USERS_NPZ).
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

import numpy as np

from _arguments import Parser, add_design, add_limit, add_seed, command, load_design
from driver import Accelerator
from driver.learn_check import LearnCheck
from driver.learn_load import LearnLoad
from driver.verilated import VerilatedTransport, build_device
from golden.data import users_source
from hw.gen.build import generate
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.learning import LearnRule
from spec.paths import BANKS
from spec.presets import load_toml

POOL = 500  # different images
USERS = 4  # different banks
PACE = 2500  # cycles that an image takes with ecp5_85, from 785 of a local one to 6,400


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 1000")
    add_design(parser)
    add_limit(parser, 10_000, least=1)
    add_seed(parser, default=1)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it, compare, and print what happened."""
    given = options().parse_args(arguments)
    design, pool = load_design(given, learns=True), users_source().data.images[:POOL]
    rule = LearnRule.of(load_toml("gates", given.gate), design.moe)
    files = sorted((BANKS / design.moe.preset).glob("*.bank"))[:USERS]
    if not files:
        raise InputError(f"{BANKS / design.moe.preset}: has no banks; make them with scripts/train.py")
    users = [load_bank(path, design.moe) for path in files]
    library = build_device(generate(design), watch=True)
    with Accelerator(VerilatedTransport(design, library), design) as device:
        load = LearnLoad(device, given.limit, given.seed, pool, users, rule, PACE)
        done, cycles = load.run(), device.transport.cycles
    surprises = [f"seen: {sentence}" for sentence in done.surprises[:10]]
    if done.stuck:  # what it gave so far may be nothing
        print(*surprises, "the device did not come to an end", sep="\n")
        return DIFFERS
    found = LearnCheck(design, pool, users).compare(load.log, np.concatenate(load.events), np.concatenate(load.words))
    print(f"seed {given.seed}: {found.images} images in {cycles:,} cycles")
    for what, count in sorted((done.counts | found.counts).items()):
        print(f"{count:>8}  {what}")
    for name, count in found.wrong().items():
        print(f"{count:>8}  {name.replace('_', ' ')}")
    if found.first:
        surprises.append(f"seen: {found.first}")
    print(*surprises, sep="\n", end="\n" * bool(surprises))
    return DONE if found.clean and not done.surprises else DIFFERS


if __name__ == "__main__":
    run(main)
