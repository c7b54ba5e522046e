# SPDX-License-Identifier: Apache-2.0
"""Measure accuracy on the data at hand, as the paper's Table 2, by the integer model, for the report."""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_json, command, shown
from golden.data import balanced_subset, generic_source, users_source
from report.accuracy import OUT, measure
from spec.files import write_json
from training.table2 import SEED


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__)
    add_json(parser, OUT)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    given = options().parse_args(arguments)
    write_json(given.json, measure(users_source(), balanced_subset(generic_source("test"), seed=SEED)))
    print(f"written to {shown(given.json)}")
    return DONE


if __name__ == "__main__":
    run(main)
