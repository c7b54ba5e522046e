# SPDX-License-Identifier: Apache-2.0
"""The rows of the paper's Table 2, by the integer golden model: what ``make table`` and ``make report`` share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from golden.data import Handwriting, LabelledImages
from spec.bank_file import load_bank
from spec.paths import bank_file
from spec.presets import load_moe
from training.personalize import evaluate

GATES = ("paper", "tuned")
SEED = 0  # of the class-balanced test selection


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
        for user in tqdm(numbers, desc=f"gate '{gate}'", unit="user")
    ]
