# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of multiplier_pair (combinational): all pairs of weights at the activations that matter."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import Timer

from verif.unit.stream_checks import generator, parameters

P = parameters()
WEIGHTS = range(-(2 ** (P["WgtW"] - 1)), 2 ** (P["WgtW"] - 1))
TOP = 2 ** P["ActW"] - 1


@cocotb.test()
async def all_pairs(dut: Any) -> None:
    activations = {0, 1, TOP // 2, TOP // 2 + 1, TOP - 1, TOP, *generator().integers(0, TOP + 1, 10).tolist()}
    for act in sorted(activations):
        for first in WEIGHTS:
            for second in WEIGHTS:
                dut.act_i.value, dut.wgt0_i.value, dut.wgt1_i.value = act, first, second
                await Timer(1, unit="ns")
                found = dut.product0_o.value.to_signed(), dut.product1_o.value.to_signed()
                assert found == (act * first, act * second), f"{act} x ({first}, {second}) gave {found}"
