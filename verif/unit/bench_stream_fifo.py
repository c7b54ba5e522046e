# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of stream_fifo and stream_chain, and of queues without their parameter: stream_skid of two words,
feature_register of two or one."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from verif.streams import CROSSED
from verif.unit.stream_checks import Workload, check_held, check_interval, check_reset, generator, parameters, start

P = parameters()
APART = bool(P.get("Apart"))
DEPTH = P.get("Depth", 1 if APART else 2)


def words(rng: np.random.Generator, count: int) -> Workload:
    data = [int.from_bytes(rng.bytes(16), "little") % 2 ** P["Width"] for _ in range(count)]
    return Workload(data, list(data))


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    harness = await start(dut, idle, stall)
    await harness.expect(words(generator(idle + stall), 300))


@cocotb.test()
async def throughput(dut: Any) -> None:
    interval = 2 if APART or dut._name == "stream_chain" else 1
    await check_interval(await start(dut), words(generator(), 100), 1, interval)


@cocotb.test()
async def depth(dut: Any) -> None:
    """It takes exactly Depth words when nobody reads."""
    harness = await start(dut, stall="never")
    harness.source.queue.extend(words(generator(), DEPTH + 5).inputs)
    await harness.bench.step(DEPTH + 20)
    assert len(harness.source.transfers) == DEPTH


@cocotb.test()
async def held(dut: Any) -> None:
    await check_held(await start(dut, stall="never"), words(generator(), 3 * DEPTH), DEPTH + 20)


@cocotb.test()
async def reset(dut: Any) -> None:
    harness = await start(dut, "random", "bursty")
    rng = generator()
    await check_reset(harness, lambda: words(rng, 60), (5, 17, 40))
