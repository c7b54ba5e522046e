# SPDX-License-Identifier: Apache-2.0
"""Members of a vector: there and back, and the wrapper that names them."""

from __future__ import annotations

import pytest

from verif.unit.packed import Member, Packed, flat_module

PACKED = Packed((Member("a", 3, "s.a"), Member("b[1]", 1, "s.b[1]"), Member("c", 64, "t")))


def test_there_and_back() -> None:
    values = {"a": 5, "b[1]": 1, "c": 0x8000_0000_0000_0001}
    assert PACKED.bits == 68
    assert PACKED.pack(values) == 5 | 1 << 3 | values["c"] << 4
    assert PACKED.unpack(PACKED.pack(values)) == values
    assert PACKED.unpack(PACKED.pack({"a": 1})) == {"a": 1, "b[1]": 0, "c": 0}


@pytest.mark.parametrize("values", [{"a": 8}, {"a": -1}, {"d": 0}], ids=str)
def test_what_does_not_fit_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        PACKED.pack(values)


def test_wrapper() -> None:
    text = flat_module("flat", PACKED, Packed((Member("x", 2, "o.x"), Member("y", 1, "o.y"))), "  body\n")
    assert "input  logic [67:0] in_i" in text and "output logic [2:0] out_o" in text
    assert "assign s.b[1] = in_i[3+:1];" in text and "assign t = in_i[4+:64];" in text
    assert "assign out_o = {1'(o.y), 2'(o.x)};" in text
