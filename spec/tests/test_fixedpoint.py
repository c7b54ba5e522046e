# SPDX-License-Identifier: Apache-2.0
"""Fixed-point types and the rounding function against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest

from spec.fixedpoint import FixedPoint, requantize, signed_bits


@pytest.mark.parametrize(
    ("kind", "low", "high", "text"),
    [
        (FixedPoint(8, False, 8), 0, 255, "ap_ufixed<8,0>"),
        (FixedPoint(6, True, 5), -32, 31, "ap_fixed<6,1>"),
        (FixedPoint(8, False, -1), 0, 255, "ap_ufixed<8,9>"),
    ],
)
def test_type_range_and_hls_name(kind, low, high, text):
    assert (kind.minimum, kind.maximum, str(kind)) == (low, high, text)
    assert kind.contains(np.array([low, high]))
    assert not kind.contains(np.array([low - 1]))
    assert not kind.contains(np.array([high + 1]))
    assert kind.contains(np.array([], np.int64))
    assert Fraction(kind.scale) == Fraction(1, 2) ** kind.fraction_bits


def test_signed_bits_is_the_narrowest_width():
    for low in range(-70, 1):
        for high in range(0, 70):
            bits = signed_bits(low, high)
            assert -(2 ** (bits - 1)) <= low and high <= 2 ** (bits - 1) - 1
            narrower = bits - 1
            fits = narrower >= 1 and -(2 ** (narrower - 1)) <= low and high <= 2 ** (narrower - 1) - 1
            assert not fits


@pytest.mark.parametrize("shift", [0, 1, 2, 5])
@pytest.mark.parametrize("bits", [2, 8])
def test_requantize_equals_exact_rounding(shift, bits):
    values = np.arange(-700, 700 << shift, 1 + (1 << shift) // 8)
    # Python rounds an exact fraction half to even.
    expected = [min(max(round(Fraction(int(v), 2**shift)), 0), 2**bits - 1) for v in values]
    assert requantize(values, shift, bits).tolist() == expected


def test_requantize_ties_go_to_even():
    assert requantize(np.array([2, 6, 10, 14]), 2, 8).tolist() == [0, 2, 2, 4]  # 0.5, 1.5, 2.5, 3.5


def test_requantize_large_accumulators_do_not_lose_bits():
    tie = (1 << 52) + (1 << 44)  # beyond float64's reach if it were scaled carelessly: 2**52 is even in units of 2**45
    assert requantize(np.array([tie, tie + 1, tie - 1]), 45, 60).tolist() == [128, 129, 128]


def test_requantize_keeps_shape_and_gives_integers():
    result = requantize(np.full((2, 3), 9, np.int32), 1, 8)
    assert result.shape == (2, 3) and result.dtype == np.int64
