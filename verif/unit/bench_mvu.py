# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of mvu, with the weight and bias memories modelled here."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np

from verif import models
from verif.streams import CROSSED
from verif.unit.stream_checks import (
    Harness,
    Workload,
    check_held,
    check_interval,
    check_reset,
    generator,
    parameters,
    start,
)

P = parameters()
PE, SIMD, ACT_W = P["Pe"], P["Simd"], P["ActW"]
INPUTS, OUTPUTS = P["InWords"] * SIMD, P["OutWords"] * PE
LANE_W = P["OutW"] if P["Requant"] else P["AccW"]
TREE_STAGES = ((SIMD - 1).bit_length() + 1) // 2
PRODUCT_STAGES = {0: 4, 1: 3, 2: 5}[P["Multiplier"]]
INTERVAL = P["InWords"] * P["OutWords"]
CHAIN = P["OutWords"]  # words, of a queue of wide words
TO_QUEUE = PRODUCT_STAGES + 2 + P.get("Far", 0) + TREE_STAGES
WIDE = PE * LANE_W >= 64 and P["OutWords"] <= 8 and P["InWords"] > 1
# Cycles through it; a chain gives a word every other cycle.
QUEUE = CHAIN + P["OutWords"] - 1 if WIDE and INTERVAL > TO_QUEUE + 2 * CHAIN else 1
BANKS = 2


def signed(rng: np.random.Generator, bits: int, shape: tuple[int, ...]) -> np.ndarray:
    """Random signed values with the limits over-represented."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    values = rng.integers(low, high + 1, shape)
    return np.where(rng.random(shape) < 0.2, rng.choice([low, high], shape), values)


class Memory:
    """Synchronous-read memory: the word follows its enable by one cycle, and is rubbish in any other cycle."""

    def __init__(self, dut: Any, prefix: str, banks: list[list[int]]) -> None:
        self.enable = getattr(dut, f"{prefix}_en_o")
        self.bank = getattr(dut, f"{prefix}_bank_o")
        self.address = getattr(dut, f"{prefix}_addr_o")
        self.data = getattr(dut, f"{prefix}_data_i")
        self.banks = banks
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self._word: int | None = None

    def drive(self) -> None:
        self.data.value = self.rng.getrandbits(len(self.data)) if self._word is None else self._word

    def sample(self, cycle: int) -> None:
        self._word = None
        if self.enable.value == 1:
            self._word = self.banks[self.bank.value.to_unsigned()][self.address.value.to_unsigned()]

    def reset(self) -> None:
        self._word = None


class Layer:
    """Random weights in two banks, and the harness around the design."""

    def __init__(self, salt: str = "") -> None:
        self.rng = generator(salt)
        self.weights = [signed(self.rng, P["WgtW"], (OUTPUTS, INPUTS)) for _ in range(BANKS)]
        self.bias = [signed(self.rng, P["BiasW"], (OUTPUTS,)) for _ in range(BANKS)]
        self.weights[1][0] = 2 ** (P["WgtW"] - 1) - 1  # the largest and the smallest sum there can be
        self.weights[1][-1] = -(2 ** (P["WgtW"] - 1))

    async def connect(self, dut: Any, idle: str = "none", stall: str = "none") -> Harness:
        folded = [models.fold_weights(weights, PE, SIMD) for weights in self.weights]
        wgt = Memory(dut, "wgt", [models.stream(words, PE * SIMD, P["WgtW"]) for words in folded])
        bias = Memory(dut, "bias", [models.stream(values, PE, P["BiasW"]) for values in self.bias])
        return await start(dut, idle, stall, extra=[wgt, bias], in_fields=("data", "bank"), slowness=P["OutWords"])

    def vectors(self, count: int) -> Workload:
        """Vectors, each with the bank it is multiplied with; one in four is all ones."""
        data = self.rng.integers(0, 2**ACT_W, (count, INPUTS))
        data[::4] = 2**ACT_W - 1
        banks = self.rng.integers(0, BANKS, count).tolist()
        inputs, expected = [], []
        for vector, bank in zip(data, banks, strict=True):
            inputs += [(word, bank) for word in models.stream(vector, SIMD, ACT_W)]
            result = models.matrix_vector(self.weights[bank], self.bias[bank], vector[None])
            if P["Requant"]:
                result = models.requantize(result, P["Shift"], P["OutW"])
            expected += models.stream(result, PE, LANE_W)
        return Workload(inputs, expected)


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    layer = Layer(idle + stall)
    harness = await layer.connect(dut, idle, stall)
    await harness.expect(layer.vectors(24))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """A vector every InWords * OutWords cycles, and the latency of the header."""
    layer = Layer()
    harness = await layer.connect(dut)
    await check_interval(harness, layer.vectors(20), P["OutWords"], INTERVAL)
    last_in, last_out = harness.source.transfers[P["InWords"] - 1], harness.sink.transfers[P["OutWords"] - 1]
    assert last_out - last_in == TO_QUEUE + QUEUE, f"latency {last_out - last_in}"


@cocotb.test()
async def held(dut: Any) -> None:
    """The output FIFO fills, the unit stops without losing a token, and goes on."""
    layer = Layer()
    count = 40 // P["OutWords"] + 3
    await check_held(await layer.connect(dut, stall="never"), layer.vectors(count), (count + 2) * INTERVAL + 30)


@cocotb.test()
async def reset(dut: Any) -> None:
    layer = Layer()
    harness = await layer.connect(dut, "random", "random")
    await check_reset(harness, lambda: layer.vectors(4), (INTERVAL // 2 + 2, INTERVAL + 4, 2 * INTERVAL + 5))
