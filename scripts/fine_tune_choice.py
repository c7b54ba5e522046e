# SPDX-License-Identifier: Apache-2.0
"""Compare settings of fine-tuning on held-out training images: what those of the table of users and seeds come from.

About a quarter of an hour of one core; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

import argparse
from collections.abc import Sequence

from _arguments import (
    Parser,
    add_json,
    add_models,
    add_network,
    add_seed,
    add_users,
    add_work,
    add_workers,
    command,
    number_list,
    workers_of,
)
from _results import hand_over
from spec.errors import InputError
from spec.paths import BUILD
from training import fair_choice
from training.fair_fine_tune import FAIR
from training.fair_seeds import FairTask
from training.seed_runs import run as run_tasks
from training.table_files import TableData

FACTORY_RATES, RATES = (3e-5, 1e-4, 3e-4), (3e-4, 1e-3, 3e-3)


def rate_list(text: str) -> tuple[float, ...]:
    """Type of an option: learning rates above 0, separated by commas, each once; none for the empty text."""
    try:
        rates = tuple(dict.fromkeys(float(part) for part in text.split(","))) if text else ()
    except ValueError:
        rates = (-1.0,)
    if not all(0 < rate <= 1 for rate in rates):
        raise argparse.ArgumentTypeError(f"is '{text}', learning rates above 0 separated by commas are needed")
    return rates


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--users 1,2 --rates 1e-4,3e-4")
    add = parser.add_argument
    add("--factory-epochs", type=number_list, default=(FAIR.factory.epochs,), metavar="N,..",
        help=f"epochs at the factory (default {FAIR.factory.epochs})")  # fmt: skip
    add("--factory-rates", type=rate_list, default=FACTORY_RATES, metavar="RATE,..",
        help=f"learning rates at the factory (default {','.join(map(str, FACTORY_RATES))})")  # fmt: skip
    add("--rates", type=rate_list, default=RATES, metavar="RATE,..",
        help=f"learning rates of a user's training (default {','.join(map(str, RATES))})")  # fmt: skip
    add_users(parser, " (default)")
    add_models(parser, "ge_float.npz")
    add_network(parser, "of ge_float.npz")
    add_seed(parser)
    add_workers(parser, "processes")
    add_work(parser, BUILD / "seeds", "features, factory layers and finished rows, to go on from")
    add_json(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, measure and print the table."""
    given = options().parse_args(arguments)
    data = TableData.load(given.users)
    choices = fair_choice.factory_choices(given.factory_epochs, given.factory_rates)
    choices += fair_choice.personal_choices(given.rates)
    if not choices:
        raise InputError("neither --factory-rates nor --rates names a learning rate: nothing is left to compare")
    given.keep = False
    tasks = [
        FairTask(
            one.variant, given.models / "ge_float.npz", given.network, user, given.seed, True, given.work, one.config
        )
        for one in choices
        for user in data.numbers
    ]
    found, each = run_tasks(tasks, workers_of(given)), len(data.numbers)
    rows = [found[index * each : (index + 1) * each] for index in range(len(choices))]
    result = fair_choice.record(choices, rows, {"data": data.about()})
    hand_over(given, fair_choice.NAME, fair_choice.as_markdown(result), result)
    return DONE


if __name__ == "__main__":
    run(main)
