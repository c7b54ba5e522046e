# SPDX-License-Identifier: Apache-2.0
"""gating_network: linear and with a hidden layer, with and without confidence, 1 and 3 local experts."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found
from verif.unit.runtime_weights import RuntimeLayer

BENCH = "verif.unit.bench_gating_network"


def shape(size: int, channels: int, lanes: int, pool: int, experts: int, **others: int) -> dict[str, int]:
    """Parameters of a shape, with accumulators that hold any weights."""
    p = {
        "Hidden": 0,
        "HiddenPe": 1,
        "HiddenSimd": 1,
        "OutPe": 1,
        "OutSimd": 1,
        "Confidence": 0,
        "Banks": 2,
        **others,
    }
    inputs = (size // pool) ** 2 * channels * (2 if p.get("PoolKind") == 2 else 1)
    extra = 2 * experts if p["Confidence"] else 0
    hidden = RuntimeLayer(inputs, p["Hidden"] or 1, 1, 1, extra=extra)
    out = (
        RuntimeLayer(p["Hidden"], experts + 1, 1, 1)
        if p["Hidden"]
        else RuntimeLayer(inputs, experts + 1, 1, 1, extra=extra)
    )
    return {
        "Height": size,
        "Width": size,
        "Channels": channels,
        "Lanes": lanes,
        "PoolSize": pool,
        "LocalExperts": experts,
        "HiddenAccW": hidden.acc_bits,
        "HiddenShift": 9,
        "OutAccW": out.acc_bits,
        "ActW": 8,
        "WgtW": 8,
        "BiasW": 16,
        "Tags": 8,
        **p,
    }


SHAPES = {
    "linear, 1 expert": shape(6, 4, 4, 2, experts=1, OutPe=2, OutSimd=2),
    "linear with confidence, 3 experts": shape(4, 4, 2, 2, experts=3, Confidence=1, OutSimd=4, OutPe=2),
    "hidden with padded confidence, 1 expert": shape(
        4, 4, 4, 2, experts=1, Confidence=1, Hidden=6, HiddenSimd=4, HiddenPe=2, OutSimd=2, Banks=3
    ),
    "linear on average pool": shape(4, 4, 2, 2, experts=1, OutPe=2, OutSimd=2, PoolKind=1),
    "hidden on max-average pool": shape(
        4, 6, 3, 2, experts=1, Confidence=1, Hidden=4, HiddenSimd=3, HiddenPe=2, OutSimd=2, PoolKind=2
    ),
    "hidden, 3 experts": shape(
        2, 6, 3, 1, experts=3, Hidden=4, HiddenSimd=3, OutSimd=4, OutPe=4, HiddenMultiplier=1, OutMultiplier=1
    ),
}
# module, text, replacement
DEFECTS = {
    "confidence one word early": ("runtime_head", ".FirstWords (PoolWords),", ".FirstWords (PoolWords - 1),"),
    "hidden layer keeps bank 0": (
        "runtime_head",
        ".tag_valid_i(frame_start_i),\n        .tag_bank_i (bank_i),",
        ".tag_valid_i(frame_start_i),\n        .tag_bank_i ('0),",
    ),
    "confidence in the wrong lanes": (
        "runtime_head",
        "((PaddedLanes * ActW)'(beat_data))",
        "((PaddedLanes * ActW)'(beat_data) << ActW)",
    ),
    "no threshold": (
        "gating_network",
        "      .theta_i,\n      .in_valid_i (logit_valid)",
        "      .theta_i    ('0),\n      .in_valid_i (logit_valid)",
    ),
}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_gating_network(parameters: dict[str, int]) -> None:
    run("gating_network", BENCH, parameters=parameters)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    defect = Defect(*change, found_by="data/idle=none/stall=random")
    check_found("gating_network", BENCH, defect, SHAPES["hidden with padded confidence, 1 expert"])
