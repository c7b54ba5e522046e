# SPDX-License-Identifier: Apache-2.0
"""cocotb bench that never ends."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge


@cocotb.test()
async def waits(dut: Any) -> None:
    """For ever."""
    Clock(dut.clk_i, 10, unit="ns").start()
    while True:
        await RisingEdge(dut.clk_i)
