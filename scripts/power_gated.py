# SPDX-License-Identifier: Apache-2.0
"""Measure what MOE_GATED saves on whole data sets, and that every answer is that of MOE_PARALLEL.

The simulated device answers the test images of every user and the generic test set; its counters are read.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import time
from collections.abc import Sequence

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
    whole_number,
)
from golden.data import generic_source, users_source
from hw.gen.digest import rtl_digest
from spec.files import write_json
from spec.paths import BANKS
from verif.power import gated


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 500")
    add_design(parser)
    add_banks(parser, BANKS)
    add_limit(parser, 0, "generic test images")
    parser.add_argument("--idle", type=whole_number(0), default=0, metavar="CYCLES",
                        help="time that the GE stays on without work (default %(default)s)")  # fmt: skip
    add_json(parser)
    add_keep(parser, "docs/results/gated.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print and write the table."""
    given = options().parse_args(arguments)
    started = time.monotonic()
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    design, users, generic = load_design(given, whole=True), users_source(), generic_source("test")
    require_real(given.keep, users, generic)
    rows = gated.measure(design, given.banks, users, generic, given.limit, given.idle)
    head = f"Preset `{design.name}`, MOE_GATED, GE idle time {given.idle} cycles. Users: {users.name}.\n\n"
    text = head + gated.as_markdown(rows)
    print(f"{text}\n{time.monotonic() - started:.0f} s")
    if given.json:
        write_json(given.json, gated.as_data(rows, sources))
    if given.keep:
        gated.keep(rows, text, sources)
    return DIFFERS if any(row.wrong for row in rows.values()) else DONE


if __name__ == "__main__":
    run(main)
