# SPDX-License-Identifier: Apache-2.0
"""The result word (``accel_pkg::result_t``): how one is taken apart, wherever it comes from.

``[7:0]`` class, ``[11:8]`` expert, ``[15:12]`` status, ``[19:16]`` bank, ``[31:20]`` sequence number.
"""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple

import numpy as np

SEQUENCE_NUMBERS = 1 << 12  # then they begin again at 0


class Status(IntFlag):
    """Bits of the status field."""

    SHORT = 1
    LONG = 2
    NO_BANK = 4
    DISABLED = 8


class Fields(NamedTuple):
    """Fields of N words: uint8 (N,), ``sequence`` uint16 (N,). Expert 0 is the GE, i local expert i - 1."""

    classes: np.ndarray
    experts: np.ndarray
    status: np.ndarray
    banks: np.ndarray
    sequence: np.ndarray


def decode(words: np.ndarray) -> Fields:
    """Take result words, uint32 (N,), apart."""
    classes, experts, status, banks = (
        (words >> low & mask).astype(np.uint8) for low, mask in ((0, 0xFF), (8, 0xF), (12, 0xF), (16, 0xF))
    )
    return Fields(classes, experts, status, banks, (words >> 20).astype(np.uint16))


def encode(fields: Fields) -> np.ndarray:
    """The words, uint32 (N,), that :func:`decode` takes apart."""
    classes, experts, status, banks, sequence = (np.asarray(part, np.uint32) for part in fields)
    return sequence << 20 | banks << 16 | status << 12 | experts << 8 | classes


def numbers_from(first: int, count: int) -> np.ndarray:
    """The sequence numbers of ``count`` images in a row, uint16."""
    return ((int(first) + np.arange(count)) % SEQUENCE_NUMBERS).astype(np.uint16)
