# SPDX-License-Identifier: Apache-2.0
"""Layers with run-time weights: random weights, their widths, and loading them through the write port.

The write sequence comes from ``hw.gen.memory``, so the benches also check that it matches the hardware's address map.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from hw.constants import constants
from hw.gen.memory import LAYER_GATE_OUT, BankWrites, bank_writes
from spec.fixedpoint import FixedPoint
from spec.folding import LayerFolding
from spec.kinds.data import LayerWeights, Shape
from spec.kinds.dense import Dense
from verif.streams import Bench, Driven


@dataclass(frozen=True)
class RuntimeLayer:
    """One dense layer as the hardware sees it; ``extra`` inputs follow the others and are padded to whole words."""

    inputs: int
    outputs: int
    pe: int
    simd: int
    act_bits: int = 8
    weight_bits: int = 8
    bias_bits: int = 16
    extra: int = 0

    @property
    def spec(self) -> Dense:
        """The layer in the network specification's terms."""
        act, weight = FixedPoint(self.act_bits, False, 0), FixedPoint(self.weight_bits, True, 0)
        shape = Shape(1, 1, self.inputs)
        return Dense.for_any_weights(
            "layer", shape, self.extra, self.outputs, act, weight, self.bias_bits, None, self.act_bits
        )

    @property
    def acc_bits(self) -> int:
        """Accumulator width that holds any weights."""
        return self.spec.accumulator.bits

    def random(self, rng: np.random.Generator) -> LayerWeights:
        """Weights and biases over their whole range."""
        weight, bias = self.spec.weight, self.spec.bias
        return LayerWeights(
            rng.integers(weight.minimum, weight.maximum, (self.outputs, self.inputs + self.extra), endpoint=True),
            rng.integers(bias.minimum, bias.maximum, self.outputs, endpoint=True),
        )

    def writes(self, weights: LayerWeights) -> BankWrites:
        """The write sequence that loads the layer, as the generator makes it for a gate's output layer."""
        moe: Any = SimpleNamespace(bank_layers=(("gate_out", self.spec),))
        folding: Any = SimpleNamespace(layers={"layer": LayerFolding(self.pe, self.simd)})
        bank: Any = SimpleNamespace(layers=lambda: (("gate_out", weights),))
        writes = bank_writes(moe, folding, bank)
        assert (writes.layer == LAYER_GATE_OUT).all()
        return writes


# weight_write_t from its highest field down, and the flat ports of moe_top.
WRITE_FIELDS = {"layer": "LayerW", "bias": None, "bank": "BankW", "address": "WriteAddrW", "data": "ChunkBits"}
FLAT_PORTS = {name: f"wr_{name}_i" for name in WRITE_FIELDS} | {"address": "wr_addr_i"}


def write_word(**fields: int) -> int:
    """An enabled weight_write_t with these fields as one number."""
    word, numbers = 1, constants()
    for name, width in WRITE_FIELDS.items():
        bits = numbers[width] if width else 1
        assert 0 <= fields[name] < 1 << bits, f"{name} is {fields[name]}, which has more than {bits} bits"
        word = word << bits | fields[name]
    return word


class WritePort:
    """Agent for ``write_i``, or the flat ``wr_*`` of a top level: writes one queued chunk a cycle."""

    def __init__(self, dut: Any) -> None:
        self.queue: list[dict[str, int]] = []
        self._word = Driven(dut.write_i) if hasattr(dut, "write_i") else None
        if self._word is None:
            self._enable = Driven(dut.wr_en_i)
            self._fields = {name: getattr(dut, port) for name, port in FLAT_PORTS.items()}

    def load(self, bank: int, writes: BankWrites, layer: int = 0) -> None:
        """Queue the writes of a layer, to be written as ``layer``."""
        for bias, address, data in zip(writes.bias, writes.address, writes.data, strict=True):
            self.put(layer=layer, bank=bank, bias=int(bias), address=int(address), data=int(data))

    def put(self, **fields: int) -> None:
        """Queue one write."""
        self.queue.append(fields)

    async def finish(self, bench: Bench) -> None:
        """Run until all writes are done."""
        await bench.run_until(lambda: not self.queue, len(self.queue) + 1)
        await bench.step()

    def drive(self) -> None:
        fields = self.queue.pop(0) if self.queue else None
        if self._word:
            self._word.set(write_word(**fields) if fields else 0)
            return
        self._enable.set(int(fields is not None))
        for name, value in (fields or {}).items():
            self._fields[name].value = value

    def sample(self, cycle: int) -> None: ...
    def reset(self) -> None:
        self.queue.clear()
        self.drive()
