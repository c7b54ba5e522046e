# SPDX-License-Identifier: Apache-2.0
"""What a pool of experts is worth: beside local experts trained from scratch for each query, for several seeds.

Validation compares the ways to settle the scale of the logits; test images only report, by the integer golden model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import LabelledImages, generic_source
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.network import LayerWeights, Mode, Moe
from spec.progress import progress_bar
from tools.rows import cached_row
from training.fit import balanced_accuracy, fingerprint
from training.pool import Pool, bank_of_rows
from training.pool_data import pool_data
from training.pool_distil import Scale
from training.pool_groups import FINER_GROUPS, GROUPS, QUERIES, query_classes, query_name
from training.pool_training import PoolTraining, validation_accuracy
from training.table_files import LICENCE

NAME = "pool"
SEEDS = 3
TARGET = 0.035  # accuracy that a pool may lose against training from scratch
_FINER = "finer groups"
_WORDS = {
    Scale.NONE.value: "conditional distillation alone",
    Scale.TEACHER.value: "and absolute difference to the teacher's logits",
    Scale.NORMALISED.value: "and mean and deviation made the same afterwards",
    Scale.ZERO.value: "other groups' images against a logit of 0",
    Scale.LIBRARY.value: "other groups' images against the library's own rows (**chosen**)",
    _FINER: "the same, letters in four groups instead of two",
    Scale.SLICE.value: "the library's own rows, no distillation of a group",
    "scratch": "*trained from scratch for the query*",
}
_SETS = ("pool", "slice", "scratch")


@dataclass(frozen=True)
class PoolTable:
    """Measures pools of several seeds.

    Attributes:
        training: trains them, with all steps kept.
        test: generic test images, all classes.
        seeds: number of them, from 0.
    """

    training: PoolTraining
    test: LabelledImages
    seeds: int

    @staticmethod
    def load(moe: Moe, work: Path, seeds: int) -> tuple[PoolTable, dict[str, Any]]:
        """From the environment, with what a result file says of the data."""
        train, test = (generic_source(split).of_classes(moe.network.classes) for split in ("train", "test"))
        training = PoolTraining(moe, pool_data(moe, train, work), work)
        about = {"generic": test.name, "generic_images": len(test), "synthetic": train.synthetic or test.synthetic}
        return PoolTable(training, test, seeds), about

    @property
    def moe(self) -> Moe:
        """What is measured."""
        return self.training.moe

    def validation(self) -> dict[str, list[list[float]]]:
        """Accuracy (0..1) on validation images: of each way a row a seed with a column a query."""
        found: dict[str, list[list[float]]] = {}
        ways = [*(scale.value for scale in Scale), _FINER, "scratch"]
        work = [(way, seed) for seed in range(self.seeds) for way in ways]
        for way, seed in progress_bar(work, description="validation", unit="pool"):
            found.setdefault(way, []).append(self._validation_row(way, seed))
        return found

    def _validation_row(self, way: str, seed: int) -> list[float]:
        if way == "scratch":
            return [self._validated(*self.training.scratch(self.classes(q), seed), q) for q in QUERIES]
        if way == _FINER:
            pool = self.training.pool(seed, groups=FINER_GROUPS)
            return [self._of_pool(pool, [g for g in FINER_GROUPS if g.split("_")[0] in q], q) for q in QUERIES]
        pool = self.training.pool(seed, Scale(way))
        return [self._of_pool(pool, q, q) for q in QUERIES]

    def _of_pool(self, pool: Pool, names: Sequence[str], query: tuple[str, ...]) -> float:
        return self._validated(pool.library, pool.rows(names)[1], query)

    def _validated(self, library: Sequence[LayerWeights], rows: LayerWeights, query: tuple[str, ...]) -> float:
        return validation_accuracy(self.moe, self.training.data, library, self.classes(query), rows)

    @staticmethod
    def classes(query: tuple[str, ...]) -> np.ndarray:
        """Classes of a query."""
        return query_classes(GROUPS, query)

    def tested(self) -> list[dict[str, Any]]:
        """Of each query the accuracies (0..1) on its test images, a list with an entry a seed, and the GE's."""
        work = [(query, seed) for query in QUERIES for seed in range(self.seeds)]
        rows: dict[tuple[str, ...], dict[str, Any]] = {}
        for query, seed in progress_bar(work, description="test", unit="query"):
            row = rows.setdefault(
                query,
                {"query": query_name(query), "classes": len(self.classes(query)), "ge": self._ge(query)}
                | {name: [] for name in (*_SETS, "outside")},
            )
            pool = self.training.pool(seed)
            found = {
                "pool": pool.bank(self.moe, query),
                "slice": self.training.pool(seed, Scale.SLICE).bank(self.moe, query),
                "scratch": self._scratch_bank(query, seed),
            }
            for name, bank in found.items():
                measured = self._measured(bank, query)
                row[name].append(measured["accuracy"])
                if name == "pool":
                    row["outside"].append(measured["outside"])
        return list(rows.values())

    def _scratch_bank(self, query: tuple[str, ...], seed: int) -> Bank:
        hidden, rows = self.training.scratch(self.classes(query), seed)
        return bank_of_rows(self.moe, hidden, self.classes(query), rows)

    def _ge(self, query: tuple[str, ...]) -> float:
        return self._row({"mode": "GE"}, query, lambda test: self._classes(test, Mode.GE_ONLY, None))["accuracy"]

    def _measured(self, bank: Bank, query: tuple[str, ...]) -> dict[str, float]:
        """Accuracy on the query's images, and how many of all test images are answered outside of the query."""
        return self._row({"bank": bank.digest()}, query, lambda test: self._classes(test, Mode.LE_ONLY, bank))

    def _classes(self, test: LabelledImages, mode: Mode, bank: Bank | None) -> np.ndarray:
        return MoeModel(self.moe).run(test.images, mode, bank).classes

    def _row(
        self, of: dict[str, str], query: tuple[str, ...], answers: Callable[[LabelledImages], np.ndarray]
    ) -> dict[str, Any]:
        classes = self.classes(query)

        def compute() -> dict[str, Any]:
            given = answers(self.test)
            mine = np.isin(self.test.labels, classes)
            return {
                "accuracy": balanced_accuracy(given[mine], self.test.labels[mine]),
                "outside": int((~np.isin(given, classes)).sum()),
            }

        depends_on = {
            **of,
            "network": self.moe.network.digest(),
            "arithmetic": self.moe.arithmetic,
            "classes": classes.tolist(),
            "test": fingerprint(self.test),
        }
        return cached_row(self.training.work, depends_on, compute)


def shortfall(row: dict[str, Any]) -> float:
    """Accuracy that the pool loses against training from scratch, mean over the seeds, 0..1."""
    return float(np.mean(row["scratch"]) - np.mean(row["pool"]))


def as_markdown(
    rows: list[dict[str, Any]],
    validation: dict[str, list[list[float]]],
    times: list[dict[str, Any]] | None,
    about: dict[str, Any],
    seeds: int,
) -> str:
    """The tables for people."""

    def spread(values: list[float]) -> str:
        return f"{100 * np.mean(values):.2f} ({100 * min(values):.2f} to {100 * max(values):.2f})"

    tested = [
        f"| {row['query']} | {row['classes']} | {100 * row['ge']:.2f} | {spread(row['scratch'])} | "
        f"**{spread(row['pool'])}** | {-100 * shortfall(row):+.2f} | {spread(row['slice'])} | {sum(row['outside'])} |"
        for row in rows
    ]
    compared = [
        f"| {_WORDS[way]} | " + " | ".join(f"{100 * share:.2f}" for share in np.mean(values, 0)) + " |"
        for way, values in ((way, validation[way]) for way in _WORDS if way in validation)
    ]
    worst = max(rows, key=shortfall)
    text = (
        f"{LICENCE}# Pool of experts: a bank for any groups of classes, without training\n\n"
        f"Accuracy in per cent on the query's images of {about['generic']}, mean over its classes; integer golden "
        f"model, LE_ONLY (the GE: GE_ONLY, all classes). Mean of {seeds} seeds, in brackets the lowest and the "
        "highest.\n\n"
        f"{_head('query', 'classes', 'GE', 'LE from scratch', 'pool', 'difference', 'slices', 'outside')}"
        + "\n".join(tested)
        + f"\n\n* *From scratch*: the same shape, trained for this query alone, class-balanced cross-entropy on the "
        f"same samples.\n* *Slices*: the output rows with which the library was trained, without any distillation of a "
        f"group.\n* *Outside*: answers to all {about['generic_images']:,} test images, of whatever class, that are no "
        f"class of the query; of all seeds.\n* The largest difference is {100 * shortfall(worst):.2f} points "
        f"({worst['query']}), {100 * TARGET:.1f} are allowed.\n\n"
        "## From the query to the first answer\n\n" + _times_text(times) + "\n\n"
        "## The scale of the logits, on validation images\n\n"
        "Every primitive expert is distilled alone; what makes its logits comparable with another group's is chosen "
        "here, on images that no training saw.\n\n"
        f"{_head('', *map(query_name, QUERIES))}" + "\n".join(compared) + "\n\n"
        "Reproduce: `python scripts/pool_table.py --keep`.\n"
    )
    return text


def _head(*columns: str) -> str:
    return "| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|\n"


def _times_text(times: list[dict[str, Any]] | None) -> str:
    if times is None:
        return "Not measured."
    lines = [
        f"| {row['query']} | {1000 * row['compose']:.0f} | {1000 * row['load']:.0f} | {1000 * row['answer']:.0f} | "
        f"**{1000 * row['total']:.0f}** | {row['load_cycles']:,} | {row['answer_cycles']:,} |"
        for row in times
    ]
    return (
        "Milliseconds on the simulated device, which is open already, medians; *compose* reads the pool's file and "
        "puts the bank together, *load* packs it and writes it through the registers, *answer* is the first image in "
        "LE_ONLY. Cycles are the device's own.\n\n"
        f"{_head('query', 'compose', 'load', 'answer', 'total', 'cycles of the load', 'of the answer')}"
        + "\n".join(lines)
    )


def record(
    rows: list[dict[str, Any]],
    validation: dict[str, list[list[float]]],
    times: list[dict[str, Any]] | None,
    about: dict[str, Any],
    table: PoolTable,
    shipped: str | None,
    sources: str | None,
) -> dict[str, Any]:
    """The result as plain data.

    Args:
        shipped: digest of the shipped pool; the table's own of seed 0 stands beside it.
        sources: names the state of the models, None for others than those shipped.
    """
    return {
        "data": about,
        "seeds": table.seeds,
        "network": table.moe.network.digest(),
        "sources": sources,
        "pool": table.training.pool(0).digest(),
        "shipped_pool": shipped,
        "target": TARGET,
        "rows": rows,
        "validation": {"queries": [query_name(query) for query in QUERIES], **validation},
        "times": times,
    }
