# SPDX-License-Identifier: Apache-2.0
"""Compute the energy of every mode by two proxies, from counters and from switching activity, and compare counts.

Eight cases run on the device at full size: four modes, each with images for the local expert and for the GE. All that
is counted is compared with what the golden model predicts.
"""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import sys
from collections.abc import Sequence

from _arguments import Parser, add_design, add_json, add_keep, add_limit, command, load_design, require_real
from golden.data import generic_source, users_source
from spec.files import write_json
from verif.proxies.cases import cases, user_bank
from verif.proxies.collect import KEPT, OUT, as_text, collect, data_names


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--limit 2")
    add_design(parser)
    add_limit(parser, 4, "images of each case", least=1)
    add_json(parser, OUT)
    add_keep(parser, "docs/results/proxies.json")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; something differs when a finding says so."""
    given = options().parse_args(arguments)
    if given.keep:
        require_real(True, users_source(), generic_source("test"))
    design = load_design(given, whole=True)
    bank = user_bank(design)
    result = collect(design, bank, cases(design, bank, given.limit), data_names())
    for path in (given.json, KEPT) if given.keep else (given.json,):
        write_json(path, result)
    print(as_text(result))
    for finding in result["findings"]:
        print(f"FAIL {finding}", file=sys.stderr)
    return DIFFERS if result["findings"] else DONE


if __name__ == "__main__":
    run(main)
