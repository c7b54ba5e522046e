# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of multiplier_block: random and extreme operands, with pauses in which registers hold."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from verif.unit.stream_checks import generator, parameters

P = parameters()
TOP, LEAST = 2 ** P["ActW"] - 1, -(2 ** (P["WgtW"] - 1))


@cocotb.test()
async def products(dut: Any) -> None:
    """Operands and product each load when they are told to, and else stay."""
    rng = generator()
    extremes = [(act, wgt) for act in (0, 1, TOP) for wgt in (LEAST, -1, 0, 1, -LEAST - 1) if wgt < -LEAST]
    others = zip(rng.integers(0, TOP + 1, 300).tolist(), rng.integers(LEAST, -LEAST, 300).tolist(), strict=True)
    Clock(dut.clk_i, 10, unit="ns").start()
    dut.valid_i.value = 0
    await FallingEdge(dut.clk_i)
    loaded = product = None
    for act, wgt in [*extremes, *others]:
        operands, result = (bool(rng.random() < 0.7) for _ in range(2))
        dut.act_i.value, dut.wgt_i.value, dut.valid_i.value = act, wgt, 2 * result + operands
        await FallingEdge(dut.clk_i)
        if result:
            product = loaded
        if operands:
            loaded = act * wgt
        if product is not None:
            assert dut.product_o.value.to_signed() == product
