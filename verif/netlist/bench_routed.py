# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of packed_pair: a routed netlist and its source see the same random inputs."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

FILL = 12_000  # cycles until both memories were written everywhere; before that they are random
CYCLES = 2_000


@cocotb.test()
async def same(dut: Any) -> None:
    rng = random.Random(7)
    Clock(dut.clk_i, 10, unit="ns").start()
    for cycle in range(FILL + CYCLES):
        await FallingEdge(dut.clk_i)
        dut.rst_i.value = cycle < 4
        dut.write_i.value = cycle < FILL // 2 or rng.random() < 0.5
        dut.data_i.value = rng.getrandbits(8)
        await Timer(1, unit="ns")
        if cycle > FILL:
            assert int(dut.same_o.value) == 0b11111, f"cycle {cycle}: {dut.same_o.value}"
