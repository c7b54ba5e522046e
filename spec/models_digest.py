# SPDX-License-Identifier: Apache-2.0
"""Names for the state of the trained models and of learning: figures that carry one can be told to be of this state.

The hardware does not matter to an accuracy: it equals the integer model in every bit, or it is broken.
"""

from __future__ import annotations

import hashlib
from functools import cache

from spec.bank_file import load_bank
from spec.files import source_digest
from spec.network import Moe
from spec.paths import BANKS, MODELS, ROOT
from spec.presets import TRAINED_GATES, load_moe, load_toml

OTHERS = (MODELS / "ge_float.npz", MODELS / "le_generic_tuned.npz")  # what fine-tuning and local experts start from
LEARNER = tuple(ROOT / name for name in ("golden/learner.py", "spec/learning.py", "training/course.py"))
"""Sources of what a device learns from a course."""


@cache
def models_digest() -> str:
    """16 hex digits of the GE, of the arithmetic of LE and gate, and of everything trained that is shipped."""
    return digest_of_models({gate: load_moe(gate) for gate in TRAINED_GATES})


@cache
def learning_digest(rules: bool = True) -> str:
    """16 hex digits of the models, of the sources of learner and course, and, if figures depend on them, of the rules.

    The rules are the sections ``[learning]`` of the gate presets; a choice between rules does not depend on them.
    """
    sections = {gate: load_toml("gates", gate).get("learning") for gate in TRAINED_GATES} if rules else None
    parts = (models_digest(), source_digest(LEARNER), sections)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


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
