# SPDX-License-Identifier: Apache-2.0
"""Lint what changed and run the tests that say most about it, in about a minute; `make test` runs everything.

What changed: everything that differs from the last commit or from where this branch left main. Prints what is run, and
which tests of what changed are not run because they take too long.
"""

from __future__ import annotations

from _bootstrap import run_main  # first: makes the project's packages importable

from hw.lint import lint_everything

import argparse  # isort: skip
import os
import time

from tools.quick import Choice, choose_now, ruff_passes, tests_pass

BUDGET = 80  # seconds of one core for tests near the change, on a built tree; the core takes another 40


def parse() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--seconds", type=float, default=BUDGET, help="of one core, for tests near the change (default %(default)s)")
    add("--jobs", type=int, default=os.cpu_count() or 1, help="tests at the same time (default: one per core)")
    add("--list", action="store_true", help="only say what would run")
    return parser.parse_args()


def describe(changed: list[str], choice: Choice) -> str:
    """What is run and what is not, as text."""
    lines = [f"{len(changed)} files changed; running {len(choice.run)} test files:"]
    lines += [f"  {file}" for file in choice.run]
    if choice.left:
        lines += [f"not run, because together they take longer ({len(choice.left)} files; `make test` has them):"]
        lines += [f"  {file}" for file in choice.left]
    return "\n".join(lines)


def main() -> int:
    """Choose, lint, test; 1 when anything fails."""
    options = parse()
    started = time.perf_counter()
    changed, choice = choose_now(options.seconds)
    print(describe(changed, choice), flush=True)
    if options.list:
        return 0
    passed = ruff_passes()
    for name, messages in lint_everything(whole=False) if choice.rtl else ():
        print(f"{'FAIL' if messages else 'ok  '} {name}\n{messages}", end="", flush=True)
        passed = passed and not messages
    passed = tests_pass(choice.run, options.jobs) and passed
    print(f"{'passed' if passed else 'FAILED'} in {time.perf_counter() - started:.0f} s")
    return 0 if passed else 1


if __name__ == "__main__":
    run_main(main)
