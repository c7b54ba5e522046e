# SPDX-License-Identifier: Apache-2.0
"""Result words come apart as accel_pkg::result_t puts them together."""

from __future__ import annotations

import re

import numpy as np

from spec.paths import ROOT
from spec.result_word import SEQUENCE_NUMBERS, Status, decode, encode, numbers_from


def test_every_field_is_where_the_package_has_it():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**32, 200, dtype=np.uint32)
    np.testing.assert_array_equal(encode(decode(words)), words)
    for word, *fields in zip(words.tolist(), *decode(words), strict=True):
        assert fields == [word % 256, word // 256 % 16, word // 4096 % 16, word // 65536 % 16, word // 2**20]


def test_status_bits_are_those_of_the_package():
    text = (ROOT / "hw" / "rtl" / "accel_pkg.sv").read_text()
    body = re.search(r"struct packed \{([^}]*)\} status_t", text)[1]
    names = re.findall(r"logic (\w+);", body)[::-1]  # the first is the most significant
    assert [name.removesuffix("_image").upper() for name in names] == [bit.name for bit in Status]
    assert [bit.value for bit in Status] == [1, 2, 4, 8]


def test_numbers_begin_again():
    assert numbers_from(SEQUENCE_NUMBERS - 2, 4).tolist() == [SEQUENCE_NUMBERS - 2, SEQUENCE_NUMBERS - 1, 0, 1]
    assert numbers_from(5, 0).tolist() == []
