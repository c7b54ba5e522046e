# SPDX-License-Identifier: Apache-2.0
"""What it saves and costs to make LE and GN constants of the design: as ROMs, and as adder graphs."""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_gate, add_keep, add_preset, command
from hw import baked
from spec.files import write_if_changed


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gate paper")
    add_preset(parser)
    add_gate(parser, None, baked.GATES)
    add_keep(parser, "docs/results/baked.md")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the page."""
    given = options().parse_args(arguments)
    text = baked.measure(given.preset, [given.gate] if given.gate else baked.GATES)
    print(text)
    if given.keep:
        write_if_changed(baked.KEPT, text)
    return DONE


if __name__ == "__main__":
    run(main)
