# SPDX-License-Identifier: Apache-2.0
"""Run-time weights as 32-bit words, in the layout of the device's weight memories, and back.

A memory word is packed with lane 0 in the lowest bits and cut into 32-bit chunks, lowest first; bits beyond the word
are 0. A bank's memories come in the order of its layers, of each layer first the weights, then the biases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spec.folding import WORD_BITS, Folding, LayerFolding, pack_bias, pack_weights, unpack_weights
from spec.network import LayerWeights, Moe

if TYPE_CHECKING:
    from spec.bank import Bank


@dataclass(frozen=True)
class BankMemory:
    """Contents of one memory: ``chunks`` is uint32 (words, chunks of a word); ``layer`` as in ``Bank.layers``."""

    layer: str
    is_bias: bool
    chunks: np.ndarray


@dataclass(frozen=True)
class PackedLayer:
    """How one layer stands in a payload."""

    name: str
    outputs: int
    inputs: int
    weight_bits: int
    bias_bits: int
    pe: int
    simd: int

    @property
    def shapes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Words and 32-bit chunks a word of the weight and of the bias memory."""
        folds = self.outputs // self.pe
        weight_chunks = -(-self.pe * self.simd * self.weight_bits // WORD_BITS)
        return (folds * -(-self.inputs // self.simd), weight_chunks), (folds, -(-self.pe * self.bias_bits // WORD_BITS))

    @property
    def size(self) -> int:
        """32-bit words in the payload."""
        return sum(words * chunks for words, chunks in self.shapes)


def packed_layers(moe: Moe, folding: Folding) -> tuple[PackedLayer, ...]:
    """How the run-time layers stand in the payload for a device with this folding, in order."""
    folds = folding.layers
    return tuple(
        PackedLayer(
            name, layer.outputs, layer.inputs, layer.weight.bits, layer.bias.bits,
            folds[layer.name].pe, folds[layer.name].simd,
        )
        for name, layer in moe.bank_layers
    )  # fmt: skip


def pack_lanes(lanes: np.ndarray, bits: int) -> np.ndarray:
    """Pack (words, lanes) integers of ``bits`` bits (two's complement): uint32 (words, chunks)."""
    words, count = lanes.shape
    chunks = -(-count * bits // WORD_BITS)
    stream = np.zeros((words, chunks * WORD_BITS), np.uint8)
    stream[:, : count * bits] = (lanes[..., None] >> np.arange(bits) & 1).reshape(words, count * bits)
    return np.packbits(stream, axis=1, bitorder="little").view("<u4").astype(np.uint32)


def unpack_lanes(chunks: np.ndarray, count: int, bits: int) -> np.ndarray:
    """The (words, ``count``) signed int64 lanes that :func:`pack_lanes` packed; bits beyond the word are ignored."""
    stream = np.unpackbits(chunks.astype("<u4").view(np.uint8), axis=1, bitorder="little")[:, : count * bits]
    values = np.zeros((len(chunks), count), np.int64)
    for bit in range(bits):  # the last one is the sign
        values += stream[:, bit::bits].astype(np.int64) * ((-1 if bit == bits - 1 else 1) << bit)
    return values


def words_to_integers(lanes: np.ndarray, bits: int) -> list[int]:
    """Pack (words, lanes) signed integers into one Python integer a word, lane 0 in the lowest bits."""
    return [int.from_bytes(word.astype("<u4").tobytes(), "little") for word in pack_lanes(lanes, bits)]


def bank_memories(moe: Moe, folding: Folding, bank: Bank) -> list[BankMemory]:
    """Contents of every run-time memory of a device with this folding."""
    memories = []
    for (name, layer), (_, weights) in zip(moe.bank_layers, bank.layers(), strict=True):
        fold = folding.layers[layer.name]
        lanes = pack_weights(layer, fold, weights.weight)
        memories.append(BankMemory(name, False, pack_lanes(lanes, layer.weight.bits)))
        memories.append(BankMemory(name, True, pack_lanes(pack_bias(layer, fold, weights.bias), layer.bias.bits)))
    return memories


def payload(moe: Moe, folding: Folding, bank: Bank) -> np.ndarray:
    """uint32 (words,): every chunk of every memory, in order."""
    return np.concatenate([memory.chunks.ravel() for memory in bank_memories(moe, folding, bank)])


def unpack_layer(words: np.ndarray, layer: PackedLayer) -> LayerWeights:
    """The weights of one layer from its part of a payload, uint32 (``layer.size``,).

    Raises:
        ValueError: a bit that belongs to no weight or bias is not 0.
    """
    (weight_shape, bias_shape), folding = layer.shapes, LayerFolding(layer.pe, layer.simd)
    weight_chunks = words[: weight_shape[0] * weight_shape[1]].reshape(weight_shape)
    bias_chunks = words[weight_shape[0] * weight_shape[1] :].reshape(bias_shape)
    lanes = unpack_lanes(weight_chunks, layer.pe * layer.simd, layer.weight_bits)
    weight, padding = unpack_weights(lanes, folding, layer.outputs, layer.inputs)
    bias = unpack_lanes(bias_chunks, layer.pe, layer.bias_bits)
    packed_again = pack_lanes(lanes, layer.weight_bits), pack_lanes(bias, layer.bias_bits)
    if padding.any() or (packed_again[0] != weight_chunks).any() or (packed_again[1] != bias_chunks).any():
        raise ValueError("bits that belong to no weight or bias are not 0")
    return LayerWeights(weight, bias.ravel())
