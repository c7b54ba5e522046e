# SPDX-License-Identifier: Apache-2.0
"""Measure users' accuracy over the number of training images a class, from none to all of them.

About three minutes of one core for a user and a seed of the preset rich, less for others; an interrupted run goes on
where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import (
    Parser,
    add_gates,
    add_ge,
    add_json,
    add_keep,
    add_seeds,
    add_users,
    add_validate,
    add_work,
    add_workers,
    command,
    require_real,
    workers_of,
)
from _results import as_typed, hand_over
from spec.models_digest import models_digest
from spec.paths import BUILD, MODELS
from spec.presets import DEFAULT_GATE, load_moe, load_toml
from training import few_samples as study
from training import seed_runs
from training.personalize import Recipe
from training.table_files import TableData


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gates rich --users 1,2 --seeds 1")
    add_gates(parser, (DEFAULT_GATE,))
    add_seeds(parser, 1)
    add_validate(parser)
    add_users(parser, " (default)")
    add_ge(parser)
    add_workers(parser, "processes")
    add_work(parser, BUILD / "seeds", "factory banks and finished rows, to go on from; that of seeds.py")
    add_json(parser)
    add_keep(parser, "docs/results/few_samples.{md,json}", beside=("seeds",))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, measure and print the tables."""
    given = options().parse_args(arguments)
    data = TableData.load(given.users)
    if given.keep:
        require_real(True, data)
    names = given.gates.split(",")
    presets = {gate: (load_moe(gate, given.ge), Recipe.of(load_toml("gates", gate))) for gate in names}
    same = {"ge": given.ge, "validate": given.validate, "work": given.work}
    tasks = study.tasks_of(tuple(presets), study.COUNTS, data.numbers, given.seeds, **same)
    rows = seed_runs.run(tasks, workers_of(given))
    about = {
        "command": as_typed(__file__, arguments),
        "measured_on": seed_runs.HELD_OUT if given.validate else data.sentence(),
        "data": data.about(),
        "sources": models_digest() if given.ge == MODELS / "ge.onnx" else None,
    }
    result = study.record(tasks, rows, presets, about)
    hand_over(given, study.NAME, study.as_markdown(result), result)
    return DONE


if __name__ == "__main__":
    run(main)
