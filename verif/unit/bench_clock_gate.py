# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of clock_gate, in the test design clock_gate_loop."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge, Timer

from verif.streams import Bench, active


class Loop:
    """Enables the gate in a pattern and compares every register with what one clock would give."""

    def __init__(self, dut: Any, pattern: str, rng: random.Random) -> None:
        self.dut, self.pattern = dut, active(pattern, rng)
        self.request = self.enabled = 0  # enable_i now; enable of the coming edge
        self.gated: int | None = None
        self.after: int | None = None
        self.first: int | None = None
        self.edges = 0

    def drive(self) -> None:
        self.request = int(next(self.pattern))
        self.dut.enable_i.value = self.request

    def sample(self, cycle: int) -> None:
        dut = self.dut
        if self.first is None:
            self.first = int(dut.edges_o.value)
        assert (int(dut.edges_o.value) - self.first) % 256 == self.edges % 256, (
            f"cycle {cycle}: edges of the gated clock"
        )
        if self.gated is not None:
            assert int(dut.gated_o.value) == self.gated, f"cycle {cycle}: word on the gated clock"
        if self.after is not None:
            assert int(dut.after_o.value) == self.after, f"cycle {cycle}: word back on clk_i"
        self.after = self.gated
        if self.enabled:
            self.gated = int(dut.before_o.value)
            self.edges += 1
        self.enabled = self.request

    def reset(self) -> None:
        self.dut.enable_i.value = 0


@cocotb.test()
@cocotb.parametrize(("pattern", ("none", "random", "bursty", "never")))
async def loop(dut: Any, pattern: str) -> None:
    """No word is skipped or repeated between the clocks, and a closed gate has no edge."""
    agent = Loop(dut, pattern, random.Random(f"{cocotb.RANDOM_SEED} {pattern}"))
    bench = Bench(dut, [agent])
    await bench.start()
    await bench.step(500)
    assert agent.edges == {"none": 499, "never": 0}.get(pattern, agent.edges)
    assert pattern == "never" or agent.edges > 100


@cocotb.test()
async def whole_pulses(dut: Any) -> None:
    """The gated clock is high exactly in the high half of the cycles that are let through."""
    await Bench(dut, []).start()
    rng = random.Random(cocotb.RANDOM_SEED)
    gated = dut.u_gate.clk_o
    dut.enable_i.value = enabled = 0
    for cycle in range(200):
        await FallingEdge(dut.clk_i)
        dut.enable_i.value = request = rng.getrandbits(1)
        await Timer(1, "ns")
        low = int(gated.value)
        await RisingEdge(dut.clk_i)
        await Timer(1, "ns")
        begin = int(gated.value)
        await Timer(3, "ns")
        end = int(gated.value)
        if cycle:  # what was enabled before the first cycle is not known
            assert (low, begin, end) == (0, enabled, enabled), f"cycle {cycle}"
        enabled = request
