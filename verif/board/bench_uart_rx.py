# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of uart_rx: bytes at several rates, spikes, false starts, stop bits that are low, breaks."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import cocotb

from verif.board.line import levels
from verif.streams import Bench
from verif.unit.stream_checks import parameters

DIVISOR = parameters()["Divisor"]
OFF = {"exact": 1.0, "fast": 0.97, "slow": 1.03}


class Line:
    """Puts levels on rx_i; ``found`` has the bytes that came out, and None for an error."""

    def __init__(self, dut: Any) -> None:
        self.dut, self.levels, self.found = dut, [], []

    def drive(self) -> None:
        self.dut.rx_i.value = self.levels.pop(0) if self.levels else 1

    def sample(self, cycle: int) -> None:
        if self.dut.valid_o.value == 1:
            self.found.append(int(self.dut.data_o.value))
        if self.dut.error_o.value == 1:
            self.found.append(None)

    def reset(self) -> None:
        self.levels, self.found = [], []
        self.dut.rx_i.value = 1


async def found(dut: Any, line_levels: Iterable[int], quiet: int = 4) -> list[int | None]:
    """What comes of levels that begin ``quiet`` cycles after reset."""
    line = Line(dut)
    bench = Bench(dut, [line])
    await bench.start()
    await bench.step(quiet)
    line.levels = list(line_levels)
    await bench.step(len(line.levels) + 12 * DIVISOR)
    return line.found


@cocotb.test()
@cocotb.parametrize(rate=list(OFF))
async def data(dut: Any, rate: str) -> None:
    """All bytes without pauses, and with pauses that are no whole bits."""
    rng = random.Random(1)
    sent = [0x00, 0xFF, 0x55, 0xAA, *rng.sample(range(256), 60)]
    line = list(levels(sent, DIVISOR * OFF[rate]))
    assert await found(dut, line) == sent
    line = [level for byte in sent for level in [*levels([byte], DIVISOR * OFF[rate]), *[1] * rng.randrange(40)]]
    assert await found(dut, line) == sent


@cocotb.test()
async def spikes(dut: Any) -> None:
    """One wrong cycle in every bit changes no byte, and a short low level on a quiet line is none."""
    rng = random.Random(2)
    sent = rng.sample(range(256), 40)
    line = list(levels(sent, DIVISOR))
    for start in range(0, len(line), DIVISOR):
        place = start + rng.randrange(1, DIVISOR - 1)
        line[place] ^= 1
    quiet = [*[1] * 20, *[0] * (DIVISOR // 2 - 1), *[1] * 20]
    assert await found(dut, quiet + line) == sent


@cocotb.test()
async def low_stop_bits(dut: Any) -> None:
    """A stop bit that is low is an error and no byte; so is a break, however long, once."""
    good = list(levels([0x3C], DIVISOR))
    bad = good[: 9 * DIVISOR] + [0] * DIVISOR
    line = [*good, *bad, *[1] * DIVISOR, *good, *[0] * 35 * DIVISOR, *[1] * DIVISOR, *good]
    assert await found(dut, line) == [0x3C, None, 0x3C, None, 0x3C]


@cocotb.test()
async def low_at_reset(dut: Any) -> None:
    """A line that is low when the reset ends is neither a byte nor an error, however long."""
    for cycles in (1, DIVISOR, 35 * DIVISOR):
        line = [*[0] * cycles, *[1] * 11 * DIVISOR, *levels([0x3C], DIVISOR)]
        assert await found(dut, line, quiet=0) == [0x3C], f"low for {cycles} cycles"


@cocotb.test()
async def latency(dut: Any) -> None:
    """From the first low cycle on the pin to the byte, as the header says."""
    line = Line(dut)
    bench = Bench(dut, [line])
    await bench.start()
    await bench.step(4)
    line.levels, start = list(levels([0x3C], DIVISOR)), bench.cycle
    await bench.run_until(lambda: bool(line.found), 12 * DIVISOR)
    assert bench.cycle - 1 - start == 9 * DIVISOR + DIVISOR // 2 + 3
