# SPDX-License-Identifier: Apache-2.0
"""An MoE before any customised training (the paper's Table 4): LE and GN of random weights beside a trained GE."""

from __future__ import annotations

from golden.data import LabelledImages
from golden.integer_model import MoeModel
from spec.bank import Bank
from spec.network import LayerWeights, Mode, Moe
from training.heads import Head


def untrained_bank(moe: Moe, seed: int, head: tuple[LayerWeights, ...] | None = None) -> Bank:
    """The integers from which training starts: random ones, as small as a fresh layer has them.

    Args:
        seed: of all random weights; LE and GN draw differently.
        head: weights of every local expert, such as a generic head; None for random ones.
    """
    experts = tuple(head or Head(moe.le.layers, _seed(seed, 1 + i)).integers() for i in range(moe.local_experts))
    bank = Bank(moe.preset, moe.network.digest(), experts, Head(moe.gate.layers, _seed(seed, 0)).integers())
    bank.check(moe, "untrained bank")
    return bank


def overall(model: MoeModel, bank: Bank, data: LabelledImages) -> tuple[float, float]:
    """Accuracy of GE, LE and GN together, and the share of images that the gate gives to a local expert; both 0..1."""
    answers = model.run(data.images, Mode.MOE_PARALLEL, bank)
    return float((answers.classes == data.labels).mean()), float((answers.experts > 0).mean())


def _seed(seed: int, part: int) -> int:
    """A seed of its own for every part: layers drawn from one seed would share their first weights."""
    return 16 * seed + part
