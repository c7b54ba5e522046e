# SPDX-License-Identifier: Apache-2.0
"""Check, without a vendor's tool, that the HLS sources stay synthesizable."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_design, command, load_design
from hls.check_synthesizable import check
from hls.gen import generate


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gate paper")
    add_design(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every broken rule."""
    given = options().parse_args(arguments)
    violations = check(generate(load_design(given)))
    for violation in violations:
        print(violation)
    print(f"{len(violations)} violations of the rules for synthesizable sources")
    return DIFFERS if violations else DONE


if __name__ == "__main__":
    run(main)
