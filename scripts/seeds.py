# SPDX-License-Identifier: Apache-2.0
"""Train every user's bank anew with several seeds, factory head and gate included, and measure it: mean and spread.

A minute of one core for a user and a seed; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

from _arguments import (
    Parser,
    add_gates,
    add_ge,
    add_jobs,
    add_json,
    add_keep,
    add_seeds,
    add_users,
    add_validate,
    add_work,
    command,
    require_real,
)
from _results import hand_over
from spec.models_digest import models_digest
from spec.paths import BUILD, MODELS
from spec.presets import TRAINED_GATES, load_moe
from training import seeds
from training.table_files import TableData


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gates rich --users 1,2 --seeds 1")
    add_gates(parser, TRAINED_GATES)
    add_seeds(parser, 3)
    add_validate(parser)
    add_users(parser, " (default)")
    add_ge(parser)
    add_jobs(parser, "processes")
    add_work(parser, BUILD / "seeds", "factory banks and finished rows, to go on from")
    add_json(parser)
    add_keep(parser, "docs/results/seeds.{md,json}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, measure and print the table."""
    given = options().parse_args(arguments)
    data = TableData.load(given.users)
    if given.keep:
        require_real(True, data)
    gates = given.gates.split(",")
    moes = {gate: load_moe(gate, given.ge) for gate in gates}
    tasks = [
        seeds.Task(gate, given.ge, user, seed, given.validate, given.work)
        for gate in gates
        for seed in range(given.seeds)
        for user in data.numbers
    ]
    found = seeds.run(tasks, given.jobs)
    each = len(found) // len(gates)
    rows = {gate: found[index * each : (index + 1) * each] for index, gate in enumerate(gates)}
    about = {
        "command": f"python scripts/seeds.py{' --validate' if given.validate else ' --keep'}",
        "measured_on": seeds.HELD_OUT if given.validate else data.sentence(),
        "data": data.about(),
        "sources": models_digest() if given.ge == MODELS / "ge.onnx" else None,
    }
    result = seeds.record(rows, moes, about)
    hand_over(given, seeds.NAME, seeds.as_markdown(result), result)
    return DONE


if __name__ == "__main__":
    run(main)
