# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of row_compare."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from spec.bank_payload import words_to_integers
from spec.folding import LayerFolding, pack_weights
from verif.streams import Bench
from verif.unit.memory_agent import Memory
from verif.unit.ports import Monitor
from verif.unit.runtime_weights import RuntimeLayer
from verif.unit.stream_checks import generator, parameters

P = parameters()
LAYER = RuntimeLayer(P["InWords"] * P["Simd"], P["OutWords"] * P["Pe"], P["Pe"], P["Simd"], weight_bits=P["WgtW"])


@cocotb.test()
async def data(dut: Any) -> None:
    """Every pair of rows of random weights, equal ones among them; 2 * InWords + 5 cycles."""
    rng = generator()
    memory = Memory([], dut.rd_en_o, dut.rd_addr_o, dut.rd_data_i, latency=3)
    done = Monitor(dut.done_o, [dut.greater_o, dut.less_o])
    bench = Bench(dut, [memory, done])
    await bench.start()
    limit = 2 ** (P["WgtW"] - 1)
    for first in range(LAYER.outputs):
        for second in range(LAYER.outputs):
            weights = rng.integers(-limit, limit, (LAYER.outputs, LAYER.inputs))
            weights[:, rng.random(LAYER.inputs) < 0.3] = rng.choice([-limit, 0, limit - 1])
            lanes = pack_weights(LAYER.spec, LayerFolding(P["Pe"], P["Simd"]), weights)
            memory.words[:] = words_to_integers(lanes, P["WgtW"])
            dut.first_i.value, dut.second_i.value, dut.start_i.value = first, second, 1
            await bench.step()
            dut.start_i.value = 0
            done.words.clear()
            await bench.step(2 * P["InWords"] + 5)
            assert done.words == [(bits(weights[first] > weights[second]), bits(weights[first] < weights[second]))]


def bits(which: np.ndarray) -> int:
    """Bit i of the result is element i."""
    return sum(int(one) << i for i, one in enumerate(which))
