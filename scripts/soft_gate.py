# SPDX-License-Identifier: Apache-2.0
"""What the binary gate costs against the soft one of the paper's section 2.1, which mixes both experts' outputs.

Trains every user by the usual recipe, or goes on from the experts that `regions.py` left. About 5 minutes of one core;
an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

import torch

from _arguments import Parser, add_gate, add_json, add_keep, add_models, add_users, add_work, command, require_real
from _results import hand_over
from spec.models_digest import models_digest
from spec.paths import BUILD, MODELS
from spec.presets import TRAINED_GATES
from training import soft_study as study
from training.table_files import TableData


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--users 1,2 --gate paper")
    add_gate(parser, None)
    add_models(parser, "ge.onnx and generic heads")
    add_users(parser, " (default)")
    add_work(parser, BUILD / "regions", "finished rows, to go on from")
    add_json(parser)
    add_keep(parser, "docs/results/soft_gate.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    given = options().parse_args(arguments)
    torch.set_num_threads(1)  # the steps are too small to share
    data = TableData.load(given.users)
    require_real(given.keep, data)
    gates = (given.gate,) if given.gate else TRAINED_GATES
    tables = {gate: study.table(study.Study(gate, data, given.work, given.models)) for gate in gates}
    result = study.record(tables, data, models_digest() if given.models == MODELS else None)
    hand_over(given, study.NAME, study.as_markdown(result, data), result)
    return DONE


if __name__ == "__main__":
    run(main)
