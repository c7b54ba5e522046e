# SPDX-License-Identifier: Apache-2.0
"""Make the paper's Table 2 on the data at hand: accuracy of GE, LE, GN and of the whole, by user and gate preset.

Everything is computed by the integer golden model, which the RTL equals bit for bit.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import Parser, add_banks, add_json, add_keep, command, require_real
from _results import hand_over
from golden.data import balanced_subset, generic_source, users_source
from report.samples import about
from spec.models_digest import models_digest
from spec.paths import BANKS
from spec.presets import TRAINED_GATES
from training import table2


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--banks models/banks")
    add_banks(parser, BANKS)
    add_json(parser)
    add_keep(parser, "docs/results/table2.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    given = options().parse_args(arguments)
    generic, users = balanced_subset(generic_source("test"), seed=table2.SEED), users_source()
    require_real(given.keep, generic, users)
    tables = {gate: table2.rows(gate, given.banks, users, generic, users.users) for gate in TRAINED_GATES}
    sources = models_digest() if given.banks == BANKS else None
    result = {"sources": sources, "data": about(users, generic), **tables}
    hand_over(given, "table2", table2.as_markdown(tables, users, generic), result)
    return DONE


if __name__ == "__main__":
    run(main)
