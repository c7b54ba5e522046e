# SPDX-License-Identifier: Apache-2.0
"""Memory contents: $readmemh files for frozen layers and 32-bit write sequences for run-time layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hw.constants import constants
from spec.bank import Bank
from spec.bank_payload import WORD_BITS, bank_memories, packed_layers, words_to_integers
from spec.errors import InputError
from spec.folding import Folding
from spec.network import Moe, name_in_bank

_NUMBERS = constants()
LAYER_GATE_HIDDEN, LAYER_GATE_OUT = _NUMBERS["LayerGateHidden"], _NUMBERS["LayerGateOut"]
MOST_CHUNKS = 128  # of a memory word, as bank_loader counts them
_EXPERTS = range(_NUMBERS["MaxLocalExperts"])
LAYER_NUMBERS = {  # of the write port
    **{name_in_bank("le", i): _NUMBERS["LayerLocalExpert"] + i for i in _EXPERTS},
    **{name_in_bank("le_hidden", i): _NUMBERS["LayerLocalHidden"] + i for i in _EXPERTS},
    "gate_hidden": LAYER_GATE_HIDDEN,
    "gate_out": LAYER_GATE_OUT,
}


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


@dataclass(frozen=True)
class BankSegment:
    """One run-time memory as bank_loader fills it: layer number, kind, words, and 32-bit chunks a word."""

    layer: int
    is_bias: bool
    words: int
    chunks: int


def bank_segments(moe: Moe, folding: Folding) -> list[BankSegment]:
    """The run-time memories in the order of a bank's payload."""
    segments = []
    for record in packed_layers(moe, folding):
        for is_bias, (words, chunks) in enumerate(record.shapes):
            if chunks > MOST_CHUNKS:
                raise InputError(
                    f"folding '{folding.name}', layer {record.name}: a memory word of {chunks} times {WORD_BITS} bits "
                    f"is too wide to be loaded, at most {MOST_CHUNKS} are allowed"
                )
            segments.append(BankSegment(LAYER_NUMBERS[record.name], bool(is_bias), words, chunks))
    return segments


def bank_writes(moe: Moe, folding: Folding, bank: Bank) -> BankWrites:
    """The write sequence of a bank: every chunk of every weight and bias word once."""
    parts: list[tuple[np.ndarray, ...]] = []
    for memory in bank_memories(moe, folding, bank):
        words, chunks = memory.chunks.shape
        stride = 1 << (chunks - 1).bit_length()
        address = np.arange(words)[:, None] * stride + np.arange(chunks)
        number = np.full(address.size, LAYER_NUMBERS[memory.layer])
        parts.append((number, np.full(address.size, memory.is_bias), address.ravel(), memory.chunks.ravel()))
    layers, biases, addresses, data = (np.concatenate(part) for part in zip(*parts, strict=True))
    return BankWrites(
        layers.astype(np.uint8), biases.astype(np.uint8), addresses.astype(np.uint32), data.astype(np.uint32)
    )
