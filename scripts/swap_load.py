# SPDX-License-Identifier: Apache-2.0
"""Change banks at random while images stream through the full-size simulated device; no image may be lost or mixed.

Banks are written, committed, selected and invalidated, and damaged ones offered. Images are the users' (USERS_NPZ).
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_design, add_limit, add_mode, add_seed, command, load_design, modes_of
from driver import Accelerator
from driver.swap_load import SwapLoad
from golden.data import users_source
from spec.bank import Bank
from spec.bank_file import load_bank
from spec.errors import InputError
from spec.paths import BANKS

MODES = ("LE_ONLY", "MOE_PARALLEL", "MOE_GATED")
POOL = 2000  # different images


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--mode MOE_GATED --limit 1000")
    add_design(parser)
    add_mode(parser, MODES, ("MOE_PARALLEL",))
    add_limit(parser, 10_000, least=1)
    add_seed(parser, default=1)
    return parser


def change_cycles(device: Accelerator, bank: Bank) -> int:
    """Cycles in which a bank is written, checked and selected while nothing else happens; it does not stay."""
    before = device.transport.cycles
    number = device.load_user(bank)
    cycles = device.transport.cycles - before
    device.forget_user(number)
    return cycles


def main(arguments: Sequence[str] | None = None) -> int:
    """Run each mode in a device of its own, and print what happened."""
    given = options().parse_args(arguments)
    design, pool = load_design(given), users_source().data.images[:POOL]
    banks = [load_bank(path, design.moe) for path in sorted((BANKS / design.moe.preset).glob("*.bank"))]
    if not banks:
        raise InputError(f"{BANKS / design.moe.preset}: has no banks; make them with scripts/train.py")
    bad = False
    for mode in modes_of(given.mode):
        with Accelerator.open(design=design) as device:
            cycles = change_cycles(device, banks[0])
            report = SwapLoad(device, mode, given.limit, given.seed, pool, banks).run()
        print(f"{mode.name}: a change of user takes {cycles:,} cycles\n{report}")
        bad |= report.results != report.images or report.wrong > 0 or report.out_of_order > 0
    return DIFFERS if bad else DONE


if __name__ == "__main__":
    run(main)
