# SPDX-License-Identifier: Apache-2.0
"""The driver's transport to a device in cocotb: AXI4-Lite by cocotbext-axi, streams that wake Python per transaction.

The driver is blocking code: it runs in a thread of ``cocotb.task.bridge``, and each access resumes the simulation.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.task import resume
from cocotb.triggers import ClockCycles, FallingEdge, ReadOnly, RisingEdge, SimTimeoutError, with_timeout
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from driver.transport import BusError, DeviceFault, DriverError

PERIOD = 10  # ns
SWITCH_LATENCY = 3  # cycles from a command to a power switch to its acknowledge
BUS_LIMIT = 1000  # cycles after which a register access counts as hanging
IMAGE_LIMIT = 500_000  # cycles an image; the slowest preset needs a third of it


def cycle() -> int:
    """Clock cycles since the simulation began; the same from one falling edge to the next."""
    return round((get_sim_time("ns") - PERIOD / 2) // PERIOD)


class CocotbTransport:
    """A device in this simulation; see :class:`driver.transport.Transport`.

    ``taken`` and ``answered`` have the cycle of every pixel and result of the last stream. ``closed`` counts, by
    domain, how often its power switch was closed, as seen from outside.
    """

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.taken: list[int] = []
        self.answered: list[int] = []
        self.closed = [0] * len(dut.pd_switch_o)

    async def start(self) -> None:
        """Clock, power-on reset, bus master and power switches."""
        dut = self.dut
        logging.getLogger("cocotb").setLevel(logging.WARNING)
        cocotb.start_soon(Clock(dut.clk_i, PERIOD, unit="ns").start(start_high=False))
        dut.pd_ack_i.value = 0
        dut.s_axis_tvalid.value = 0
        dut.m_axis_tready.value = 1
        dut.rst_ni.value = 0
        bus = AxiLiteBus.from_prefix(dut, "s_axil")
        self._master = AxiLiteMaster(bus, dut.clk_i, dut.rst_ni, reset_active_level=False)
        write, read = self._master.write_if, self._master.read_if
        for part in (write, read, write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel):
            part.log.setLevel(logging.WARNING)
        await self.wait(3)
        dut.rst_ni.value = 1
        await self.wait(2)
        cocotb.start_soon(self._switches())

    async def _switches(self) -> None:
        """Every power switch answers after its latency."""
        before = 0
        while True:
            await self.dut.pd_switch_o.value_change
            now = self.dut.pd_switch_o.value.to_unsigned()
            for domain in range(len(self.closed)):
                self.closed[domain] += (now & ~before) >> domain & 1
            before = now
            cocotb.start_soon(self._acknowledge(now))

    async def _acknowledge(self, switches: int) -> None:
        await self.wait(SWITCH_LATENCY)
        self.dut.pd_ack_i.value = switches

    async def wait(self, cycles: int) -> None:
        """Let time pass, to the falling edge that ends as many cycles."""
        await ClockCycles(self.dut.clk_i, cycles, FallingEdge)

    # ---- Registers ------------------------------------------------------------------------------------------------
    async def _read(self, address: int) -> int:
        response = await _ends(self._master.read(address, 4), BUS_LIMIT, f"no answer from register {address:#x}")
        if response.resp != AxiResp.OKAY:
            raise BusError(f"a read of register address {address:#x} was refused")
        return int.from_bytes(response.data, "little")

    async def _write(self, address: int, words: np.ndarray) -> None:
        for number, word in enumerate(words, 1):
            written = self._master.write(address, int(word).to_bytes(4, "little"))
            response = await _ends(written, BUS_LIMIT, f"no answer from register {address:#x}")
            if response.resp != AxiResp.OKAY:
                raise BusError(f"write {number} of {len(words)} to register address {address:#x} was refused")

    def read(self, address: int) -> int:
        """See :class:`driver.transport.Transport`."""
        return resume(self._read)(address)

    def write(self, address: int, value: int) -> None:
        """See :class:`driver.transport.Transport`."""
        resume(self._write)(address, np.array([value], np.uint32))

    def write_burst(self, address: int, words: np.ndarray) -> None:
        """See :class:`driver.transport.Transport`."""
        resume(self._write)(address, words)

    # ---- Streams --------------------------------------------------------------------------------------------------
    async def _send(self, images: np.ndarray) -> None:
        """Offer pixels without a pause; Python sleeps while the device takes none."""
        dut = self.dut
        dut.s_axis_tvalid.value = 1
        for image in images:
            end = len(image) - 1
            for place, pixel in enumerate(image.tolist()):
                dut.s_axis_tdata.value = pixel
                dut.s_axis_tlast.value = int(place == end)
                await ReadOnly()
                while dut.s_axis_tready.value != 1:
                    await RisingEdge(dut.s_axis_tready)
                    await FallingEdge(dut.clk_i)
                    await ReadOnly()
                self.taken.append(cycle())
                await FallingEdge(dut.clk_i)
        dut.s_axis_tvalid.value = 0

    async def _receive(self, count: int) -> np.ndarray:
        """Take ``count`` results; Python sleeps until there is one."""
        dut, words = self.dut, []
        while len(words) < count:
            await FallingEdge(dut.clk_i)
            if dut.m_axis_tvalid.value == 1:
                words.append(dut.m_axis_tdata.value.to_unsigned())
                self.answered.append(cycle())
            else:
                await RisingEdge(dut.m_axis_tvalid)
        return np.array(words, np.uint32)

    async def _stream(self, images: np.ndarray) -> np.ndarray:
        self.taken, self.answered = [], []
        await FallingEdge(self.dut.clk_i)
        results = cocotb.start_soon(self._receive(len(images)))
        cocotb.start_soon(self._send(images))
        limit = IMAGE_LIMIT * len(images)
        return await _ends(results, limit, f"no results to {len(images)} images")

    def stream(self, images: np.ndarray, labels: Sequence[int] | None = None) -> np.ndarray:
        """See :class:`driver.transport.Transport`; it carries no labels."""
        if labels is not None:
            raise DriverError("this transport carries no labels")
        return resume(self._stream)(images)

    def run(self, cycles: int) -> None:
        """Let time pass."""
        resume(self.wait)(cycles)

    def close(self) -> None:
        """See :class:`driver.transport.Transport`; the simulation ends with its test."""


async def _ends(work: Awaitable[Any], cycles: int, otherwise: str) -> Any:
    """Result of an access, which must not hang."""

    async def awaited() -> Any:
        return await work

    try:
        return await with_timeout(cocotb.start_soon(awaited()), cycles * PERIOD, "ns")
    except SimTimeoutError:
        raise DeviceFault(f"{otherwise} after {cycles} cycles") from None
