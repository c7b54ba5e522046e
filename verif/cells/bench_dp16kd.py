# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of DP16KD: random writes and reads of both ports, beside a list of bits that does the same."""

from __future__ import annotations

import os
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from verif.cells.block_memory import Memory, initial_groups
from verif.unit.stream_checks import generator, parameters

P = parameters()
WIDTH_A, WIDTH_B = P["DATA_WIDTH_A"], P["DATA_WIDTH_B"]
KEEPS_OLD = os.environ.get("DP16KD_READS_OLD") == "1"
ROUNDS = 600


def drive(dut: Any, prefix: str, value: int, bits: int) -> None:
    """Set a bus whose bits are ports of their own."""
    for i in range(bits):
        getattr(dut, f"{prefix}{i}").value = value >> i & 1


def seen(dut: Any, prefix: str, bits: int) -> int:
    return sum(int(getattr(dut, f"{prefix}{i}").value) << i for i in range(bits))


@cocotb.test()
async def random_accesses(dut: Any) -> None:
    """Every read is of what was written before it, or of the initial contents, and stays while nothing is read."""
    rng = generator()
    memory = Memory(initial_groups())
    for port in "AB":
        for name in ("RST", "CE", "WE", "OCE"):
            getattr(dut, f"{name}{port}").value = 0
        for i in range(3):
            getattr(dut, f"CS{port}{i}").value = 0
        drive(dut, f"DI{port}", 0, 18)
        drive(dut, f"AD{port}", 0, 14)
        Clock(getattr(dut, f"CLK{port}"), 10, unit="ns").start()
    await FallingEdge(dut.CLKA)
    few = rng.integers(0, 1 << 14, 12)  # addresses that come again
    read_a = read_b = None
    for _ in range(ROUNDS):
        address_a, address_b = (int(rng.choice(few)) ^ int(rng.integers(64)) for _ in range(2))
        data = int(rng.integers(0, 1 << 36))
        enable_a, enable_b, write = (bool(rng.random() < share) for share in (0.8, 0.8, 0.5))
        drive(dut, "ADA", address_a, 14)
        drive(dut, "ADB", address_b, 14)
        drive(dut, "DIA", data & 0x3FFFF, 18)
        drive(dut, "DIB", data >> 18, 18)
        dut.CEA.value, dut.CEB.value, dut.WEA.value = enable_a, enable_b, write
        await FallingEdge(dut.CLKA)
        if enable_a and (not write or KEEPS_OLD):
            read_a = memory.read(address_a, WIDTH_A)
        if enable_b:
            read_b = memory.read(address_b, WIDTH_B)
        if enable_a and write:
            memory.write(address_a, WIDTH_A, data)
        if WIDTH_B == 36:
            if read_b is not None:
                assert seen(dut, "DOA", 18) | seen(dut, "DOB", 18) << 18 == read_b
            continue
        if read_b is not None:
            assert seen(dut, "DOB", WIDTH_B) == read_b
        if read_a is not None and WIDTH_A != 36:
            assert seen(dut, "DOA", WIDTH_A) == read_a
    assert np.any(memory.groups != initial_groups())
