# SPDX-License-Identifier: Apache-2.0
"""``python -m verif.power`` (``make power``): run the test plan of the power control and print it with its results."""

from __future__ import annotations

import argparse
import json
import os
import sys

from spec.errors import InputError
from spec.files import write_if_changed
from spec.paths import ROOT
from verif.power.plan import as_data, as_text, load_plan, run_plan

BUILD = ROOT / "build" / "power" / "plan.json"
KEPT = ROOT / "docs" / "results" / "power.json"


def main() -> int:
    """Exit code 1 when an item failed or did not run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="tests at a time (default: processors)")
    parser.add_argument("--keep", action="store_true", help="also write docs/results/power.json")
    options = parser.parse_args()
    try:
        verdicts, coverage = run_plan(load_plan(), options.jobs)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"\n{coverage.strip()}\n\n{as_text(verdicts)}")
    for path in (BUILD, KEPT) if options.keep else (BUILD,):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(path, json.dumps(as_data(verdicts, coverage), indent=1) + "\n")
    bad = sum(verdict.word != "ok" for verdict in verdicts)
    print(f"{len(verdicts) - bad} of {len(verdicts)} items hold")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
