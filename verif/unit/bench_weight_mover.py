# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of weight_mover."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from golden.learner import moving
from spec.bank_payload import words_to_integers
from spec.folding import LayerFolding, pack_weights
from spec.learning import LARGEST_SHIFT, SMALLEST_SHIFT
from verif.streams import PATTERNS, Bench, active
from verif.unit.memory_agent import Memory, Writer
from verif.unit.ports import Monitor
from verif.unit.runtime_weights import RuntimeLayer
from verif.unit.stream_checks import generator, parameters

P = parameters()
LAYER = RuntimeLayer(P["InWords"] * P["Simd"], P["OutWords"] * P["Pe"], P["Pe"], P["Simd"], weight_bits=P["WgtW"])
INPUTS, OUTPUTS, PAIR = LAYER.inputs, LAYER.outputs, bool(P["Pair"])


def packed(weights: np.ndarray) -> list[int]:
    """Memory words of weights (outputs, inputs)."""
    lanes = pack_weights(LAYER.spec, LayerFolding(P["Pe"], P["Simd"]), weights)
    return words_to_integers(lanes, P["WgtW"])


class Mover:
    """The design with a weight memory and a vector of inputs."""

    def __init__(self, dut: Any, pattern: str) -> None:
        self.dut, self.rng = dut, generator(pattern)
        self.weights = Memory([], dut.rd_en_o, dut.rd_addr_o, dut.rd_data_i, latency=3)
        self.inputs = Memory([], dut.rd_en_o, dut.x_addr_o, dut.x_data_i)
        self.writer = Writer(self.weights, dut, "wr", active(pattern, random.Random(pattern)))
        self.done = Monitor(dut.done_o, [dut.lost_o])
        self.bench = Bench(dut, [self.weights, self.inputs, self.writer, self.done])

    async def move(self, weights: np.ndarray, x: np.ndarray, directions: np.ndarray, shift: int, dither: int) -> int:
        """Move once and compare every word; returns the cycles from start to done."""
        dut = self.dut
        self.weights.words[:] = packed(weights)
        self.inputs.words[:] = words_to_integers(x.reshape(-1, P["Simd"]), 8)
        dut.up_row_i.value, dut.down_row_i.value = int(np.argmax(directions)), int(np.argmin(directions))
        dut.up_i.value = sum(int(d > 0) << i for i, d in enumerate(directions))
        dut.down_i.value = sum(int(d < 0) << i for i, d in enumerate(directions))
        dut.shift_i.value, dut.dither_i.value = shift, dither
        dut.start_i.value = 1
        self.done.words.clear()
        await self.bench.step()
        dut.start_i.value = 0
        cycles = 0
        while not self.done.words:
            await self.bench.step()
            cycles += 1
            assert cycles < 100 * len(self.weights.words) + 100, "done_o does not come"
        limit = 2 ** (P["WgtW"] - 1)
        wanted = weights + directions[:, None] * moving(x, shift, dither)
        kept = np.clip(wanted, -limit, limit - 1)
        assert self.weights.words == packed(kept)
        assert self.done.words == [(int((wanted != kept).sum()),)]
        await self.bench.step(3)
        return cycles

    def directions(self) -> np.ndarray:
        """One row up and one down, or anything of every row."""
        if not PAIR:
            return self.rng.integers(-1, 2, OUTPUTS)
        found = np.zeros(OUTPUTS, int)
        up, down = self.rng.permutation(OUTPUTS)[:2]
        found[up], found[down] = 1, -1
        return found


@cocotb.test()
@cocotb.parametrize(pattern=PATTERNS)
async def data(dut: Any, pattern: str) -> None:
    """Random weights, many of them at the end of their range, every shift, every fold."""
    mover = Mover(dut, pattern)
    await mover.bench.start()
    rng, limit = mover.rng, 2 ** (P["WgtW"] - 1)
    for i in range(24):
        weights = rng.integers(-limit, limit, (OUTPUTS, INPUTS))
        weights = np.where(rng.random(weights.shape) < 0.3, rng.choice([-limit, limit - 1], weights.shape), weights)
        x = rng.integers(0, 256, INPUTS)
        x[rng.random(INPUTS) < 0.3] = 255
        shift = SMALLEST_SHIFT + i % (LARGEST_SHIFT - SMALLEST_SHIFT + 1)
        await mover.move(weights, x, mover.directions(), shift, int(rng.integers(1 << 16)))


@cocotb.test()
async def latency(dut: Any) -> None:
    """A word a cycle: words times folds (or the one or two of a pair of rows), and six cycles."""
    mover = Mover(dut, "none")
    await mover.bench.start()
    for _ in range(6):
        directions = mover.directions()
        folds = len({int(i) // P["Pe"] for i in np.flatnonzero(directions)}) if PAIR else P["OutWords"]
        weights = mover.rng.integers(-5, 5, (OUTPUTS, INPUTS))
        cycles = await mover.move(weights, mover.rng.integers(0, 256, INPUTS), directions, 8, 0)
        assert cycles == P["InWords"] * folds + 6
