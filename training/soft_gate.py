# SPDX-License-Identifier: Apache-2.0
"""The paper's general gate (section 2.1) in float, as a reference for what the binary one costs.

w_G and w_L are the softmax of the gate's outputs, divided by a temperature. The answer is the class with the largest
w_G y_G + w_L y_L, where y are the experts' outputs: their softmax, or the logits themselves on their real scale. Logits
are those of the integer model, so that a temperature near zero gives exactly the answers of the binary gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.network import Moe
from training.seen import Seen, runtime_logits


class Output(Enum):
    """What of an expert is weighted."""

    SOFTMAX = "softmax"
    LOGITS = "logits"


TEMPERATURES = tuple(2.0**power for power in range(-6, 7))
"""Out of which one is chosen, in the unit of the gate's logits on their real scale."""


@dataclass(frozen=True)
class Logits:
    """Of N images by a device with one local expert: real scale, float64.

    Attributes:
        ge, le: (N, classes).
        gate: (N, 2), generic first.
        labels: integer (N,), class.
    """

    ge: np.ndarray
    le: np.ndarray
    gate: np.ndarray
    labels: np.ndarray

    @staticmethod
    def scaled(moe: Moe, ge: np.ndarray, le: np.ndarray, gate: np.ndarray, labels: np.ndarray) -> Logits:
        """From integer logits of these shapes."""
        layers = (moe.network.layers[-1], moe.le.out, moe.gate.out)
        real = (x.astype(np.float64) * layer.out_type.scale for x, layer in zip((ge, le, gate), layers, strict=True))
        return Logits(*real, labels)

    @staticmethod
    def of(model: MoeModel, bank: Bank, seen: Seen) -> Logits:
        """What the integer model gives for images."""
        (le,), gate = runtime_logits(model, bank, seen)
        return Logits.scaled(model.moe, seen.ge, le, gate, seen.labels)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def soft_answers(logits: Logits, output: Output, temperature: float) -> np.ndarray:
    """int64 (N,), the class with the largest weighted sum; a tie goes to the lowest index.

    Args:
        temperature: above 0; the gate's logits are divided by it.
    """
    weight = softmax(logits.gate / temperature)
    experts = (logits.ge, logits.le)
    if output is Output.SOFTMAX:
        experts = tuple(softmax(expert) for expert in experts)
    return (weight[:, :1] * experts[0] + weight[:, 1:] * experts[1]).argmax(1)


def binary_answers(logits: Logits) -> np.ndarray:
    """int64 (N,), the class of the expert that the binary gate chooses; a tie goes to the GE."""
    local = logits.gate[:, 1] > logits.gate[:, 0]
    return np.where(local, logits.le.argmax(1), logits.ge.argmax(1))


def choose_temperature(own: np.ndarray, generic: np.ndarray) -> int:
    """Index of the temperature with the best mean of both; the lowest, nearest to a binary gate, on a tie.

    Args:
        own, generic: (temperatures,), accuracy on users' training images with held-out experts, and on generic
            validation images.
    """
    return int((np.asarray(own) + np.asarray(generic)).argmax())
