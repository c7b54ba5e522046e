# SPDX-License-Identifier: Apache-2.0
"""multiplier_pair: two products from one multiplication, for the widths that fit an 18-bit multiplier input."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_multiplier_pair"
SHAPES = [(8, 4), (8, 3), (6, 5), (8, 2)]


def parameters(shape: tuple[int, int]) -> dict[str, int]:
    return dict(zip(("ActW", "WgtW"), shape, strict=True))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_multiplier_pair(shape: tuple[int, int]) -> None:
    run("multiplier_pair", BENCH, parameters=parameters(shape))


DEFECTS = {
    "borrow-not-given-back": ("+ ProdW'(both[ProdW-1])", ""),
    "packed-too-narrow": ("PackedW = ProdW + WgtW + 1", "PackedW = ProdW + WgtW"),
}


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("multiplier_pair", *change, found_by="all_pairs")
    check_found("multiplier_pair", BENCH, defect, parameters((8, 4)))
