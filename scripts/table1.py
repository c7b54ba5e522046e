# SPDX-License-Identifier: Apache-2.0
"""Make the paper's Table 1 on the data at hand: size of LE and GN against accuracy.

LE and GN on features pooled to n x n, for every n trained anew for every user by the recipe of the gate preset 'paper',
and measured by the integer golden model. About 15 minutes of one core; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

import torch

from _arguments import Parser, add_ge, add_json, add_keep, add_users, add_work, command, number_list, require_real
from _results import hand_over
from golden.energy.paper import TABLE_1_POOLED
from spec.models_digest import models_digest
from spec.paths import BUILD, MODELS
from training import table1
from training.table_files import TableData


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--sizes 3,1 --users 1")
    parser.add_argument("--sizes", type=number_list, default=TABLE_1_POOLED, metavar="N[,..]", help="only these n")
    add_users(parser, " (default)")
    add_ge(parser)
    add_work(parser, BUILD / "table1", "finished rows, to go on from")
    add_json(parser)
    add_keep(parser, "docs/results/table1.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and print the table."""
    given = options().parse_args(arguments)
    torch.set_num_threads(1)  # the steps are too small to share
    data = TableData.load(given.users)
    if given.keep:
        require_real(True, data)
    trainer = table1.Trainer(given.ge, data, given.work)
    rows = table1.rows(trainer, given.sizes)
    text, result = (
        table1.as_markdown(rows, trainer.network.features.channels, data),
        table1.record(trainer, rows, models_digest() if given.ge == MODELS / "ge.onnx" else None),
    )
    hand_over(given, "table1", text, result)
    return DONE


if __name__ == "__main__":
    run(main)
