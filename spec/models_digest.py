# SPDX-License-Identifier: Apache-2.0
"""A name for the state of the trained models: accuracies that carry it can be told to be of these models or of others.

The hardware does not matter to an accuracy: it equals the integer model in every bit, or it is broken.
"""

from __future__ import annotations

import hashlib
from functools import cache

from spec.bank_file import load_bank
from spec.files import source_digest
from spec.network import Moe
from spec.paths import BANKS, MODELS
from spec.presets import TRAINED_GATES, load_moe

OTHERS = (MODELS / "ge_float.npz", MODELS / "le_generic_tuned.npz")  # what fine-tuning and local experts start from


@cache
def models_digest() -> str:
    """16 hex digits of the GE, of the arithmetic of LE and gate, and of everything trained that is shipped."""
    return digest_of_models({gate: load_moe(gate) for gate in TRAINED_GATES})


def digest_of_models(models: dict[str, Moe]) -> str:
    """The same of some gate presets."""
    digest = hashlib.sha256()
    for gate, moe in models.items():
        digest.update(f"{gate} {moe.network.digest()} {moe.arithmetic}\n".encode())
        for path in sorted((BANKS / gate).glob("*.bank")):
            digest.update(f"{path.name} {load_bank(path).digest()}\n".encode())
    for file in OTHERS:
        digest.update(f"{file.name} {source_digest([file])}\n".encode())
    return digest.hexdigest()[:16]
