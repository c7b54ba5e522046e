# SPDX-License-Identifier: Apache-2.0
"""Make the paper's Tables 4 and 5 on the data at hand: MoE before and after training, beside [7] and fine-tuning.

Trained banks by the integer golden model; the paper's reference [7] and fine-tuning on the float GE. About 8 minutes of
one core; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

import torch

from _arguments import (
    Parser,
    add_json,
    add_keep,
    add_models,
    add_network,
    add_seeds,
    add_users,
    add_work,
    command,
    require_real,
)
from _results import hand_over
from spec.models_digest import models_digest
from spec.paths import BUILD, MODELS
from training import table4
from training.table_files import TableData


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--users 1,2 --seeds 5")
    add_models(parser, "ge.onnx, ge_float.npz, generic heads, banks/")
    add_network(parser, "of ge_float.npz")
    add_seeds(parser, table4.SEEDS, "random starts")
    add_users(parser, " (default)")
    add_work(parser, BUILD / "table4", "finished rows, to go on from")
    add_json(parser)
    add_keep(parser, "docs/results/table4.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print both tables."""
    given = options().parse_args(arguments)
    torch.set_num_threads(1)  # the steps are too small to share
    data = TableData.load(given.users)
    if given.keep:
        require_real(True, data)
    models = table4.Models(given.models, given.network, given.seeds, given.work)
    rows, users, network = table4.tables(models, data)
    sources = models_digest() if given.models == MODELS else None
    text = table4.as_markdown(rows, users, given.seeds, data)
    result = table4.record(data, given.seeds, rows, users, network, sources)
    hand_over(given, "table4", text, result)
    return DONE


if __name__ == "__main__":
    run(main)
