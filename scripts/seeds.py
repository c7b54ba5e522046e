# SPDX-License-Identifier: Apache-2.0
"""Train every user's bank anew with several seeds, factory head and gate included, and measure it: mean and spread.

Beside it fine-tuning of the float GE: the paper's, and with the copies, generic samples and factory writers of a local
expert. A minute of one core for a user, a seed and a preset, and as long for fine-tuning; an interrupted run goes on
where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence
from itertools import islice

from _arguments import (
    Parser,
    add_gates,
    add_ge,
    add_json,
    add_keep,
    add_network,
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
from spec.errors import InputError
from spec.models_digest import models_digest
from spec.paths import BUILD, MODELS
from spec.presets import TRAINED_GATES, load_moe
from training import seeds
from training.fair_seeds import VARIANTS, FairTask, user_weights
from training.seed_runs import HELD_OUT
from training.seed_runs import run as run_tasks
from training.table_files import TableData


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--gates rich --users 1,2 --seeds 1")
    add = parser.add_argument
    add_gates(parser, (*TRAINED_GATES, "lean"))
    add_seeds(parser, 3)
    add_validate(parser)
    add("--no-fine-tuning", action="store_true", help="gate presets alone")
    add_users(parser, " (default)")
    add_ge(parser)
    add_network(parser, "of ge_float.npz, which is beside the QONNX file")
    add_workers(parser, "processes")
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
    gates = given.gates.split(",") if given.gates else []
    variants = () if given.no_fine_tuning else tuple(VARIANTS)
    if not gates and not variants:
        raise InputError("--gates names no gate preset, and --no-fine-tuning leaves fine-tuning out: nothing is left")
    moes = {gate: load_moe(gate, given.ge) for gate in gates}
    float_ge = given.ge.with_name("ge_float.npz")
    weights = seeds.Weights(0, 0.0) if given.no_fine_tuning else seeds.Weights(*user_weights(given.network, float_ge))
    each = [(user, seed, given.validate, given.work) for seed in range(given.seeds) for user in data.numbers]
    tasks = [seeds.Task(gate, given.ge, *one) for gate in gates for one in each]
    tasks += [FairTask(variant, float_ge, given.network, *one) for variant in variants for one in each]
    found = iter(run_tasks(tasks, workers_of(given)))
    by_gate, by_variant = ({name: list(islice(found, len(each))) for name in names} for names in (gates, variants))
    shipped = given.ge == MODELS / "ge.onnx"
    about = {
        "command": as_typed(__file__, arguments),
        "measured_on": HELD_OUT if given.validate else data.sentence(),
        "data": data.about(),
        "sources": models_digest() if shipped else None,
    }
    result = seeds.record(by_gate, moes, by_variant, weights, about)
    hand_over(given, seeds.NAME, seeds.as_markdown(result), result)
    return DONE


if __name__ == "__main__":
    run(main)
