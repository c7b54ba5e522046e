# SPDX-License-Identifier: Apache-2.0
"""cocotb bench of local_expert."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from hw.gen.memory import LAYER_NUMBERS
from spec.network import LayerWeights
from verif import models
from verif.streams import CROSSED
from verif.unit.ports import Pulses
from verif.unit.runtime_weights import RuntimeLayer, WritePort
from verif.unit.stream_checks import Workload, check_interval, check_reset, generator, parameters
from verif.unit.stream_checks import start as start_streams

P = parameters()
SHAPE = (P["Height"], P["Width"], P["Channels"])
FRAME_WORDS = P["Height"] * P["Width"] * P["Channels"] // P["Lanes"]
POOL = (models.max_pool, models.average_pool, models.max_average_pool)[P.get("PoolKind", 0)]
POOLED = POOL(np.zeros(SHAPE, np.int64), P["PoolSize"]).size
TYPES = (P["ActW"], P["WgtW"], P["BiasW"])
HIDDEN = RuntimeLayer(POOLED, P["Hidden"], P["HiddenPe"], P["HiddenSimd"], *TYPES) if P["Hidden"] else None
OUT = RuntimeLayer(HIDDEN.outputs if HIDDEN else POOLED, P["Classes"], P["OutPe"], P["OutSimd"], *TYPES)
LAYERS = (HIDDEN, OUT) if HIDDEN else (OUT,)
NUMBERS = [LAYER_NUMBERS[name] for name in ("le0_hidden", "le0")][-len(LAYERS) :]  # in weight writes
BUSY = max(layer.inputs // layer.simd * (layer.outputs // layer.pe) for layer in LAYERS)  # cycles a frame


class Expert:
    """The design with loaded banks; bank 0 is made for ties."""

    async def start(self, dut: Any, idle: str = "none", stall: str = "none") -> Expert:
        self.rng = generator(idle + stall)
        self.write = WritePort(dut)
        self.tags = Pulses(dut.frame_start_i, dut.bank_i, self._started)
        self.harness = await start_streams(
            dut,
            idle,
            stall,
            extra=[self.write, self.tags],
            out_fields=("class", "top", "margin"),
            slowness=FRAME_WORDS + BUSY,
        )
        self.banks = [[layer.random(self.rng) for layer in LAYERS] for _ in range(P["Banks"])]
        # Equal rows in pairs, the last pair is the strongest: a tie between the last two classes.
        rows = np.sort(self.rng.integers(0, 2 ** (P["WgtW"] - 1), -(-P["Classes"] // 2)).repeat(2))[-P["Classes"] :]
        self.banks[0][-1] = LayerWeights(np.repeat(rows[:, None], OUT.inputs, axis=1), np.zeros(P["Classes"], np.int64))
        for bank, expert in enumerate(self.banks):
            for number, layer, weights in zip(NUMBERS, LAYERS, expert, strict=True):
                self.write.load(bank, layer.writes(weights), number)
        await self.write.finish(self.harness.bench)
        return self

    def _started(self) -> int:
        return -(-len(self.harness.source.transfers) // FRAME_WORDS)

    def workload(self, frames: int) -> Workload:
        """Random frames, each announced with a random bank."""
        self.harness.source.transfers.clear()
        self.tags.sent = 0
        features = self.rng.integers(0, 2 ** P["ActW"], (frames, *SHAPE))
        features[0] = 0 if frames > 1 else features[0]  # all logits are biases
        banks = self.rng.integers(0, P["Banks"], frames).tolist()
        self.tags.queue += banks
        answers = [self.answer(image, self.banks[bank]) for image, bank in zip(features, banks, strict=True)]
        return Workload(models.stream(features, P["Lanes"], P["ActW"]), answers)

    def answer(self, image: np.ndarray, expert: list[LayerWeights]) -> tuple[int, int, int]:
        """Class, top logit and margin as they leave."""
        vector = POOL(image, P["PoolSize"]).reshape(1, -1)
        for weights in expert[:-1]:
            sums = models.matrix_vector(weights.weight, weights.bias, vector)
            vector = models.requantize(sums, P["HiddenShift"], P["ActW"])
        logits = models.matrix_vector(expert[-1].weight, expert[-1].bias, vector)[0]
        index, top, second = models.arg_max(logits)
        confidence = models.requantize(np.array([top, top - second]), P["ConfidenceShift"], P["ActW"])
        return index, int(confidence[0]), int(confidence[1])


@cocotb.test()
@cocotb.parametrize((("idle", "stall"), CROSSED))
async def data(dut: Any, idle: str, stall: str) -> None:
    """Random frames with a random bank each."""
    expert = await Expert().start(dut, idle, stall)
    work = expert.workload(16)
    assert len({answer[0] for answer in work.expected}) > 1 and any(answer[2] == 0 for answer in work.expected)
    await expert.harness.expect(work)


@cocotb.test()
async def throughput(dut: Any) -> None:
    """The largest of the frame's words and the dense layers' cycles, each frame with its own bank."""
    expert = await Expert().start(dut)
    work = expert.workload(8)
    # The first frames fill the pooling register in front of the dense layer.
    await check_interval(expert.harness, work, 1, max(FRAME_WORDS, BUSY), skip=4)


@cocotb.test()
async def reset(dut: Any) -> None:
    """A reset in every phase; weights survive."""
    expert = await Expert().start(dut)
    phases = (1, FRAME_WORDS // 2, FRAME_WORDS + 1, FRAME_WORDS + BUSY, FRAME_WORDS + BUSY + P["Classes"])
    await check_reset(expert.harness, lambda: expert.workload(3), phases)
