# SPDX-License-Identifier: Apache-2.0
"""Simulate the synthesised netlist of the whole device: it must answer and learn as the golden models do.

Images in all modes, with two users' banks, a GE that sleeps between images, OFF, and lessons; the RTL is asked the same
and must take as many cycles; a wire torn on purpose in the netlist must be seen. Synthesis takes minutes, the build of
the simulation some more; both are reused.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import time
from collections.abc import Sequence

import numpy as np

from _arguments import (
    Parser,
    add_banks,
    add_design,
    add_json,
    add_keep,
    add_limit,
    command,
    load_design,
    require_real,
)
from golden.data import generic_source, users_source
from spec.bank_file import load_bank
from spec.files import write_json
from spec.paths import BANKS, bank_file
from verif.netlist import record
from verif.netlist.answers import LEAST

USERS = (1, 2)


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gate paper --limit 16")
    add_design(parser)
    add_banks(parser, BANKS)
    add_limit(parser, 200, "images, shared out among modes and banks", least=LEAST)
    add_json(parser)
    add_keep(parser, "docs/results/netlist.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate and print the page."""
    given = options().parse_args(arguments)
    started = time.monotonic()
    design, users, generic = load_design(given), users_source(), generic_source("test")
    require_real(given.keep, users, generic)
    banks = [load_bank(bank_file(design.moe.preset, user, given.banks), design.moe) for user in USERS]
    print(f"{design.name}: the netlist of the whole device, which takes some ten minutes ...", flush=True)
    sets = [generic.images, *(users.test(user).images for user in USERS)]
    result = record.measure(design, mixed(sets, given.limit), banks, f"{users.name} and {generic.name}, by turns")
    print(f"{record.page(result)}\n{time.monotonic() - started:.0f} s")
    if given.json:
        write_json(given.json, result)
    if given.keep:
        record.keep(result)
    return DIFFERS if result["findings"] else DONE


def mixed(sets: Sequence[np.ndarray], count: int, seed: int = 0) -> np.ndarray:
    """Images of several sets by turns, chosen at random."""
    rng = np.random.default_rng(seed)
    each = -(-count // len(sets))
    chosen = [images[rng.choice(len(images), each, replace=len(images) < each)] for images in sets]
    return np.stack(chosen, 1).reshape(-1, *sets[0].shape[1:])[:count]


if __name__ == "__main__":
    run(main)
