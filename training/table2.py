# SPDX-License-Identifier: Apache-2.0
"""The rows of the paper's Table 2, by the integer golden model: what ``make table`` and ``make report`` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from golden.data import Handwriting, LabelledImages
from spec.bank_file import load_bank
from spec.paths import bank_file
from spec.presets import load_moe
from spec.progress import progress_bar
from training.personalize import evaluate

SEED = 0  # of the class-balanced test selection
_COLUMNS = ("ge", "le", "gn", "overall", "le_where_ge_wrong", "generic_overall")
_HEAD = "| user | GE | LE | GN | overall | LE where GE is wrong | EMNIST overall |\n|---|---|---|---|---|---|---|\n"


def rows(
    gate: str, banks: Path, users: Handwriting, generic: LabelledImages, numbers: Sequence[int]
) -> list[dict[str, float]]:
    """One row (shares 0..1) for each of the users ``numbers``; ``generic`` must be class-balanced.

    Raises:
        InputError: a user has no bank, or it does not fit.
    """
    moe = load_moe(gate)
    return [
        {"user": user, **evaluate(moe, load_bank(bank_file(gate, user, banks), moe), users.test(user), generic)}
        for user in progress_bar(numbers, description=f"gate '{gate}'", unit="user")
    ]


def _section(gate: str, table: list[dict[str, float]]) -> str:
    """The table of one gate preset with its averages and the two figures that the targets are about."""
    lines = [f"| {row['user']} | " + " | ".join(f"{100 * row[key]:.2f}" for key in _COLUMNS) + " |" for row in table]
    mean = {key: float(np.mean([row[key] for row in table])) for key in (*_COLUMNS, "generic_ge", "generic_to_le")}
    lines.append("| **mean** | " + " | ".join(f"**{100 * mean[key]:.2f}**" for key in _COLUMNS) + " |")
    return (
        f"### Gate preset `{gate}`\n\n{_HEAD}" + "\n".join(lines) + "\n\n"
        f"GE alone on EMNIST {100 * mean['generic_ge']:.2f} %; generic images sent to the LE "
        f"{100 * mean['generic_to_le']:.2f} %; overall minus LE on users "
        f"{100 * (mean['overall'] - mean['le']):+.2f} points; EMNIST overall minus GE "
        f"{100 * (mean['generic_overall'] - mean['generic_ge']):+.2f} points.\n"
    )


def as_markdown(tables: Mapping[str, list[dict[str, float]]], users: Handwriting, generic: LabelledImages) -> str:
    """The page, with a table for each gate preset."""
    per_class = len(generic) // len(np.unique(generic.labels))
    return (
        "# Table 2 of arXiv 1811.00056 on our data\n\n"
        f"Accuracy in per cent, integer golden model. Generic: {generic.name}, class-balanced, {per_class} images a "
        f"class. Users: {users.name}, test part of each.\nReproduce: `make table KEEP=--keep`.\n\n"
        + "\n".join(_section(gate, table) for gate, table in tables.items())
    )
