# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of EHXPLLL: the output's frequency, and that it is silent before it locks."""

from __future__ import annotations

import os
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import First, RisingEdge, Timer, ValueChange
from cocotb.utils import get_sim_time

from verif.unit.stream_checks import parameters

P = parameters()
INPUT_PS = int(os.environ.get("PLL_INPUT_PS", "40000"))
PERIODS = 100


@cocotb.test()
async def frequency(dut: Any) -> None:
    """f(CLKOP) = f(CLKI) * CLKFB_DIV / CLKI_DIV, from LOCK on."""

    async def feed_back() -> None:
        while True:
            await ValueChange(dut.CLKOP)
            dut.CLKFB.value = dut.CLKOP.value

    for name in ("CLKFB", "RST", "STDBY", "PLLWAKESYNC", "PHASESEL1", "PHASESEL0", "PHASEDIR", "PHASESTEP"):
        getattr(dut, name).value = 0
    dut.PHASELOADREG.value = dut.ENCLKOP.value = 0
    Clock(dut.CLKI, INPUT_PS, unit="ps").start()
    cocotb.start_soon(feed_back())
    locked, runs = RisingEdge(dut.LOCK), RisingEdge(dut.CLKOP)
    assert await First(locked, runs, Timer(100 * INPUT_PS, "ps")) is locked
    await RisingEdge(dut.CLKOP)
    start = get_sim_time("ps")
    for _ in range(PERIODS):
        await RisingEdge(dut.CLKOP)
    period = (get_sim_time("ps") - start) / PERIODS
    assert abs(period * P["CLKFB_DIV"] / P["CLKI_DIV"] / INPUT_PS - 1) < 2e-4
