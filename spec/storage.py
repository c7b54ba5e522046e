# SPDX-License-Identifier: Apache-2.0
"""How large the memories of each layer are, and how wide their words, from specification and folding alone."""

from __future__ import annotations

from spec.domains import domain_layers
from spec.folding import Folding, LayerFolding, input_words, output_words
from spec.network import MatrixLayer, Moe

STORE_FRAMES = 2  # images that the feature store holds


def weight_word_bits(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Bits of a word of the weight memory."""
    return folding.pe * folding.simd * layer.weight.bits


def weight_memory_bits(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Bits of a layer's weight memory (one bank); 0 when the weights are an adder graph."""
    if folding.graph:
        return 0
    return input_words(layer, folding) * output_words(layer, folding) * weight_word_bits(layer, folding)


def buffer_word_bits(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Bits of a word written to the window buffer: an adder graph's takes a pixel with all channels."""
    lanes = layer.in_shape.channels if folding.graph else folding.simd
    return lanes * layer.input.bits


def window_read_bits(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Bits that one image reads from the window buffer (0 for a dense layer).

    A folded layer reads each window once, word by word; before an adder graph every pixel reads the pixels above it.
    """
    if layer.kernel is None:
        return 0
    if folding.graph:
        return layer.in_shape.size * (layer.kernel - 1) * layer.input.bits
    return layer.positions * layer.inputs * layer.input.bits


def window_buffer_bits(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Bits of the window buffer: Kernel-1 rows before an adder graph, else 2 Kernel rows (0 for a dense layer)."""
    if layer.kernel is None:
        return 0
    rows = layer.kernel - 1 if folding.graph else 2 * layer.kernel
    return rows * layer.in_shape.width * layer.in_shape.channels * layer.input.bits


def feature_word_bits(moe: Moe, folding: Folding) -> int:
    """Bits of a word of the feature store."""
    last = domain_layers(moe)["fe"][-1]
    return folding.layers[last.name].pe * moe.network.feature_type.bits
