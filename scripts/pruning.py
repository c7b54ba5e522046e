# SPDX-License-Identifier: Apache-2.0
"""Measure whether the loss just after pruning tells the loss after retraining, and prune the local experts' inputs.

About two minutes of one core for a user; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import (
    Parser,
    add_gate,
    add_json,
    add_keep,
    add_models,
    add_network,
    add_preset,
    add_seed,
    add_users,
    add_work,
    add_workers,
    command,
    require_real,
    workers_of,
)
from _results import as_typed, hand_over
from spec.folding import build_folding
from spec.models_digest import models_digest
from spec.paths import BUILD, MODELS
from spec.presets import load_moe, load_toml
from training import pruning_study as study
from training.table_files import TableData


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gate tuned --users 1,2")
    add_gate(parser)
    add_preset(parser)
    add_models(parser, "ge.onnx and ge_float.npz")
    add_network(parser, "of ge_float.npz")
    add_users(parser, " (default)")
    add_seed(parser)
    add_workers(parser, "processes")
    add_work(parser, BUILD / "seeds", "factory banks and finished rows, to go on from; that of seeds.py")
    add_json(parser)
    add_keep(parser, "docs/results/pruning.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Prune, retrain and print the tables."""
    given = options().parse_args(arguments)
    data = TableData.load(given.users)
    if given.keep:
        require_real(True, data)
    ge = given.models / "ge.onnx"
    moe = load_moe(given.gate, ge)
    folding = build_folding(load_toml("folding", given.preset), moe)
    same = {"gate": given.gate, "ge": ge, "seed": given.seed, "validate": False, "work": given.work}
    same |= {"float_ge": given.models / "ge_float.npz", "network": given.network}
    result = {
        "command": as_typed(__file__, arguments),
        "measured_on": data.sentence(),
        "gate": moe.preset,
        "folding": folding.name,
        "data": data.about(),
        "sources": models_digest() if given.models == MODELS else None,
        **study.run(same, data.numbers, moe, folding, workers_of(given)),
    }
    hand_over(given, study.NAME, study.as_markdown(result), result)
    return DONE


if __name__ == "__main__":
    run(main)
