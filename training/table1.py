# SPDX-License-Identifier: Apache-2.0
"""The paper's Table 1 on the data at hand (``scripts/table1.py``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from golden import paper_tables
from spec.presets import load_toml
from spec.progress import progress_bar
from spec.qonnx_reader import read_qonnx
from tools.rows import cached_row
from training import personalize
from training.features import Samples, extract
from training.fit import fingerprint
from training.gate import GenericData
from training.local_expert import FOLDS, FROM_RANDOM
from training.personalize import POOL_PER_CLASS, Recipe, evaluate, generic_data
from training.pooled_sizes import (
    fit_bank,
    mean_row,
    moe_of_size,
    personal_share,
    personal_weights,
    repool,
    repool_generic,
    unpooled_moe,
)
from training.table_files import LICENCE, PAPER_DATA, SEED, TableData

GATE = "paper"
NAME = "table1"
_RECIPE = 1  # to be raised when the same settings give other weights
_MEANS = ("ge", "le", "gn", "overall", "le_where_ge_wrong", "generic_ge", "generic_overall", "generic_to_le")
_HEAD = (
    "| maps that LE and GN see | weights of LE + GN | by those of the GE | customised: overall | customised: LE "
    "| EMNIST: overall | EMNIST: sent to LE | paper, customised | paper, EMNIST |\n" + "|---" * 9 + "|\n"
)


class Trainer:
    """What all sizes and users share; features are computed when the first row needs them."""

    def __init__(self, ge: Path, data: TableData, work: Path) -> None:
        self.network = read_qonnx(ge)
        self.preset = load_toml("gates", GATE)
        self.recipe = Recipe.of(self.preset)
        self.data, self.work = data, work
        self._unpooled = unpooled_moe(self.network, self.preset)
        self._generic = cache(self._compute_generic)
        self._generic_of = cache(self._compute_generic_of)
        self._samples = cache(self._compute_samples)
        self._shared = {
            "recipe": _RECIPE,
            "seed": SEED,
            "preset": self.preset,
            "network": self.network.digest(),
            "local_expert": f"{FROM_RANDOM} {FOLDS} folds",
            "gate": f"{personalize.LINEAR_GATE} {POOL_PER_CLASS} of a class",
            "generic": [fingerprint(data.train), fingerprint(data.test)],
        }

    def _compute_generic(self) -> GenericData:
        return generic_data(self._unpooled, self.data.train, self.recipe.copies, SEED)

    def _compute_generic_of(self, pooled: int) -> GenericData:
        return repool_generic(self._generic(), moe_of_size(self.network, self.preset, pooled))

    def _compute_samples(self, user: int) -> Samples:
        return extract(self._unpooled, self.data.users.train(user), self.recipe.copies, SEED)

    def row(self, pooled: int, user: int) -> dict[str, Any]:
        """One user's figures at one size, named as by :func:`training.personalize.evaluate`."""
        train, test = self.data.users.train(user), self.data.users.test(user)

        def compute() -> dict[str, Any]:
            moe = moe_of_size(self.network, self.preset, pooled)
            samples = repool(self._samples(user), moe)
            bank = fit_bank(moe, self.recipe, train, samples, self._generic_of(pooled), SEED)
            return {"user": user, "bank": bank.digest(), **evaluate(moe, bank, test, self.data.test)}

        depends_on = {**self._shared, "pooled": pooled, "user": [fingerprint(train), fingerprint(test)]}
        return cached_row(self.work, depends_on, compute)


def rows(trainer: Trainer, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """One row a size: its share of weights, the mean over the users, and the users' own rows."""
    moes = {pooled: moe_of_size(trainer.network, trainer.preset, pooled) for pooled in sizes}
    numbers = trainer.data.numbers
    result = []
    with progress_bar(total=len(sizes) * len(numbers), description="Table 1", unit="user") as bar:
        for pooled, moe in moes.items():
            table = []
            for user in numbers:
                bar.set_postfix_str(f"{pooled} x {pooled}, user {user}")
                table.append(trainer.row(pooled, user))
                bar.update()
            about = {"pooled": pooled, "weights": personal_weights(moe), "share": personal_share(moe)}
            result.append({**about, **mean_row(table, _MEANS), "users": table})
    return result


def as_markdown(table: list[dict[str, Any]], channels: int, data: TableData) -> str:
    """The table for people, with the paper's figures beside ours."""
    printed = {row["pooled"]: row for row in paper_tables.TABLE_1}
    lines = []
    for row in table:
        paper = printed.get(row["pooled"])
        cells = [f"{row['pooled']}x{row['pooled']}x{channels}", f"{row['weights']:,}", f"{100 * row['share']:.2f}"]
        cells += [f"{100 * row[key]:.2f}" for key in ("overall", "le", "generic_overall", "generic_to_le")]
        cells += [f"{paper[key]:.2f}" if paper else "" for key in ("customised", "emnist")]
        lines.append("| " + " | ".join(cells) + " |")
    ge = f"The GE alone: customised {100 * table[0]['ge']:.2f}, EMNIST {100 * table[0]['generic_ge']:.2f}."
    return (
        f"{LICENCE}# Table 1 of arXiv 1811.00056 on our data\n\nIn per cent, by the integer golden model. "
        f"{data.sentence()} {ge}\n\n"
        f"Gate preset `{GATE}` with n = m of the row, otherwise unchanged. Every row is trained anew for every user by "
        f"one recipe, one seed ({SEED}); cross-validation on the user's training images chooses the LE's epochs, test "
        f"data choose nothing. Weights without biases, as the paper counts them. {PAPER_DATA}\n\n"
        f"Reproduce: `python scripts/table1.py --keep`.\n\n{_HEAD}" + "\n".join(lines) + "\n"
    )


def record(trainer: Trainer, table: list[dict[str, Any]], sources: str | None) -> dict[str, Any]:
    """The result as plain data; ``sources`` names the state of the models, None for others than those shipped."""
    return {
        "data": trainer.data.about(),
        "gate": GATE,
        "arithmetic": "integer",
        "seed": SEED,
        "network": trainer.network.digest(),
        "sources": sources,
        "rows": table,
    }
