# SPDX-License-Identifier: Apache-2.0
"""local_expert: pooling windows of 1 to the whole map, with and without a hidden layer, fast and slow layers."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found
from verif.unit.runtime_weights import RuntimeLayer

BENCH = "verif.unit.bench_local_expert"


def shape(size: int, channels: int, lanes: int, pool: int, classes: int, **others: int) -> dict[str, int]:
    """Parameters of a shape, with the accumulator that any weights need."""
    folding = {
        "OutPe": 1,
        "OutSimd": 1,
        "Hidden": 0,
        "Banks": 2,
        "Tags": 8,
        "ActW": 8,
        "WgtW": 8,
        "BiasW": 16,
        **others,
    }
    types = (folding["ActW"], folding["WgtW"], folding["BiasW"])
    inputs = (size // pool) ** 2 * channels * (2 if others.get("PoolKind") == 2 else 1)
    hidden = RuntimeLayer(inputs, folding["Hidden"] or 1, 1, 1, *types)
    out = RuntimeLayer(folding["Hidden"] or inputs, classes, 1, 1, *types)
    return {
        "Height": size,
        "Width": size,
        "Channels": channels,
        "Lanes": lanes,
        "PoolSize": pool,
        "Classes": classes,
        "HiddenAccW": hidden.acc_bits,
        "HiddenShift": 9,
        "OutAccW": out.acc_bits,
        "ConfidenceShift": 9,
        **folding,
    }


SHAPES = {
    "slow dense layer": shape(4, 4, 2, 2, 5, OutSimd=4, Banks=3),
    "wide dense layer": shape(6, 6, 6, 3, 6, OutPe=6, OutSimd=3, OutMultiplier=1),
    "hidden layer": shape(4, 4, 4, 2, 5, Hidden=6, HiddenPe=2, HiddenSimd=4, OutSimd=2, Banks=3),
    "average pool": shape(4, 4, 2, 2, 5, OutSimd=4, PoolKind=1),
    "max-average pool": shape(4, 4, 2, 2, 5, OutSimd=4, PoolKind=2),
    "hidden layer on max-average pool": shape(
        4, 4, 2, 2, 5, Hidden=6, HiddenPe=2, HiddenSimd=4, OutSimd=2, Banks=3, PoolKind=2
    ),
    "no pooling, 4-bit": shape(2, 2, 1, 1, 3, OutSimd=2, ActW=4, WgtW=4, BiasW=6, ConfidenceShift=0),
}
DEFECTS = {
    "margin to the top": ("(OutAccW + 1)'(second);", "(OutAccW + 1)'(top);"),
    "top and margin swapped": (
        "      .acc_i (top),\n      .data_o(out_top_o)",
        "      .acc_i (second),\n      .data_o(out_top_o)",
    ),
    "bank of nobody": ("      .bank_i,\n", "      .bank_i       ('0),\n"),
    "the pool of another kind": (".PoolKind        (PoolKind)", ".PoolKind        (1 - PoolKind)"),
}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_local_expert(parameters: dict[str, int]) -> None:
    run("local_expert", BENCH, parameters=parameters)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("local_expert", *change, found_by="data/idle=none/stall=random")
    check_found("local_expert", BENCH, defect, SHAPES["slow dense layer"])
