# SPDX-License-Identifier: Apache-2.0
"""The paper's view (arXiv 1811.00056, Tables 1 and 3): sizes, and energy by accesses of a floating-point machine.

Every product is a 32-bit floating-point MAC. Every weight is read once an image from DRAM and once from SRAM, every
hidden activation once from SRAM. The figures per access are those of a 45 nm process. The device of this project does
none of this; :mod:`golden.energy.hardware` is about the device.
"""

from __future__ import annotations

from dataclasses import dataclass

from spec.network import Network

MAC_PJ = 4.6  # 32-bit floating point: multiply 3.7, add 0.9
SRAM_PJ = 5.0  # 32 bits
DRAM_PJ = 640.0  # 32 bits
TABLE_1_POOLED = (12, 6, 4, 3, 2, 1)  # height and width of the maps that LE and GN see, in the order of Table 1


@dataclass(frozen=True)
class PaperEnergy:
    """Energy of one image, pJ."""

    mac: float
    sram: float
    dram: float

    @property
    def total(self) -> float:
        """Sum of all three."""
        return self.mac + self.sram + self.dram

    def over(self, other: PaperEnergy) -> dict[str, float]:
        """This energy by that of ``other``: mac, sram, dram and total, as shares."""
        return {kind: getattr(self, kind) / getattr(other, kind) for kind in ("mac", "sram", "dram", "total")}


@dataclass(frozen=True)
class PaperExpert:
    """What the paper counts of an expert, an image: products, distinct weights without biases, hidden activations."""

    macs: int
    weights: int
    hidden: int

    def __add__(self, other: PaperExpert) -> PaperExpert:
        return PaperExpert(self.macs + other.macs, self.weights + other.weights, self.hidden + other.hidden)

    @property
    def energy(self) -> PaperEnergy:
        """Energy of one image."""
        return PaperEnergy(self.macs * MAC_PJ, (self.weights + self.hidden) * SRAM_PJ, self.weights * DRAM_PJ)


def global_expert(network: Network) -> PaperExpert:
    """The GE: the inputs of every layer but the first are its hidden activations, pooled before they are stored."""
    layers = network.weighted_layers
    return PaperExpert(
        sum(layer.macs for layer in layers),
        sum(layer.weights for layer in layers),
        sum(layer.in_shape.size for layer in layers[1:]),
    )


def personal_experts(network: Network, pooled: int) -> PaperExpert:
    """LE and GN of the paper: one dense layer each, on features pooled to ``pooled`` x ``pooled`` maps."""
    inputs = pooled * pooled * network.features.channels

    def dense(outputs: int) -> PaperExpert:
        return PaperExpert(inputs * outputs, inputs * outputs, inputs)

    return dense(network.classes) + dense(2)


def table_1(network: Network) -> dict[int, float]:
    """Weights of LE and GN by those of the GE, as a share, for each size of the pooled maps."""
    ge = global_expert(network)
    return {pooled: personal_experts(network, pooled).weights / ge.weights for pooled in TABLE_1_POOLED}


def table_3(network: Network, pooled: int = 3) -> dict[str, float]:
    """LE and GN by the GE, as shares: ``size``, and energy for mac, sram, dram and total."""
    ge, personal = global_expert(network), personal_experts(network, pooled)
    return {"size": personal.weights / ge.weights, **personal.energy.over(ge.energy)}
