# SPDX-License-Identifier: Apache-2.0
"""Measure what takes minutes, then write everything measured as one HTML page.

The page is written also when a measurement fails, and says so.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import sys
import time
from collections.abc import Sequence
from datetime import datetime

from _arguments import Parser, add_out, command, shown
from report.context import Step, load_context
from report.evidence import Places, State
from report.measure import fresh, measure
from report.page import page
from spec.files import named_by_user, write_text
from spec.paths import BUILD

OUT = BUILD / "report" / "report.html"


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--quick")
    add_out(parser, "the page", OUT, metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="measure nothing: show what was measured before")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; something differs when a measurement failed."""
    given = options().parse_args(arguments)
    places, started = Places(), time.time()
    steps: tuple[Step, ...] = ()
    if not given.quick:
        resources = load_context(places).results["resources"].evidence.state
        steps = measure(synthesise=resources not in (State.HERE, State.KEPT))
    made = datetime.now().strftime("%Y-%m-%d %H:%M")
    context = load_context(places, fresh(steps, started, places), steps, made)
    text, problems = page(context)
    with named_by_user(given.out):
        write_text(given.out, text)
    missing = [row.command for row in context.evidence if row.state == State.MISSING]
    size, seconds = len(text.encode()) / 1e6, time.time() - started
    print(f"{shown(given.out)}: {size:.1f} MB, {seconds:.0f} s; open it in any browser")
    if missing:
        print("Not measured, and said so on the page; measure with: " + "; ".join(missing))
    for problem in problems:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    return DIFFERS if problems else DONE


if __name__ == "__main__":
    run(main)
