# SPDX-License-Identifier: Apache-2.0
"""Fixed-point types and the one rounding function of the Python side (docs/architecture.md: arithmetic contract).

Every value is an integer times a power of two, so it is an ``ap_fixed`` or ``ap_ufixed`` in HLS terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FixedPoint:
    """A two's-complement fixed-point type: ``value = integer * 2**-fraction_bits``."""

    bits: int
    signed: bool
    fraction_bits: int

    @property
    def minimum(self) -> int:
        """Smallest representable integer."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """Largest representable integer."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1

    @property
    def scale(self) -> float:
        """Weight of the least significant bit (exact in binary floating point)."""
        return 2.0**-self.fraction_bits

    def contains(self, values: np.ndarray) -> bool:
        """Whether every integer in ``values`` is representable."""
        return values.size == 0 or bool(values.min() >= self.minimum and values.max() <= self.maximum)

    def __str__(self) -> str:
        kind = "ap_fixed" if self.signed else "ap_ufixed"
        return f"{kind}<{self.bits},{self.bits - self.fraction_bits}>"


def signed_bits(low: int, high: int) -> int:
    """Bits of the narrowest two's-complement integer that holds every value in ``low..high``."""
    return max(int(high).bit_length(), int(-low - 1).bit_length() if low < 0 else 0) + 1


def requantize(accumulator: np.ndarray, shift: int, bits: int) -> np.ndarray:
    """Shift right by ``shift`` with round half to even, then saturate to unsigned ``bits`` (negative becomes 0).

    This is ``AP_RND_CONV`` followed by ``AP_SAT`` into an ``ap_ufixed``, and ReLU comes with the saturation.

    Args:
        accumulator: integers of any signed dtype and shape.
        shift: bits to drop, >= 0.
        bits: width of the result.

    Returns:
        int64 array of the same shape with values in ``0 .. 2**bits - 1``.
    """
    acc = np.asarray(accumulator, dtype=np.int64)
    if shift:  # half less one, and one more for an odd quotient: exactly a half carries only then
        acc = acc + ((acc >> shift & 1) + ((1 << (shift - 1)) - 1)) >> shift
    return np.minimum(np.maximum(acc, 0), (1 << bits) - 1)
