# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of runtime_dense."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from spec.network import LayerWeights
from verif import models
from verif.streams import CROSSED
from verif.unit import memory_data
from verif.unit.ports import Pulses
from verif.unit.runtime_weights import RuntimeLayer, WritePort
from verif.unit.stream_checks import Workload, check_interval, compare, generator, parameters
from verif.unit.stream_checks import start as start_streams

P = parameters()
PE, SIMD, BANKS = P["Pe"], P["Simd"], P["Banks"]
LAYER = RuntimeLayer(P["InWords"] * SIMD, P["OutWords"] * PE, PE, SIMD, P["ActW"], P["WgtW"], P["BiasW"])
INTERVAL = P["InWords"] * P["OutWords"]
BAKED = bool(P.get("Baked"))


class Dense:
    """The design with loaded banks."""

    def __init__(self, salt: str = "") -> None:
        self.rng = generator(salt)
        self.banks: dict[int, LayerWeights] = {}

    async def start(self, dut: Any, idle: str = "none", stall: str = "none", ahead: int = 1) -> Dense:
        """Start and load every bank; vectors are announced up to ``ahead`` early."""
        self.write = WritePort(dut)
        self.tags = Pulses(dut.tag_valid_i, dut.tag_bank_i, self._started, ahead)
        self.harness = await start_streams(dut, idle, stall, extra=[self.write, self.tags], slowness=P["OutWords"])
        await self.load(*range(BANKS))
        return self

    def _started(self) -> int:
        return -(-len(self.harness.source.transfers) // P["InWords"])

    def queue_load(self, bank: int) -> LayerWeights:
        weights = LAYER.random(self.rng)
        self.write.load(bank, LAYER.writes(weights))
        return weights

    async def load(self, *banks: int) -> None:
        if BAKED:  # the files that the test wrote
            self.banks[0] = LayerWeights(*memory_data.layer(LAYER.outputs, LAYER.inputs, P["WgtW"], P["BiasW"]))
            return
        for bank in banks:
            self.banks[bank] = self.queue_load(bank)
            await self.write.finish(self.harness.bench)

    def workload(self, banks: list[int]) -> Workload:
        """One random vector a bank, announced with it."""
        vectors = self.rng.integers(0, 2 ** P["ActW"], (len(banks), LAYER.inputs))
        self.tags.queue += banks
        results = np.stack([self.result(vector, bank) for vector, bank in zip(vectors, banks, strict=True)])
        lane_bits = P["ActW"] if P["Requant"] else P["AccW"]
        return Workload(models.stream(vectors, SIMD, P["ActW"]), models.stream(results, PE, lane_bits))

    def result(self, vector: np.ndarray, bank: int) -> np.ndarray:
        weights = self.banks[bank]
        sums = models.matrix_vector(weights.weight, weights.bias, vector[None])[0]
        return models.requantize(sums, P["Shift"], P["ActW"]) if P["Requant"] else sums

    def random_banks(self, count: int) -> list[int]:
        return self.rng.integers(0, BANKS, count).tolist()


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Random banks from vector to vector."""
    dense = await Dense(idle + stall).start(dut, idle, stall)
    await dense.harness.expect(dense.workload(dense.random_banks(8)))


@cocotb.test()
async def bank_switch(dut: Any) -> None:
    """Another bank with every vector costs no cycle."""
    dense = await Dense().start(dut, ahead=P["Tags"] - 1)
    banks = [i % BANKS for i in range(3 * BANKS + 3)]
    await check_interval(dense.harness, dense.workload(banks), P["OutWords"], INTERVAL, skip=1)


@cocotb.test()
async def announced_early(dut: Any) -> None:
    """As many vectors as there are tags are announced before the first word."""
    dense = await Dense().start(dut, ahead=P["Tags"])
    work = dense.workload(dense.random_banks(P["Tags"]))
    await dense.harness.bench.step(P["Tags"] + 2)
    assert not dense.tags.queue
    await dense.harness.expect(work)


@cocotb.test()
async def waits_for_its_tag(dut: Any) -> None:
    """No word moves before its vector is announced."""
    dense = await Dense().start(dut)
    work = dense.workload(dense.random_banks(1))
    held, dense.tags.queue = dense.tags.queue, []
    dense.harness.source.queue += work.inputs
    await dense.harness.bench.step(20)
    assert not dense.harness.source.transfers
    dense.tags.queue = held
    await dense.harness.expect(Workload([], work.expected))


@cocotb.test(skip=not BAKED)
async def writes_have_no_effect(dut: Any) -> None:
    """On constant weights."""
    dense = await Dense().start(dut)
    dense.queue_load(0)
    await dense.write.finish(dense.harness.bench)
    await dense.harness.expect(dense.workload([0] * 4))


@cocotb.test(skip=BANKS < 2)
async def write_while_running(dut: Any) -> None:
    """Loading one bank does not disturb vectors on the others, and the new weights are in force afterwards."""
    dense = await Dense().start(dut)
    for bank in range(BANKS):
        others = [b for b in range(BANKS) if b != bank]
        work = dense.workload([others[i % len(others)] for i in range(4)])
        weights = dense.queue_load(bank)
        await dense.harness.expect(work)
        await dense.write.finish(dense.harness.bench)
        dense.banks[bank] = weights
        await dense.harness.expect(dense.workload([bank, others[0], bank]))


@cocotb.test(skip=BANKS == 16)
async def bank_that_does_not_exist(dut: Any) -> None:
    """A write to it changes nothing, in particular not the bank with the same lower bits."""
    dense = await Dense().start(dut)
    for bank in range(BANKS, 16):
        dense.queue_load(bank)
    await dense.write.finish(dense.harness.bench)
    await dense.harness.expect(dense.workload(list(range(BANKS))))


@cocotb.test(skip=BAKED)
async def address_map(dut: Any) -> None:
    """Changing one weight by a write to the address of the module's header changes what it should, for every weight."""
    dense = await Dense().start(dut)
    weights = dense.banks[0]
    for output in range(LAYER.outputs):
        index = int(dense.rng.integers(LAYER.inputs))
        fold, p, word, s = output // PE, output % PE, index // SIMD, index % SIMD
        weights.weight[output, index] = -1 - weights.weight[output, index]
        lanes = models.fold_weights(weights.weight, PE, SIMD)[word * P["OutWords"] + fold]
        bit = (p * SIMD + s) * P["WgtW"]
        chunks = range(bit // 32, (bit + P["WgtW"] - 1) // 32 + 1)  # a weight may straddle two chunks
        chunk_bits = (-(-PE * SIMD * P["WgtW"] // 32) - 1).bit_length()
        for chunk in chunks:
            data = models.pack(lanes, P["WgtW"]) >> 32 * chunk & 0xFFFFFFFF
            address = (word * P["OutWords"] + fold) << chunk_bits | chunk
            dense.write.put(layer=0, bank=0, bias=0, address=address, data=data)
    await dense.write.finish(dense.harness.bench)
    await dense.harness.expect(dense.workload([0] * 4))


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset drops the vector in progress and the tags, and keeps the weights."""
    dense = await Dense().start(dut)
    for cycles in (1, INTERVAL // 2 + 1, INTERVAL + 1, INTERVAL + 6):
        dense.harness.source.queue += dense.workload(dense.random_banks(3)).inputs
        await dense.harness.bench.step(cycles)
        dense.tags.valid.value = 0  # the cycle that ends before the reset must not repeat a pulse
        await dense.harness.bench.reset()
        dense.harness.source.transfers.clear()
        work = dense.workload(dense.random_banks(3))
        await dense.harness.expect(work)
        compare(dense.harness.sink.words, work.expected)
        await dense.harness.bench.reset()
        dense.harness.source.transfers.clear()
