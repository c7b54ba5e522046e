# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of weight_ram."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from verif.unit.stream_checks import generator, parameters

P = parameters()
WIDTH, DEPTH, BANKS = P["Width"], P["Depth"], P["Banks"]
CHUNKS = -(-WIDTH // 32)


@cocotb.test()
async def writes_beside_reads(dut: Any) -> None:
    """Random 32-bit writes to one bank while another is read, against a dictionary; then everything once more."""
    rng = generator()
    memory: dict[tuple[int, int], int] = {}
    for clock in (dut.clk_i, dut.wr_clk_i):
        cocotb.start_soon(Clock(clock, 10, unit="ns").start(start_high=False))
    dut.rd_en_i.value = 0
    dut.wr_en_i.value = 0
    await FallingEdge(dut.clk_i)

    def write(bank: int, address: int, chunk: int) -> None:
        value = int(rng.integers(0, 2**32))
        dut.wr_en_i.value = 1
        dut.wr_bank_i.value, dut.wr_addr_i.value = bank, address
        dut.wr_chunk_i.value, dut.wr_data_i.value = chunk, value
        mask = (2**32 - 1 << 32 * chunk) % 2**WIDTH
        place = bank, address
        memory[place] = memory.get(place, 0) & ~mask | value << 32 * chunk & mask

    async def read(bank: int, address: int, expected: int) -> None:
        dut.rd_en_i.value = 1
        dut.rd_bank_i.value, dut.rd_addr_i.value = bank, address
        await FallingEdge(dut.clk_i)
        found = dut.rd_data_o.value.to_unsigned()
        assert found == expected, f"bank {bank} word {address} is {found:#x}, expected {expected:#x}"

    # In address order first, so that every word is known.
    for bank in range(BANKS):
        for address in range(DEPTH):
            for chunk in range(CHUNKS):
                write(bank, address, chunk)
                await FallingEdge(dut.clk_i)

    for _ in range(400):
        bank, address = int(rng.integers(BANKS)), int(rng.integers(DEPTH))
        before = memory[bank, address]
        target = int(rng.integers(BANKS)), int(rng.integers(DEPTH))
        if target == (bank, address):  # excluded by the protocol
            dut.wr_en_i.value = 0
        else:
            write(*target, int(rng.integers(CHUNKS)))
        await read(bank, address, before)

    dut.wr_en_i.value = 0
    for (bank, address), value in memory.items():
        await read(bank, address, value)
        dut.rd_en_i.value = 0
        dut.rd_addr_i.value = 0
        await FallingEdge(dut.clk_i)
        assert dut.rd_data_o.value.to_unsigned() == value, "the word was not held without an enable"
