# SPDX-License-Identifier: Apache-2.0
"""What surrounds serial_bridge in its bench: the serial line, registers, who takes pixels and who gives results."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from typing import Any

from driver.serial_frame import Answer, AnswerReader
from verif.board.line import HIGH, Listener, levels
from verif.streams import Driven, active

FAULTY = 0x800  # registers from here on answer with an error
POPPED = 0x40  # a read of this register takes a word away, as that of a bank does
SLVERR = 2


class SerialLine:
    """The host's end of the line: queues levels, and reads answers.

    ``answers`` has those with a right CRC-32; ``damaged`` counts bytes of which no answer came.
    """

    def __init__(self, dut: Any, cycles_a_bit: int) -> None:
        self.dut, self.cycles_a_bit = dut, cycles_a_bit
        self.rx = Driven(dut.rx_i)
        self.reset()

    def reset(self) -> None:
        self.levels: deque[int] = deque()
        self.answers: list[Answer] = []
        self.reader = AnswerReader()
        self.listener = Listener(self.cycles_a_bit)
        self.rx.set(HIGH)

    def send(self, data: Iterable[int]) -> None:
        """Queue bytes."""
        self.levels += levels(data, self.cycles_a_bit)

    def drive(self) -> None:
        self.rx.set(self.levels.popleft() if self.levels else HIGH)

    def sample(self, cycle: int) -> None:
        self.listener.take(int(self.dut.tx_o.value))
        if self.listener.received:
            byte = self.listener.received.pop()
            assert byte is not None, "an answer has a stop bit that is low"
            self.answers += self.reader.feed(bytes([byte]))


class Registers:
    """AXI4-Lite registers: ``values`` by address, ``writes`` in order; reads of POPPED give 1, 2, 3, ...

    Readies and responses come as ``pattern`` says. What is offered must not change before it is taken.
    """

    def __init__(self, dut: Any, pattern: str, rng: random.Random) -> None:
        self.dut = dut
        self.pattern = active(pattern, rng)
        names = ("awready", "wready", "arready", "bvalid", "bresp", "rvalid", "rresp", "rdata")
        self._busy = [getattr(dut, f"m_axil_{name}") for name in ("awvalid", "wvalid", "bready", "arvalid", "rready")]
        self.pins = {name: Driven(getattr(dut, f"m_axil_{name}")) for name in names}
        self.reset()

    def reset(self) -> None:
        self.values: dict[int, int] = {}
        self.writes: list[tuple[int, int]] = []
        self.reads: list[int] = []
        self.popped = 0
        self._address: int | None = None
        self._data: int | None = None
        self._read: int | None = None
        self._answered = self._responding = False
        self._offered: dict[str, int] = {}
        for pin in self.pins.values():
            pin.set(0)

    def drive(self) -> None:
        go = [next(self.pattern) for _ in range(4)]
        self.pins["awready"].set(int(go[0] and self._address is None))
        self.pins["wready"].set(int(go[1] and self._data is None))
        self.pins["arready"].set(int(go[2] and self._read is None))
        if self._answered:
            self.pins["bvalid"].set(0)
            self.pins["rvalid"].set(0)
            self._answered = self._responding = False
        if not self._responding and go[3]:
            if self._address is not None and self._data is not None:
                fault = self._address >= FAULTY
                if not fault:
                    self.writes.append((self._address, self._data))
                    self.values[self._address] = self._data
                self.pins["bresp"].set(SLVERR if fault else 0)
                self.pins["bvalid"].set(1)
                self._responding = True
            elif self._read is not None:
                fault = self._read >= FAULTY
                self.reads.append(self._read)
                self.popped += self._read == POPPED
                value = self.popped if self._read == POPPED else self.values.get(self._read, self._read * 0x10001)
                self.pins["rdata"].set(0xDEAD if fault else value)
                self.pins["rresp"].set(SLVERR if fault else 0)
                self.pins["rvalid"].set(1)
                self._responding = True

    def _value(self, name: str) -> int:
        return int(getattr(self.dut, f"m_axil_{name}").value)

    def _held(self, channel: str, *fields: str) -> None:
        """What waits stays."""
        now = sum(self._value(field) << 64 * i for i, field in enumerate(fields))
        waits, taken = self._value(f"{channel}valid"), self._value(f"{channel}ready")
        if channel in self._offered:
            assert waits, f"{channel}valid fell before it was taken"
            assert now == self._offered.pop(channel), f"{channel} changed while it waited"
        if waits and not taken:
            self._offered[channel] = now

    def sample(self, cycle: int) -> None:
        if not (self._offered or any(pin.value == 1 for pin in self._busy)):
            return  # nothing is asked for
        self._held("aw", "awaddr")
        self._held("w", "wdata", "wstrb")
        self._held("ar", "araddr")
        if self._value("awvalid") and self._value("awready"):
            self._address = self._value("awaddr")
        if self._value("wvalid") and self._value("wready"):
            assert self._value("wstrb") == 0xF
            self._data = self._value("wdata")
        if self._value("arvalid") and self._value("arready"):
            self._read = self._value("araddr")
        if self._value("bvalid") and self._value("bready"):
            self._address = self._data = None
            self._answered = True
        if self._value("rvalid") and self._value("rready"):
            self._read = None
            self._answered = True


class Pixels:
    """Takes pixels; ``images`` has (label, pixels) of each image that was complete."""

    def __init__(self, dut: Any, pattern: str, rng: random.Random) -> None:
        self.dut, self.ready = dut, Driven(dut.m_axis_tready)
        self.pattern = active(pattern, rng)
        self.stopped = False  # takes nothing
        self.reset()

    def reset(self) -> None:
        self.images: list[tuple[int, bytes]] = []
        self.begun = 0  # pixels of an image that is not complete
        self._pixels, self._label = bytearray(), 0
        self._waiting: tuple[int, ...] | None = None
        self.ready.set(0)

    def drive(self) -> None:
        self.ready.set(int(next(self.pattern) and not self.stopped))

    def sample(self, cycle: int) -> None:
        if self.dut.m_axis_tvalid.value != 1:
            assert self._waiting is None, "a pixel was withdrawn"
            return
        names = ("m_axis_tdata", "m_axis_tuser", "m_axis_tlast")
        word = tuple(int(getattr(self.dut, name).value) for name in names)
        assert self._waiting in (None, word), "a pixel changed while it waited"
        self._waiting = word
        if self.dut.m_axis_tready.value != 1:
            return
        self._waiting = None
        pixel, label, last = word
        if self._pixels:
            assert label == 0, "a label came with another pixel than the first"
        else:
            self._label = label
        self._pixels.append(pixel)
        if last:
            self.images.append((self._label, bytes(self._pixels)))
            self._pixels.clear()
        self.begun = len(self._pixels)


class ResultSource:
    """Offers results from a queue."""

    def __init__(self, dut: Any, pattern: str, rng: random.Random) -> None:
        self.dut, self.pattern = dut, active(pattern, rng)
        self.valid, self.data = Driven(dut.s_axis_tvalid), Driven(dut.s_axis_tdata)
        self.reset()

    def reset(self) -> None:
        self.queue: list[int] = []
        self._offered = False
        self.valid.set(0)

    def drive(self) -> None:
        if not self._offered:
            self._offered = bool(self.queue) and next(self.pattern)
            self.valid.set(int(self._offered))
            if self._offered:
                self.data.set(self.queue[0])

    def sample(self, cycle: int) -> None:
        if self._offered and self.dut.s_axis_tready.value == 1:
            self.queue.pop(0)
            self._offered = False
