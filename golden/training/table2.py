# SPDX-License-Identifier: Apache-2.0
"""The rows of the paper's Table 2, by the integer golden model: what ``make table`` and ``make report`` share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from golden.bank import Bank
from golden.data import Handwriting, LabelledImages
from golden.presets import load_moe
from golden.training.personalise import evaluate

GATES = ("paper", "tuned")
SEED = 0  # of the class-balanced test selection


def bank_file(banks: Path, gate: str, user: int) -> Path:
    """Where a user's bank is."""
    return banks / gate / f"user{user:02d}.bank"


def rows(
    gate: str, banks: Path, users: Handwriting, generic: LabelledImages, numbers: Sequence[int]
) -> list[dict[str, float]]:
    """One row (shares 0..1) for each of the users ``numbers``; ``generic`` must be class-balanced.

    Raises:
        InputError: a user has no bank, or it does not fit.
    """
    moe = load_moe(gate)
    return [
        {"user": user, **evaluate(moe, Bank.load(bank_file(banks, gate, user), moe), users.test(user), generic)}
        for user in tqdm(numbers, desc=f"gate '{gate}'", unit="user")
    ]
