# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of requantize (combinational)."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import Timer

from verif import models
from verif.unit.stream_checks import generator, parameters

P = parameters()
ACC_W, SHIFT, OUT_W = P["AccW"], P["Shift"], P["OutW"]


def stimulus() -> np.ndarray:
    """Every accumulator if there are few; else the limits, all neighbours of many ties, and random values."""
    low, high = -(2 ** (ACC_W - 1)), 2 ** (ACC_W - 1) - 1
    if ACC_W <= 12:
        return np.arange(low, high + 1)
    rng = generator()
    half = 2**SHIFT // 2
    # Ties around the representable range; beyond it everything saturates.
    ties = rng.integers(-4, 2**OUT_W + 4, 600) * 2**SHIFT + half
    near = np.concatenate([ties + d for d in (-1, 0, 1)])
    values = np.concatenate([[low, low + 1, -1, 0, 1, high - 1, high], near, rng.integers(low, high + 1, 600)])
    return np.unique(np.clip(values, low, high))


@cocotb.test()
async def all_values(dut: Any) -> None:
    values = stimulus()
    expected = models.requantize(values, SHIFT, OUT_W)
    assert expected.max() > 0
    for value, want in zip(values.tolist(), expected.tolist(), strict=True):
        dut.acc_i.value = value
        await Timer(1, unit="ns")
        found = dut.data_o.value.to_unsigned()
        assert found == want, f"requantize({value}) is {found}, expected {want}"
