# SPDX-License-Identifier: Apache-2.0
"""Where the project's own files are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"  # everything that is generated
CONFIGS = ROOT / "configs"
MODELS = ROOT / "models"
RESULTS = ROOT / "docs" / "results"  # figures that are kept

BANKS = MODELS / "banks"


def user_name(number: int) -> str:
    """How files and records call the user with this number, counted from 1."""
    return f"user{number:02d}"


def bank_file(gate: str, user: int = 1, banks: Path = BANKS) -> Path:
    """Bank of a user for a gate preset, below the directory ``banks``."""
    return banks / gate / f"{user_name(user)}.bank"


def factory_file(gate: str, without: int | None = None, banks: Path = BANKS) -> Path:
    """Bank that a device has before anybody personalised it; ``without``: a user who had no part in it."""
    return banks / gate / (f"factory_without_{user_name(without)}.bank" if without else "factory.bank")
