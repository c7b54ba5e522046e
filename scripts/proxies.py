# SPDX-License-Identifier: Apache-2.0
"""Compute the energy of every mode by two proxies, from counters and from switching activity, and compare counts.

Eight cases run on the device at full size: four modes, each with images for the local expert and for the GE. All that
is counted is compared with what the golden model predicts.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import sys
from collections.abc import Sequence

from _arguments import Parser, add_design, add_json, add_limit, command, load_design
from spec.files import write_json
from verif.proxies.cases import cases, user_bank
from verif.proxies.collect import OUT, as_text, collect, data_names


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 2")
    add_design(parser)
    add_limit(parser, 4, "images of each case", least=1)
    add_json(parser, OUT)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; something differs when a finding says so."""
    given = options().parse_args(arguments)
    design = load_design(given)
    bank = user_bank(design)
    result = collect(design, bank, cases(design, bank, given.limit), data_names())
    write_json(given.json, result)
    print(as_text(result))
    for finding in result["findings"]:
        print(f"FAIL {finding}", file=sys.stderr)
    return DIFFERS if result["findings"] else DONE


if __name__ == "__main__":
    run(main)
