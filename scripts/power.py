# SPDX-License-Identifier: Apache-2.0
"""Run the test plan of the power control and print it with its results and its coverage."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_jobs, add_keep, command
from hw.gen.digest import rtl_digest
from spec.files import as_json, write_if_changed
from verif.power import plan


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--jobs 2")
    add_jobs(parser, "tests at a time")
    add_keep(parser, "docs/results/power.json")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; a check failed when an item failed or did not run."""
    given = options().parse_args(arguments)
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    verdicts, coverage = plan.run_plan(plan.load_plan(), given.jobs)
    print(f"\n{coverage.strip()}\n\n{plan.as_text(verdicts)}")
    for path in (plan.OUT, plan.KEPT) if given.keep else (plan.OUT,):
        write_if_changed(path, as_json(plan.as_data(verdicts, coverage, sources)))
    bad = sum(verdict.word != "ok" for verdict in verdicts)
    print(f"{len(verdicts) - bad} of {len(verdicts)} items hold")
    return DIFFERS if bad else DONE


if __name__ == "__main__":
    run(main)
