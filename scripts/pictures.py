# SPDX-License-Identifier: Apache-2.0
"""Draw the plots of the report for the documentation, and a picture of its first screen."""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_keep, add_out, command, shown
from report.images import KEPT, OUT, draw
from spec.files import named_by_user


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--keep")
    add_out(parser, "where they go", OUT)
    add_keep(parser, "docs/images")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files."""
    given = options().parse_args(arguments)
    for directory in (given.out, KEPT) if given.keep else (given.out,):
        with named_by_user(directory):
            print(f"{shown(directory)}: {', '.join(draw(directory))}")
    return DONE


if __name__ == "__main__":
    run(main)
