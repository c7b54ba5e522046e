# SPDX-License-Identifier: Apache-2.0
"""Train the global expert (ge), factory banks (factory), users' local experts (le), gates (gn), or everything (all).

Data: EMNIST_DIR and USERS_NPZ; without them built-in synthetic handwriting.
"""

from __future__ import annotations

from _bootstrap import DONE, run  # first: the project's packages and Python

from collections.abc import Sequence

import torch

from _arguments import (
    Parser,
    add_gate,
    add_jobs,
    add_json,
    add_network,
    add_out,
    add_preset,
    add_resume,
    add_seed,
    add_users,
    add_work,
    command,
    whole_number,
)
from spec.files import write_json
from spec.paths import BUILD
from training import three_steps


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "gn --gate tuned --users 1 --resume")
    add = parser.add_argument
    add("step", choices=three_steps.STEPS, help="what to train; each step reads what the one before wrote")
    add_network(parser, "for step ge")
    add_gate(parser, default=None)
    add_preset(parser)
    add_users(parser, " (default)")
    add("--epochs", type=whole_number(1), metavar="N", help="epochs of the chosen step (ge: of the float network)")
    add("--quantised-epochs", type=whole_number(1), metavar="N", help="epochs of the quantised global expert")
    add_seed(parser)
    add_jobs(parser, "CPU threads")
    add_resume(parser)
    add_json(parser)
    add_out(parser, "directory for artefacts (default models, build/models for synthetic data)")
    add_work(parser, BUILD / "train", "directory for checkpoints")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and write the metrics."""
    given = vars(options().parse_args(arguments))
    torch.set_num_threads(given.pop("jobs"))
    file = given.pop("json")
    metrics = three_steps.run(three_steps.Steps(**given))
    if file:
        write_json(file, metrics)
    return DONE


if __name__ == "__main__":
    run(main)
