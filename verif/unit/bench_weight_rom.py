# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of weight_rom."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from verif.unit.memory_data import contents
from verif.unit.stream_checks import generator, parameters

P = parameters()


@cocotb.test()
async def reads(dut: Any) -> None:
    """Each word one cycle after its enable; without an enable the last word stays."""
    low, mask = P.get("Low", 0), (1 << P["Width"]) - 1
    words = [word >> low & mask for word in contents(P.get("FileW", P["Width"]), P["Depth"])]
    rng = generator()
    cocotb.start_soon(Clock(dut.clk_i, 10, unit="ns").start(start_high=False))
    dut.rd_en_i.value = 0
    await FallingEdge(dut.clk_i)
    last = None
    addresses = [*range(P["Depth"]), *rng.integers(0, P["Depth"], 100).tolist()]
    for address in addresses:
        enable = last is None or rng.random() < 0.7
        dut.rd_en_i.value = int(enable)
        dut.rd_addr_i.value = address
        await FallingEdge(dut.clk_i)
        last = words[address] if enable else last
        assert dut.rd_data_o.value.to_unsigned() == last, f"address {address}, enable {enable}"
