# SPDX-License-Identifier: Apache-2.0
"""Plain data of layers: shapes, weights, folding, and work."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

MULTIPLIERS = ("dsp", "dsp_pair", "lut", "graph")


@dataclass(frozen=True)
class Shape:
    """Shape of an activation; streams carry it in the order row, column, channel."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        """Number of values."""
        return self.height * self.width * self.channels

    def __str__(self) -> str:
        return f"{self.height}x{self.width}x{self.channels}"


@dataclass(frozen=True)
class LayerWeights:
    """Integer weights of one layer.

    ``weight`` is int64 of shape (outputs, inputs); a convolution's inputs are in the order kernel row, kernel
    column, channel, a dense layer's in the order row, column, channel, then extra inputs: the order of the streams.
    ``bias`` is int64 of shape (outputs,), on the accumulator's scale.
    """

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class LayerFolding:
    """PE outputs x SIMD inputs per cycle, and what the products are made of.

    ``multiplier``: ``dsp`` takes one multiplier block a product, ``dsp_pair`` one for the products of two outputs
    with the same input (narrow weights), ``lut`` logic only, ``graph`` an adder graph of the constant weights that
    needs no product and takes a whole window a cycle (PE = outputs, SIMD = inputs).
    """

    pe: int
    simd: int
    multiplier: str = "dsp"

    @property
    def lut(self) -> bool:
        """Whether the products are built from logic."""
        return self.multiplier == "lut"

    @property
    def graph(self) -> bool:
        """Whether the layer is an adder graph."""
        return self.multiplier == "graph"

    @property
    def multiplier_blocks(self) -> int:
        """Multiplier blocks of one instance."""
        products = self.pe * self.simd
        return {"dsp": products, "dsp_pair": products // 2, "lut": 0, "graph": 0}[self.multiplier]


@dataclass(frozen=True)
class Activity:
    """Work of some layers.

    ``macs`` counts every product that is formed, also of lanes that pad a word; an adder graph counts those that it
    stands for. ``weight_reads`` counts words of weight memories, ``buffer_writes`` words written to the window buffers
    of convolutions.
    """

    macs: int = 0
    weight_reads: int = 0
    buffer_writes: int = 0

    def __add__(self, other: Activity) -> Activity:
        return Activity(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Activity)))

    def __mul__(self, times: int) -> Activity:
        return Activity(*(getattr(self, f.name) * times for f in fields(Activity)))
