# SPDX-License-Identifier: Apache-2.0
"""The feature store, from specification and folding alone; a layer's memories are its own facts (:mod:`spec.kinds`)."""

from __future__ import annotations

from spec.folding import Folding
from spec.network import Moe

STORE_FRAMES = 3  # images that the feature store holds


def feature_store_bits(moe: Moe) -> int:
    """Bits of the feature store."""
    return STORE_FRAMES * moe.network.features.size * moe.network.feature_type.bits


def feature_word_bits(moe: Moe, folding: Folding) -> int:
    """Bits of a word of the feature store."""
    return folding.streams(moe).features * moe.network.feature_type.bits
