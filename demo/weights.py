# SPDX-License-Identifier: Apache-2.0
"""A bank as the server hands it about: the weights, the words that load them, and a name that tells them apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spec.bank import Bank
from spec.bank_file import device_words
from spec.presets import Accelerator as Design


@dataclass(frozen=True)
class Weights:
    """Weights of one person.

    Attributes:
        bank: local expert and gate.
        words: the stream that loads it into the device, uint32 (n,).
        digest: SHA-256 of the weights, hexadecimal; equal weights have equal names.
    """

    bank: Bank = field(repr=False)
    words: np.ndarray = field(repr=False)
    digest: str

    @staticmethod
    def of(bank: Bank, design: Design) -> Weights:
        """Pack a bank for the device.

        Raises:
            InputError: it was made for another accelerator.
        """
        return Weights(bank, device_words(bank, design.moe, design.folding), bank.digest())
