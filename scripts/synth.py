# SPDX-License-Identifier: Apache-2.0
"""Resources on ECP5 by power domain, from open synthesis; takes minutes, a result of the same sources is reused."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_design, add_keep, command, load_design
from hw import synth
from hw.resource_report import terminal


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gate paper")
    add_design(parser)
    parser.add_argument("--force", action="store_true", help="synthesise also when there is a result of these sources")
    add_keep(parser, "docs/results/resources.{json,md}", beside=("preset", "gate", "force"))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; something differs when synthesis made otherwise than counted."""
    given = options().parse_args(arguments)
    result = synth.resources(load_design(given), anew=given.force)
    print(terminal(result))
    if given.keep:
        synth.keep(result)
    return DIFFERS if result["findings"] else DONE


if __name__ == "__main__":
    run(main)
