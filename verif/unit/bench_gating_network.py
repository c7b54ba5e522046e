# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of gating_network."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from hw.gen.memory import LAYER_GATE_HIDDEN, LAYER_GATE_OUT
from spec.network import LayerWeights
from verif import models
from verif.streams import CROSSED, StreamSource
from verif.unit.ports import Level, Pulses, Renamed
from verif.unit.runtime_weights import RuntimeLayer, WritePort
from verif.unit.stream_checks import Workload, check_interval, check_reset, generator, parameters
from verif.unit.stream_checks import start as start_streams

P = parameters()
EXPERTS, HIDDEN, BANKS = P["LocalExperts"], P["Hidden"], P["Banks"]
SHAPE = (P["Height"], P["Width"], P["Channels"])
FRAME_WORDS = P["Height"] * P["Width"] * P["Channels"] // P["Lanes"]
POOL = (models.max_pool, models.average_pool, models.max_average_pool)[P.get("PoolKind", 0)]
POOLED = POOL(np.zeros(SHAPE, np.int64), P["PoolSize"]).size
EXTRA = 2 * EXPERTS if P["Confidence"] else 0
ACT_BITS = P["ActW"]
TYPES = (ACT_BITS, P["WgtW"], P["BiasW"])
OUT_INPUTS, OUT_EXTRA = (HIDDEN, 0) if HIDDEN else (POOLED, EXTRA)
OUT = RuntimeLayer(OUT_INPUTS, EXPERTS + 1, P["OutPe"], P["OutSimd"], *TYPES, extra=OUT_EXTRA)
HIDDEN_LAYER = RuntimeLayer(POOLED, HIDDEN, P["HiddenPe"], P["HiddenSimd"], *TYPES, extra=EXTRA) if HIDDEN else None


def busy(layer: RuntimeLayer) -> int:
    """Cycles a frame of a dense layer; the extra inputs are padded to whole words."""
    return (layer.inputs // layer.simd + -(-layer.extra // layer.simd)) * (layer.outputs // layer.pe)


SLOWEST = max(FRAME_WORDS, busy(OUT), busy(HIDDEN_LAYER) if HIDDEN_LAYER else 0)


class Gate:
    """The design with loaded banks, confidences, and the threshold of the oldest frame without a decision."""

    async def start(self, dut: Any, idle: str = "none", stall: str = "none", late: str = "none") -> Gate:
        self.rng = generator(idle + stall)
        self.write = WritePort(dut)
        self.tags = Pulses(dut.frame_start_i, dut.bank_i, self._started)
        ports = Renamed(dut, confidence_data_i="confidence_i")
        self.thetas: list[int] = []
        extra = [self.write, self.tags, Level(lambda: {dut.theta_i: self._theta()})]
        self.confidences = None
        self.harness = await start_streams(dut, idle, stall, extra=extra, out_fields=("expert",), slowness=SLOWEST)
        if P["Confidence"]:
            self.confidences = StreamSource(ports, "confidence", late, self.harness.source.rng)
            self.harness.bench.agents.append(self.confidences)
        self.hidden: list[LayerWeights] = []
        self.out: list[LayerWeights] = []
        for bank in range(BANKS):
            if HIDDEN_LAYER:
                self.hidden.append(HIDDEN_LAYER.random(self.rng))
                self.write.load(bank, HIDDEN_LAYER.writes(self.hidden[-1]), LAYER_GATE_HIDDEN)
            self.out.append(OUT.random(self.rng))
            self.write.load(bank, OUT.writes(self.out[-1]), LAYER_GATE_OUT)
        await self.write.finish(self.harness.bench)
        return self

    def _started(self) -> int:
        return -(-len(self.harness.source.transfers) // FRAME_WORDS)

    def _theta(self) -> int:
        index = len(self.harness.sink.words) - self.first if self.thetas else 0
        return self.thetas[index] if index < len(self.thetas) else 0

    def workload(self, frames: int) -> Workload:
        """Random frames, banks and confidences; thresholds on both sides of the deciding difference."""
        self.harness.source.transfers.clear()
        self.tags.sent = 0
        self.first = len(self.harness.sink.words)
        features = self.rng.integers(0, 2**ACT_BITS, (frames, *SHAPE))
        confidences = self.rng.integers(0, 2**ACT_BITS, (frames, 2 * EXPERTS))
        banks = self.rng.integers(0, BANKS, frames).tolist()
        self.tags.queue += banks
        if self.confidences:
            self.confidences.queue += models.stream(confidences, 2 * EXPERTS, ACT_BITS)
        self.thetas, decisions = [], []
        for i in range(frames):
            logits = self.logits(features[i], confidences[i], banks[i])
            difference = max(logits[1:]) - logits[0]
            theta = difference - 1 if i % 2 else (difference, difference + 1)[i // 2 % 2]
            self.thetas.append(theta)
            decisions.append(1 + logits[1:].index(max(logits[1:])) if difference > theta else 0)
        return Workload(models.stream(features, P["Lanes"], ACT_BITS), decisions)

    def logits(self, image: np.ndarray, confidence: np.ndarray, bank: int) -> list[int]:
        """The gate's logits, generic first."""
        x = POOL(image, P["PoolSize"]).reshape(-1)
        if P["Confidence"]:
            x = np.concatenate([x, confidence])
        if HIDDEN:
            sums = models.matrix_vector(self.hidden[bank].weight, self.hidden[bank].bias, x[None])
            x = models.requantize(sums, P["HiddenShift"], ACT_BITS)[0]
        return models.matrix_vector(self.out[bank].weight, self.out[bank].bias, x[None])[0].tolist()


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Random frames with a bank and a threshold each; the confidences come when they like."""
    late = {"none": "bursty", "random": "none", "bursty": "random"}[idle]
    gate = await Gate().start(dut, idle, stall, late)
    work = gate.workload(16)
    assert 0 in work.expected and set(work.expected) > {0}
    await gate.harness.expect(work)


@cocotb.test(skip=not P["Confidence"])
async def waits_for_the_confidence(dut: Any) -> None:
    """No decision without the local experts' confidences."""
    gate = await Gate().start(dut, late="never")
    work = gate.workload(1)
    gate.harness.source.queue += work.inputs
    await gate.harness.bench.step(FRAME_WORDS + 3 * SLOWEST + 30)
    assert not gate.harness.sink.words
    gate.confidences.pattern = iter(lambda: True, None)
    await gate.harness.expect(Workload([], work.expected))


@cocotb.test()
async def throughput(dut: Any) -> None:
    """The largest of the frame's words and the layers' cycles."""
    gate = await Gate().start(dut)
    await check_interval(gate.harness, gate.workload(8), 1, SLOWEST, skip=4)


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset in every phase; weights survive."""
    gate = await Gate().start(dut)
    phases = (1, FRAME_WORDS // 2, FRAME_WORDS + 1, FRAME_WORDS + SLOWEST, FRAME_WORDS + SLOWEST + 12)
    await check_reset(gate.harness, lambda: gate.workload(3), phases)
