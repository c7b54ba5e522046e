# SPDX-License-Identifier: Apache-2.0
"""Energy proxy of the alternative to learning on the device: retraining the last two dense layers of the GE.

Plain stochastic gradient descent, by counting, with everything left out that would speak against it: no state of an
optimiser, no activations or errors kept in memory, no weight of the trunk read, every weight read once a batch whatever
the number of its images, no address, no instruction, and nothing of the host around.
"""

from __future__ import annotations

from dataclasses import dataclass

from golden.energy.operations import OPERATIONS, Operations
from golden.energy.paper import MAC_PJ
from spec.network import Moe

RETRAINED = 2  # last dense layers, fc1 and fc2 of LeNet-5
DEVICE_MULTIPLIERS = 156  # of an ECP5-85, for which the folding ecp5_85 is made


@dataclass(frozen=True)
class Arithmetic:
    """What a retraining computes in: energy of one product and its addition, pJ, and bits of a weight or gradient."""

    name: str
    mac: float
    bits: int


FLOAT = Arithmetic("32-bit float", MAC_PJ, 32)


def integers(operations: Operations = OPERATIONS) -> Arithmetic:
    """Products of 8 bits with 32-bit sums: a bound, nobody has shown that the network can be retrained so."""
    return Arithmetic("8-bit integers", operations.mac(8, 8, 32), 8)


@dataclass(frozen=True)
class Retraining:
    """Multiply-accumulates, and words of weights or gradients read or written, of one course.

    Attributes:
        trunk: the layers that stay.
        forward: the retrained layers.
        weight_gradients: one product a weight and image.
        input_gradients: of all retrained layers but the first, behind which nothing learns.
        update: one a weight and batch.
        words: on chip: of each batch the weights read for forward, input gradients and update, and written; the
            gradients written and read.
        dram_words: the weights alone, of each batch.
    """

    trunk: int
    forward: int
    weight_gradients: int
    input_gradients: int
    update: int
    words: int
    dram_words: int

    @property
    def macs(self) -> int:
        """All of them."""
        return self.trunk + self.forward + self.weight_gradients + self.input_gradients + self.update

    def energy(
        self, arithmetic: Arithmetic, dram: bool = False, operations: Operations = OPERATIONS
    ) -> dict[str, float]:
        """pJ by kind; ``dram``: the weights are in DRAM and come from there once for each use in a batch."""
        return {
            "mac": self.macs * arithmetic.mac,
            "weights": self.words * arithmetic.bits * operations.on_chip.pj,
            "buffers": 0.0,
            "dram": self.dram_words * arithmetic.bits * operations.dram.pj if dram else 0.0,
        }

    def cycles(self, multipliers: int = DEVICE_MULTIPLIERS) -> int:
        """A lower bound: every multiplier of a device is busy in every cycle."""
        return -(-self.macs // multipliers)


def retraining(moe: Moe, images: int, through_trunk: int, batch: int) -> Retraining:
    """A course of ``images``, counted as often as they come.

    Args:
        through_trunk: images that pass the trunk: each one once when its result is kept, or all of ``images``.
        batch: images an update.
    """
    layers = moe.network.weighted_layers
    trunk, retrained = layers[:-RETRAINED], layers[-RETRAINED:]
    weights, behind = sum(layer.weights for layer in retrained), sum(layer.weights for layer in retrained[1:])
    batches = -(-images // batch)
    return Retraining(
        trunk=through_trunk * sum(layer.macs for layer in trunk),
        forward=images * weights,
        weight_gradients=images * weights,
        input_gradients=images * behind,
        update=batches * weights,
        words=batches * (5 * weights + behind),
        dram_words=batches * (3 * weights + behind),
    )
