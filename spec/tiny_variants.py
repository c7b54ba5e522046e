# SPDX-License-Identifier: Apache-2.0
"""Tiny accelerators for the top-level tests: all of the structure in a few hundred cycles an image."""

from __future__ import annotations

from functools import cache

import numpy as np

from spec.bank import Bank, random_bank
from spec.folding import build_folding
from spec.network import build_moe
from spec.presets import Accelerator
from spec.tiny import FOLDING, GATES, tiny_network

BANKS = 3
# The front end keeps up with the pixels (196 cycles) and the GE does not (288), so that features pile up before it.
_FOLDING = {
    **FOLDING,
    "name": "top",
    "weight_banks": BANKS,
    "conv1": {"multiplier": "graph"},
    "conv2": {"pe": 3, "simd": 4},
}
_WITH_CONFIDENCE = {**GATES["linear"]["gate"], "confidence": True, "confidence_shift": 8}
# name: local experts and gate
_VARIANTS = {
    "one": (1, GATES["linear"]),
    "two": (2, GATES["deep"]),  # hidden layers and confidence
    "eight": (8, {**GATES["linear"], "name": "confident", "gate": _WITH_CONFIDENCE}),
}
VARIANTS = tuple(_VARIANTS)


@cache
def accelerator(variant: str) -> Accelerator:
    """The tiny accelerator with ``one``, ``two`` or ``eight`` local experts."""
    experts, gate = _VARIANTS[variant]
    moe = build_moe(tiny_network(), gate, experts)
    return Accelerator(moe, build_folding(_FOLDING, moe))


@cache
def bank(variant: str, number: int) -> Bank:
    """Random weights for bank ``number``."""
    return random_bank(accelerator(variant).moe, seed=number)


def random_images(count: int, seed: int) -> np.ndarray:
    """Sparse images, uint8 (count, height, width): they reach more classes than noise."""
    rng = np.random.default_rng(seed)
    shape = accelerator("two").moe.network.in_shape
    size = (count, shape.height, shape.width)
    density = rng.random((count, 1, 1))
    return (rng.integers(0, 256, size) * (rng.random(size) < density)).astype(np.uint8)
