# SPDX-License-Identifier: Apache-2.0
"""Lint of the RTL: Verilator with every warning on, and elaboration by Yosys read_slang."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, command
from hw.lint import lint_everything


def options() -> Parser:
    """Command line."""
    return command(__file__, __doc__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line a check, and the messages of those that fail."""
    options().parse_args(arguments)
    failures = 0
    for name, messages in lint_everything():
        print(f"{'FAIL' if messages else 'ok  '} {name}\n{messages}", end="", flush=True)
        failures += bool(messages)
    return DIFFERS if failures else DONE


if __name__ == "__main__":
    run(main)
