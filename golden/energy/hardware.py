# SPDX-License-Identifier: Apache-2.0
"""The device's view: its counters times a table of energies, with the widths of specification and folding.

A proxy: see ``ASSUMPTIONS`` in :mod:`golden.energy.operations`. What is held (leakage, clock) is a figure of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from golden.energy.operations import OPERATIONS, Operations
from spec.domains import ALWAYS_ON, domain_layers
from spec.folding import Folding
from spec.kinds.data import Activity
from spec.kinds.matrix import MatrixLayer
from spec.network import Moe
from spec.storage import feature_store_bits, feature_word_bits

KINDS = ("mac", "weights", "buffers", "dram")
BANK_WORD_BITS = 32


class Weights(Enum):
    """Where weights come from; the number of reads on chip is the same in each."""

    ON_CHIP = "all weights on chip"
    GE_DRAM = "GE weights from DRAM once an image, LE and GN on chip"
    ALL_DRAM = "all weights from DRAM once an image, as in the paper's Table 3"


class PartCounts(Protocol):
    """Counters of one domain, as in ``driver.counters.DomainCounters``."""

    on_cycles: int
    macs: int
    weight_reads: int
    buffer_writes: int
    wake_ups: int


class DeviceCounts(Protocol):
    """Counters of the device, as in ``driver.Counters``; ``domains`` has the keys fe, ge, le, gn."""

    cycles: int
    bank_words_written: int
    feature_store_writes: int
    feature_store_reads: int
    domains: dict[str, PartCounts]


@dataclass(frozen=True)
class HardwareEnergy:
    """Energy proxy of what was counted.

    ``picojoule`` has for each domain (aon, fe, ge, le, gn) an entry for each of ``KINDS``. ``held`` is, by domain,
    storage bits times cycles with power, an arbitrary unit: compare it only with itself. ``wake_ups`` is by domain,
    without an energy.
    """

    picojoule: dict[str, dict[str, float]]
    held: dict[str, float]
    wake_ups: dict[str, int]

    @property
    def total(self) -> float:
        """pJ of all domains and kinds, without what is held."""
        return sum(sum(kinds.values()) for kinds in self.picojoule.values())

    def kind(self, kind: str) -> float:
        """pJ of one kind in all domains."""
        return sum(kinds[kind] for kinds in self.picojoule.values())

    @property
    def held_total(self) -> float:
        """Bit x cycles of all domains."""
        return sum(self.held.values())


def hardware_energy(
    moe: Moe, folding: Folding, counts: DeviceCounts, weights: Weights = Weights.ON_CHIP,
    operations: Operations = OPERATIONS,
) -> HardwareEnergy:  # fmt: skip
    """Energy proxy of the work that the device's counters show.

    Args:
        moe, folding: what the device was built from.
        counts: counters over any number of images.
        weights: where weights come from. A layer that is an adder graph has its weights in the logic and reads none.
        operations: energy of one operation.
    """
    domains = domain_layers(moe)
    store_bits = counts.feature_store_writes + counts.feature_store_reads
    store_bits *= feature_word_bits(moe, folding)
    picojoule = {
        ALWAYS_ON: {
            **dict.fromkeys(KINDS, 0.0),
            "weights": counts.bank_words_written * BANK_WORD_BITS * operations.on_chip.pj,
            "buffers": store_bits * operations.on_chip.pj,
        }
    }
    for name, layers in domains.items():
        streamed = weights == Weights.ALL_DRAM or (weights == Weights.GE_DRAM and name in ("fe", "ge"))
        picojoule[name] = _domain_energy(layers, folding, counts.domains[name], streamed, operations)
    return HardwareEnergy(
        picojoule, _held(moe, folding, counts), {name: counts.domains[name].wake_ups for name in domains}
    )


def _domain_energy(
    layers: tuple[MatrixLayer, ...], folding: Folding, counts: PartCounts, streamed: bool, operations: Operations
) -> dict[str, float]:
    """pJ by kind; each counter is split among the layers as the work of one image is."""
    energy = dict.fromkeys(KINDS, 0.0)
    one = {layer.name: layer.activity(folding.layers[layer.name]) for layer in layers}
    image = sum(one.values(), Activity())
    images = {
        kind: getattr(counts, kind) / getattr(image, kind) if getattr(image, kind) else 0.0
        for kind in ("macs", "weight_reads", "buffer_writes")
    }
    for layer in layers:
        fold, work = folding.layers[layer.name], one[layer.name]
        product = operations.mac(layer.weight.bits, layer.input.bits, layer.accumulator.bits)
        energy["mac"] += images["macs"] * work.macs * product
        read = images["weight_reads"] * work.weight_reads * layer.weight_word_bits(fold)
        energy["weights"] += read * operations.on_chip.pj
        moved = images["buffer_writes"] * work.buffer_writes * layer.buffer_word_bits(fold)
        moved += images["macs"] * layer.window_read_bits(fold)
        energy["buffers"] += moved * operations.on_chip.pj
        if streamed:
            energy["dram"] += images["weight_reads"] * layer.weight_memory_bits(fold) * operations.dram.pj
    return energy


def _held(moe: Moe, folding: Folding, counts: DeviceCounts) -> dict[str, float]:
    """Storage bits times cycles with power. Banks of LE and GN keep their supply while their domain is off."""
    store = 0 if folding.local_only else feature_store_bits(moe)
    held = {ALWAYS_ON: float(store * counts.cycles)}
    for name, layers in domain_layers(moe).items():
        instances = moe.local_experts if name == "le" else 1
        switched = banks = 0
        for layer in layers:
            if not folding.is_present(layer, moe):
                continue
            fold = folding.layers[layer.name]
            weights = layer.weight_memory_bits(fold) + layer.outputs * layer.bias.bits
            switched += layer.outputs * layer.accumulator.bits + layer.window_buffer_bits(fold)
            if name in ("le", "gn"):
                banks += folding.weight_banks * weights
            else:
                switched += weights
        held[name] = float(instances * (switched * counts.domains[name].on_cycles + banks * counts.cycles))
    return held
