# SPDX-License-Identifier: Apache-2.0
"""How often the hardware multiplies and touches its memories, derived from specification and folding alone.

These are the numbers that the device's activity counters must show; nothing here is taken from the RTL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spec.folding import Folding
from spec.kinds import weighted
from spec.kinds.data import Activity
from spec.kinds.layer import Layer
from spec.network import Moe


@dataclass(frozen=True)
class ImageActivity:
    """Work of each part for one image that it works on, and feature words that pass the feature store."""

    front_end: Activity
    ge_tail: Activity
    local_expert: Activity
    gate: Activity
    feature_words: int


def image_activity(moe: Moe, folding: Folding) -> ImageActivity:
    """Work for one image with the weights' layout and parallelism of ``folding``."""

    def total(layers: Iterable[Layer]) -> Activity:
        return sum((layer.activity(folding.layers[layer.name]) for layer in weighted(layers)), Activity())

    return ImageActivity(
        front_end=total(moe.network.front_end),
        ge_tail=total(moe.network.tail),
        local_expert=total(moe.le.layers),
        gate=total(moe.gate.layers),
        feature_words=moe.network.features.size // folding.streams(moe).features,
    )
