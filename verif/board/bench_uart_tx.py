# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of uart_tx: every cycle of the line, with and without pauses."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from verif.board.line import Listener
from verif.streams import PATTERNS, Bench, StreamSource
from verif.unit.ports import Renamed
from verif.unit.stream_checks import generator, parameters

DIVISOR = parameters()["Divisor"]


class Ear:
    """Listens to tx_o."""

    def __init__(self, dut: Any) -> None:
        self.dut, self.listener = dut, Listener(DIVISOR)

    def drive(self) -> None: ...

    def sample(self, cycle: int) -> None:
        self.listener.take(int(self.dut.tx_o.value))

    def reset(self) -> None:
        self.listener = Listener(DIVISOR)


@cocotb.test()
@cocotb.parametrize(idle=PATTERNS)
async def data(dut: Any, idle: str) -> None:
    names = Renamed(dut, s_valid_i="valid_i", s_ready_o="ready_o", s_data_i="data_i")
    source, ear = StreamSource(names, "s", idle, random.Random(3)), Ear(dut)
    bench = Bench(dut, [source, ear])
    await bench.start()
    ear.reset()
    sent = [int(byte) for byte in generator(idle).integers(0, 256, 40)]
    source.queue.extend(sent)
    await bench.run_until(lambda: len(ear.listener.received) == len(sent), 40 * 10 * DIVISOR + 5000)
    assert ear.listener.received == sent
    if idle == "none":
        gaps = {b - a for a, b in zip(source.transfers, source.transfers[1:], strict=False)}
        assert gaps == {10 * DIVISOR}, f"bytes follow each other after {gaps} cycles"
