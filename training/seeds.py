# SPDX-License-Identifier: Apache-2.0
"""How good a preset is over users and seeds (``scripts/seeds.py``): all is trained anew with each seed, factory too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from golden.data import LabelledImages
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.network import Moe
from spec.presets import load_moe, load_toml
from tools.rows import Row as Kept
from tools.rows import RowTask
from training.fair_seeds import FACTORY, VARIANTS
from training.fit import fingerprint
from training.personalize import Recipe, for_training, measure, table_2_row
from training.pooled_sizes import personal_share, personal_weights
from training.seed_runs import Row, RunData, summary
from training.shares import balanced_share
from training.table_files import LICENCE
from training.user_training import UserTraining

NAME = "seeds"
_RECIPE = 4  # to be raised when the same settings give other weights
_COLUMNS = {
    "overall": "users",
    "balanced": "users, classes alike",
    "generic_overall": "EMNIST",
    "le": "users, LE alone",
    "gn": "users' images sent to the LE",
    "generic_to_le": "EMNIST sent to the LE",
}
_EMNIST = 3 + 1 + list(_COLUMNS).index("generic_overall")  # column after it
GATES_WORDS = (
    "* Gate presets: by the integer golden model. Everything is trained anew with each seed: factory head "
    "without the user, local expert, gate."
)
TUNED_WORDS = (
    "* Fine-tuning: the last two dense layers of the float GE, in float32 and not quantised. As in the paper: on the "
    "user's images alone. Copies and rehearsal: with the augmented copies and the generic samples that a local expert "
    "learns from. Factory: first trained on generic handwriting and on the other writers, as a local expert's start; "
    "alone, it has not seen the user, and its weights are everybody's."
)


@dataclass(frozen=True)
class Weights:
    """Weights that a user has of their own, without biases, and their share of the GE's."""

    count: int
    share: float


@dataclass(frozen=True)
class Task(RowTask):
    """One user with one seed.

    Attributes:
        gate: preset, by name or as a file.
        ge: QONNX file of the GE.
        user, seed: whose bank, and the seed of every random choice.
        validate: measure on held-out training images instead of test images.
        work: directory for features, factory banks and finished rows.
    """

    gate: str
    ge: Path
    user: int
    seed: int
    validate: bool
    work: Path

    def prepare(self) -> Prepared:
        """Data and training of this user, and what everything made of them depends on."""
        torch.set_num_threads(1)
        moe, preset = load_moe(self.gate, self.ge), load_toml("gates", self.gate)
        data = RunData.load(moe.network.classes)
        split = data.split(self.user, self.seed, self.validate)
        recipe, writers = Recipe.of(preset), data.users.train_parts()
        training = UserTraining(moe, recipe, data.generic, self.seed, self.work, head_seed=self.seed, writers=writers)
        depends_on = {
            "recipe": f"{_RECIPE} {training.settings()}",
            "preset": for_training(preset),
            "network": moe.network.digest(),
            "seed": self.seed,
            "data": [
                *map(fingerprint, (split.train, split.own, split.other)),
                data.generic_name,
                *map(fingerprint, writers),
            ],
        }
        return Prepared(training, split.train, split.own, split.other, depends_on)

    def __str__(self) -> str:
        return f"{self.gate}, user {self.user}, seed {self.seed}"

    def row(self) -> Kept:
        """See :class:`tools.rows.RowTask`."""
        ready = self.prepare()
        moe = ready.training.moe

        def compute() -> Row:
            trained = ready.training.train(ready.train, None)
            about = {"user": self.user, "seed": self.seed, "validation": trained.expert.validation}
            return {**about, **_row(moe, trained.bank, ready.own, ready.other)}

        return Kept(self.work, ready.depends_on, compute)


@dataclass(frozen=True)
class Prepared:
    """A task's training, the user's images to learn from, images to measure on: the user's and generic ones.

    ``depends_on``: everything that what is made of them depends on, for :func:`tools.rows.Row`.
    """

    training: UserTraining
    train: LabelledImages
    own: LabelledImages
    other: LabelledImages
    depends_on: dict[str, Any]


def _row(moe: Moe, bank: Bank, own: LabelledImages, other: LabelledImages) -> dict[str, float]:
    """Table 2's figures, and the user's accuracy with every class counting the same (``balanced``), as shares 0..1."""
    model = MoeModel(moe)
    measured = measure(model, bank, own)
    balanced = balanced_share(measured.overall, own.labels)
    return {**table_2_row(measured, measure(model, bank, other)), "balanced": balanced}


def record(
    rows: dict[str, Sequence[Row]],
    moes: dict[str, Moe],
    tuned: dict[str, Sequence[Row]],
    tuned_weights: Weights,
    about: dict[str, Any],
) -> dict[str, Any]:
    """The result as plain data.

    Args:
        rows, moes: by gate preset.
        tuned: by variant of fine-tuning (:data:`training.fair_seeds.VARIANTS`); empty without any.
        tuned_weights: of a fine-tuned user.
    """
    gates = {
        gate: _entry(f"`{gate}`", Weights(personal_weights(moes[gate]), personal_share(moes[gate])), found)
        for gate, found in rows.items()
    }
    fine_tuning = {
        variant: _entry(VARIANTS[variant], Weights(0, 0.0) if variant == FACTORY else tuned_weights, found)
        for variant, found in tuned.items()
    }
    return {**about, "gates": gates, "fine_tuning": fine_tuning}


def _entry(name: str, weights: Weights, rows: Sequence[Row]) -> dict[str, Any]:
    return {"name": name, "weights": weights.count, "share": weights.share, "mean": summary(rows), "rows": list(rows)}


def as_markdown(result: dict[str, Any]) -> str:
    """The table for people."""
    gates, tuned = result["gates"], result["fine_tuning"]
    lines = []
    for found in (*gates.values(), *tuned.values()):
        cells = [found["name"], f"{found['weights']:,}", f"{100 * found['share']:.2f}"]
        cells += [_cell(found["mean"].get(key)) for key in _COLUMNS]
        cells.insert(_EMNIST, f"{100 * emnist_change(found['mean']):+.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    some = next(iter((*gates.values(), *tuned.values())))
    users, seeds = (len({row[key] for row in some["rows"]}) for key in ("user", "seed"))
    models = [("integer", next(iter(gates.values()), None)), ("float", next(iter(tuned.values()), None))]
    alone = [
        f"the {kind} GE users {_cell(found['mean']['ge'])}, EMNIST {_cell(found['mean']['generic_ge'])}"
        for kind, found in models
        if found
    ]
    head = ["", "weights of a user", "by those of the GE", *_COLUMNS.values()]
    head.insert(_EMNIST, "EMNIST, against the GE")
    return (
        f"{LICENCE}# Users and seeds\n\nIn per cent: mean over {users} users and {seeds} seeds, ± the standard "
        f"deviation of the seeds' means. {result['measured_on']} Alone: {'; '.join(alone)}.\n\n"
        f"| {' | '.join(head)} |\n" + "|---" * len(head) + "|\n" + "\n".join(lines) + "\n\n"
        f"{GATES_WORDS}\n" * bool(gates) + f"{TUNED_WORDS}\n" * bool(tuned) + f"\nReproduce: `{result['command']}`.\n"
    )


def emnist_change(mean: dict[str, dict[str, float]]) -> float:
    """What EMNIST gains against the GE of the same arithmetic, as a share: below 0 where it is forgotten."""
    return mean["generic_overall"]["mean"] - mean["generic_ge"]["mean"]


def _cell(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "-"
    return f"{100 * figure['mean']:.2f} ± {100 * figure['spread']:.2f}"
