# SPDX-License-Identifier: Apache-2.0
"""What chooses the settings of fair fine-tuning (``scripts/fine_tune_choice.py``): never a test image.

The factory's are measured on each user's held-out training images, which for it are those of a writer it never saw, the
personal ones on the same after personalising; both on the generic images that validated the GE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from training.fair_fine_tune import FAIR, FairConfig
from training.fair_seeds import ALONE, BOTH, FACTORY, VARIANTS
from training.seed_runs import HELD_OUT, Row, summary
from training.table_files import LICENCE

NAME = "fine_tune_choice"


@dataclass(frozen=True)
class Choice:
    """One variant with its settings."""

    variant: str
    config: FairConfig

    @property
    def name(self) -> str:
        """For tables."""
        chosen = self.config.factory if self.variant == FACTORY else self.config.personal
        return f"{VARIANTS[self.variant]}: {chosen.epochs} epochs, learning rate {chosen.learning_rate:g}"


def factory_choices(epochs: Sequence[int], rates: Sequence[float]) -> list[Choice]:
    """Every number of epochs with every learning rate, at the factory."""
    configs = [replace(FAIR.factory, epochs=count, learning_rate=rate) for rate in rates for count in epochs]
    return [Choice(FACTORY, replace(FAIR, factory=config)) for config in configs]


def personal_choices(rates: Sequence[float]) -> list[Choice]:
    """Every learning rate, from the GE and from the factory's layers."""
    configs = [replace(FAIR, personal=replace(FAIR.personal, learning_rate=rate)) for rate in rates]
    return [Choice(variant, config) for variant in (ALONE, BOTH) for config in configs]


def record(choices: Sequence[Choice], rows: Sequence[Sequence[Row]], about: dict[str, Any]) -> dict[str, Any]:
    """Plain data: ``score`` is the mean of users' and generic accuracy, ``chosen`` names the best of each variant."""
    found = []
    for choice, of_choice in zip(choices, rows, strict=True):
        mean = summary(of_choice)
        score = (mean["overall"]["mean"] + mean["generic_overall"]["mean"]) / 2
        found.append({"variant": choice.variant, "name": choice.name, "score": score, "mean": mean})
    best = {}
    for row in found:
        if row["variant"] not in best or row["score"] > best[row["variant"]]["score"]:
            best[row["variant"]] = row
    return {**about, "rows": found, "chosen": {variant: row["name"] for variant, row in best.items()}}


def as_markdown(result: dict[str, Any]) -> str:
    """The table for people."""
    lines = []
    for row in result["rows"]:
        figures = [row["mean"][key]["mean"] for key in ("overall", "balanced", "generic_overall")] + [row["score"]]
        mark = " (best)" if result["chosen"][row["variant"]] == row["name"] else ""
        lines.append(f"| {row['name']}{mark} | " + " | ".join(f"{100 * figure:.2f}" for figure in figures) + " |")
    alone = " and ".join(f"{100 * result['rows'][0]['mean'][key]['mean']:.2f}" for key in ("ge", "generic_ge"))
    return (
        f"{LICENCE}# Settings of fine-tuning\n\nIn per cent. {HELD_OUT} The GE alone: {alone}. The mean of users and "
        "EMNIST tells which settings of a variant are best.\n\n"
        "| settings | users | users, classes alike | EMNIST | mean of users and EMNIST |\n|---|---|---|---|---|\n"
        "" + "\n".join(lines) + "\n"
    )
