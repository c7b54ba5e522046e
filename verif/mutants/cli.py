# SPDX-License-Identifier: Apache-2.0
"""The command line of a campaign; ``scripts/mutants.py`` is how it is called."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from spec.errors import InputError
from verif.mutants.campaign import RESULTS, Store, draw, judge_results, results_file, run_campaign, shown
from verif.mutants.cover import load_cover
from verif.mutants.execution import Executor
from verif.mutants.survivors import load_survivors
from verif.mutants.table import verdict_table

_DESCRIPTION = """\
Break the RTL in random places, one token each, and see whether the tests of the module notice.

A mutant is refused by lint or elaboration (counted apart), seen by a test (a failure, an assertion, a time-out), or
survives. Survivors are listed in verif/mutants/survivors.toml, each with a reason. The exit code is 0 when every
survivor has a reason and at least 97 % of the mutants that matter are seen, 1 otherwise, 2 for bad input."""
_EXAMPLE = """\
example:
  python scripts/mutants.py --seed 1 --count 60 --module stream_width --module gate_decide

An interrupted run goes on where it was; what has been judged is not run again until its source or its tests change."""


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign, print the table; 0 when the tests see enough, 1 when they do not."""
    parser = argparse.ArgumentParser(
        description=_DESCRIPTION, epilog=_EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the draw (default 1)")
    parser.add_argument("--count", type=_positive, default=500, metavar="M", help="mutants (default 500)")
    parser.add_argument(
        "--module", action="append", metavar="X", help="draw from this module; may be repeated (default: all units)"
    )
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=os.cpu_count() or 1,
        metavar="J",
        help="mutants at a time (default: all cores)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="results, one JSON object a line (default build/mutants/<seed>.jsonl)"
    )
    options = parser.parse_args(arguments)

    cover, survivors = load_cover(), load_survivors()
    modules = options.module or cover.units
    for module in modules:
        cover.tests(module)
    mutants = draw(options.seed, options.count, modules, cover)
    if not mutants:
        raise InputError(f"there is nothing to change in {', '.join(modules)}")
    store = Store(options.out or results_file(options.seed))
    with tqdm(desc="mutants", unit="step", disable=None, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        results = run_campaign(mutants, cover, store, options.jobs, Executor(), progress, results=RESULTS)

    verdict = judge_results(results, survivors)
    print(verdict_table(verdict))
    for module, tests in sorted({**cover.shared, **cover.whole}.items()):
        if options.module is None or module in options.module:
            drawn = "" if module in modules else "; not drawn, name it with --module"
            print(f"{module} has no bench of its own, it is covered by {shown(tests)}{drawn}.")
    print(f"Results: {shown(store.path)}")
    return 0 if verdict.good else 1
