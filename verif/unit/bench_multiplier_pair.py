# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of multiplier_pair: all pairs of weights at the activations that matter, one pair a cycle."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from verif.unit.stream_checks import generator, parameters

P = parameters()
LATENCY = 3
WEIGHTS = range(-(2 ** (P["WgtW"] - 1)), 2 ** (P["WgtW"] - 1))
TOP = 2 ** P["ActW"] - 1


@cocotb.test()
async def all_pairs(dut: Any) -> None:
    activations = {0, 1, TOP // 2, TOP // 2 + 1, TOP - 1, TOP, *generator().integers(0, TOP + 1, 10).tolist()}
    operands = [(act, first, second) for act in sorted(activations) for first in WEIGHTS for second in WEIGHTS]
    Clock(dut.clk_i, 10, unit="ns").start()
    await FallingEdge(dut.clk_i)
    for cycle in range(len(operands) + LATENCY):
        if cycle >= LATENCY:
            act, first, second = operands[cycle - LATENCY]
            found = dut.product0_o.value.to_signed(), dut.product1_o.value.to_signed()
            assert found == (act * first, act * second), f"{act} x ({first}, {second}) gave {found}"
        dut.act_i.value, dut.wgt0_i.value, dut.wgt1_i.value = operands[min(cycle, len(operands) - 1)]
        await FallingEdge(dut.clk_i)
