# SPDX-License-Identifier: Apache-2.0
"""Break the RTL in random places, one token each, and see whether the tests of the module notice.

A mutant is refused by lint or elaboration (counted apart), seen by a test (a failure, an assertion, a time-out), or
survives. Survivors are listed in verif/mutants/survivors.toml, each with a reason. The tests see enough when every
survivor has a reason and at least 97 % of the mutants that matter are seen. An interrupted run goes on where it was;
what has been judged is not run again until its source or its tests change.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_jobs, add_module, add_out, add_seed, command, shown, whole_number
from spec.errors import InputError
from spec.progress import progress_bar
from verif.mutants.campaign import RESULTS, Store, draw, judge_results, results_file, run_campaign
from verif.mutants.cover import load_cover
from verif.mutants.execution import Executor
from verif.mutants.survivors import load_survivors
from verif.mutants.table import verdict_table


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--seed 1 --count 60 --module stream_width --module gate_decide")
    add = parser.add_argument
    add_seed(parser, default=1)
    add("--count", type=whole_number(1), default=500, metavar="N", help="mutants (default %(default)s)")
    add_module(parser, "draw from this module; may be repeated (default: all units)", several=True)
    add_jobs(parser, "mutants at a time")
    add_out(parser, "results, one JSON object a line (default build/mutants/SEED.jsonl)", metavar="FILE")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print the table."""
    given = options().parse_args(arguments)
    cover, survivors = load_cover(), load_survivors()
    modules = given.module or cover.units
    for module in modules:
        cover.tests(module)
    mutants = draw(given.seed, given.count, modules, cover)
    if not mutants:
        raise InputError(f"there is nothing to change in {', '.join(modules)}")
    store = Store(given.out or results_file(given.seed))
    with progress_bar(description="mutants", unit="step") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        results = run_campaign(mutants, cover, store, given.jobs, Executor(), progress, results=RESULTS)

    verdict = judge_results(results, survivors)
    print(verdict_table(verdict))
    for module, tests in sorted({**cover.shared, **cover.whole}.items()):
        if given.module is None or module in given.module:
            drawn = "" if module in modules else "; not drawn, name it with --module"
            print(f"{module} has no bench of its own, it is covered by {shown(tests)}{drawn}.")
    print(f"Results: {shown(store.path)}")
    return DONE if verdict.good else DIFFERS


if __name__ == "__main__":
    run(main)
