# SPDX-License-Identifier: Apache-2.0
"""Lint what changed and run the tests that say most about it, in about a minute; `make test` runs everything.

What changed: everything that differs from the last commit or from where this branch left main. Prints what is run, and
which tests of what changed are not run because they take too long.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import time
from collections.abc import Sequence

from _arguments import Parser, add_jobs, command
from hw.lint import lint_everything
from tools.quick import Choice, choose_now, ruff_passes, tests_pass

BUDGET = 60  # seconds of one core for tests near the change, on a built tree; the core takes another 40


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--list")
    add = parser.add_argument
    add("--seconds", type=float, default=BUDGET, metavar="S",
        help="of one core, for tests near the change (default %(default)s)")  # fmt: skip
    add_jobs(parser, "tests at the same time")
    add("--list", action="store_true", help="only say what would run")
    return parser


def describe(changed: list[str], choice: Choice) -> str:
    """What is run and what is not, as text."""
    lines = [f"{len(changed)} files changed; running {len(choice.run)} test files:"]
    lines += [f"  {file}" for file in choice.run]
    if choice.left:
        lines += [f"not run, because together they take longer ({len(choice.left)} files; `make test` has them):"]
        lines += [f"  {file}" for file in choice.left]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Choose, lint, test."""
    given = options().parse_args(arguments)
    started = time.perf_counter()
    changed, choice = choose_now(given.seconds)
    print(describe(changed, choice), flush=True)
    if given.list:
        return DONE
    passed = ruff_passes()
    for name, messages in lint_everything(whole=False) if choice.rtl else ():
        print(f"{'FAIL' if messages else 'ok  '} {name}\n{messages}", end="", flush=True)
        passed = passed and not messages
    passed = tests_pass(choice.run, given.jobs) and passed
    print(f"{'passed' if passed else 'FAILED'} in {time.perf_counter() - started:.0f} s")
    return DONE if passed else DIFFERS


if __name__ == "__main__":
    run(main)
