# SPDX-License-Identifier: Apache-2.0
"""Compute both energy proxies for several designs: do they put designs, too, in the same order?

Each design is synthesised, counted and recorded, which takes about five minutes a design the first time.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import sys
from collections.abc import Sequence

from _arguments import Parser, add_json, add_keep, add_limit, command, require_real
from golden.data import generic_source, users_source
from spec.files import write_json
from verif.proxies import designs


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 2")
    add_limit(parser, 4, "images of each case", least=1)
    add_json(parser, designs.OUT)
    add_keep(parser, "docs/results/designs.json")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; something differs when a finding says so."""
    given = options().parse_args(arguments)
    if given.keep:
        require_real(True, users_source(), generic_source("test"))
    found = designs.summary([designs.measure(preset, gate, given.limit) for preset, gate in designs.DESIGNS])
    for path in (given.json, designs.KEPT) if given.keep else (given.json,):
        write_json(path, found)
    print(designs.as_text(found))
    for finding in found["findings"]:
        print(f"FAIL {finding}", file=sys.stderr)
    return DIFFERS if found["findings"] else DONE


if __name__ == "__main__":
    run(main)
