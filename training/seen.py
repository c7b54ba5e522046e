# SPDX-License-Identifier: Apache-2.0
"""What banks cannot change of a set of images: features and the GE's logits, computed once for many banks.

The rest is the integer model's own; what it gives equals :func:`training.personalize.measure` (tested).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from golden.data import LabelledImages
from golden.integer_model import BATCH, MoeModel, gate_decision
from spec.bank import Bank
from training.personalize import Measured


@dataclass(frozen=True)
class Seen:
    """Of N images: features uint8 (N, h, w, c), the GE's logits int32 (N, classes), labels integer (N,)."""

    features: np.ndarray
    ge: np.ndarray
    labels: np.ndarray

    @staticmethod
    def of(model: MoeModel, data: LabelledImages) -> Seen:
        """What the integer model makes of images."""
        features, ge = [], []
        for start in range(0, len(data), BATCH):
            front = model.ge.front_end(data.images[start : start + BATCH])
            features.append(front.to(torch.uint8).numpy())
            ge.append(model.ge.tail(front))
        return Seen(np.concatenate(features), np.concatenate(ge), data.labels)


def runtime_logits(model: MoeModel, bank: Bank, seen: Seen) -> tuple[list[np.ndarray], np.ndarray]:
    """int32 logits of every local expert (N, classes), and of the gate (N, 1 + local experts)."""
    local, gate = [], []
    for start in range(0, len(seen.labels), BATCH):
        features = torch.from_numpy(seen.features[start : start + BATCH]).float()
        local.append(model.local_logits(features, bank))
        gate.append(model.gate_logits(features, local[-1], bank))
    return [np.concatenate(expert) for expert in zip(*local, strict=True)], np.concatenate(gate)


def measure_seen(model: MoeModel, bank: Bank, seen: Seen) -> Measured:
    """Which answers are right, with a bank of one local expert."""
    (le,), gate = runtime_logits(model, bank, seen)
    ge_right, le_right = (logits.argmax(1) == seen.labels for logits in (seen.ge, le))
    local = gate_decision(gate, 0) > 0
    return Measured(ge_right, le_right, np.where(local, le_right, ge_right), local)
