# SPDX-License-Identifier: Apache-2.0
"""Memory contents: $readmemh files for frozen layers and 32-bit write sequences for run-time layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.bank import Bank
from golden.folding import Folding, pack_bias, pack_weights
from golden.spec import MatrixLayer, Moe

LAYER_GATE_HIDDEN = 8  # layer numbers of moe_top's write port; 0..7 are the local experts
LAYER_GATE_OUT = 9


def words_to_integers(lanes: np.ndarray, bits: int) -> list[int]:
    """Pack (words, lanes) signed integers into one Python integer a word, lane 0 in the lowest bits."""
    mask = (1 << bits) - 1
    result = []
    for word in lanes.tolist():
        value = 0
        for lane in reversed(word):
            value = value << bits | lane & mask
        result.append(value)
    return result


def hex_lines(lanes: np.ndarray, bits: int) -> str:
    """The $readmemh text of (words, lanes) signed integers of ``bits`` bits."""
    digits = -(-lanes.shape[1] * bits // 4)
    return "".join(f"{word:0{digits}x}\n" for word in words_to_integers(lanes, bits))


@dataclass(frozen=True)
class BankWrites:
    """Writes that load a bank through moe_top's write port, in order; all arrays have one entry per write."""

    layer: np.ndarray  # uint8
    bias: np.ndarray  # uint8, 1 for a bias memory
    address: np.ndarray  # uint32, 32-bit chunk address
    data: np.ndarray  # uint32

    def __len__(self) -> int:
        return len(self.data)


def bank_writes(moe: Moe, folding: Folding, bank: Bank) -> BankWrites:
    """The write sequence of a bank: every chunk of every weight and bias word once."""
    layers: list[int] = []
    biases: list[int] = []
    addresses: list[int] = []
    data: list[int] = []

    def add(number: int, is_bias: int, lanes: np.ndarray, bits: int) -> None:
        chunks = -(-lanes.shape[1] * bits // 32)
        stride = 1 << (chunks - 1).bit_length()
        for index, word in enumerate(words_to_integers(lanes, bits)):
            for chunk in range(chunks):
                layers.append(number)
                biases.append(is_bias)
                addresses.append(index * stride + chunk)
                data.append(word >> (32 * chunk) & 0xFFFFFFFF)

    numbered: list[tuple[int, MatrixLayer, object]] = [(i, moe.le, w) for i, w in enumerate(bank.local_experts)]
    if moe.gate_hidden:
        numbered.append((LAYER_GATE_HIDDEN, moe.gate_hidden, bank.gate_hidden))
    numbered.append((LAYER_GATE_OUT, moe.gate_out, bank.gate_out))
    for number, layer, weights in numbered:
        fold = folding.layers[layer.name]
        add(number, 0, pack_weights(layer, fold, weights.weight), layer.weight.bits)
        add(number, 1, pack_bias(layer, fold, weights.bias), layer.bias.bits)
    return BankWrites(
        np.array(layers, np.uint8),
        np.array(biases, np.uint8),
        np.array(addresses, np.uint32),
        np.array(data, np.uint32),
    )
