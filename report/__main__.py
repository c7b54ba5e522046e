# SPDX-License-Identifier: Apache-2.0
"""``python -m report`` (``make report``): measure what is cheap, then write everything measured as one HTML page."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path

from report.context import Step, load_context
from report.evidence import SOURCES, Places, State
from report.measure import measure
from report.page import page
from spec.files import write_text
from spec.paths import ROOT
from spec.presets import load_accelerator

OUT = ROOT / "build" / "report" / "report.html"


def fresh(steps: tuple[Step, ...], started: float, places: Places) -> set[str]:
    """Sources that were measured in this run: their command wrote its file, also when it found something wrong."""
    design = load_accelerator().name
    built = {source.key: places.build / source.built.format(design=design) for source in SOURCES if source.built}
    found = set()
    for step in steps:
        file = built[step.key]
        if file.exists() and (not step.problem or file.stat().st_mtime >= started):
            found.add(step.key)
    return found


def main() -> int:
    """Exit code 1 when a measurement failed; the page is written all the same, and says so."""
    parser = argparse.ArgumentParser(prog="python -m report", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the page (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="measure nothing: show what was measured before")
    options = parser.parse_args()
    places, started, steps = Places(), time.time(), ()
    if not options.quick:
        resources = load_context(places).results["resources"].evidence.state
        steps = measure(synthesise=resources not in (State.HERE, State.KEPT))
    made = datetime.now().strftime("%Y-%m-%d %H:%M")
    context = load_context(places, fresh(steps, started, places), steps, made)
    text, problems = page(context)
    write_text(options.out, text)
    missing = [row.command for row in context.evidence if row.state == State.MISSING]
    print(f"{options.out}: {len(text.encode()) / 1e6:.1f} MB, {time.time() - started:.0f} s; open it in any browser")
    if missing:
        print("Not measured, and said so on the page; measure with: " + "; ".join(missing))
    for problem in problems:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
