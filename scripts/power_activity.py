# SPDX-License-Identifier: Apache-2.0
"""Show that nothing moves in a power domain that is off: clock edges and toggles by mode, from SAIF."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import sys
from collections.abc import Sequence
from dataclasses import asdict

from _arguments import Parser, add_json, command
from spec import tiny_variants as tiny
from spec.files import write_json
from verif.power.activity import IMAGES, findings, measure, print_table, sample_images


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--json build/power/activity.json")
    add_json(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the small device."""
    given = options().parse_args(arguments)
    design = tiny.accelerator("two")
    table = measure(design, sample_images(design, IMAGES, 1))
    print_table(table)
    if given.json:
        write_json(given.json, {mode: {n: asdict(d) for n, d in domains.items()} for mode, domains in table.items()})
    found = findings(table)
    for finding in found:
        print(f"FAIL {finding}", file=sys.stderr)
    return DIFFERS if found else DONE


if __name__ == "__main__":
    run(main)
