# SPDX-License-Identifier: Apache-2.0
"""Energy: the paper's printed digits, and the device's proxy against sums done by hand and the claims made of it."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import pytest

from golden import paper_tables
from golden.energy import Weights, hardware_energy, paper
from golden.energy.expected import expected_counts
from golden.energy.hardware import KINDS
from golden.energy.operations import OPERATIONS, Operations
from golden.energy.ratios import operations_ratio, switching_ratio
from golden.energy.switching_weights import WEIGHTS
from spec.network import Mode
from spec.presets import load_accelerator, load_moe
from spec.tiny import tiny_accelerator

# As printed in arXiv 1811.00056.
TABLE_1 = {row["pooled"]: f"{row['weights']:.2f}" for row in paper_tables.TABLE_1}
TABLE_3 = {column: f"{value:.2f}" for column, value in paper_tables.TABLE_3.items()}
BIT = 10 / 64  # pJ on chip


def percent(shares: dict) -> dict:
    return {key: f"{100 * share:.2f}" for key, share in shares.items()}


def energy(design, mode: Mode, to_ge: int, weights: Weights, operations: Operations) -> float:
    counts = expected_counts(design.moe, design.folding, mode, 1, to_ge)
    return hardware_energy(design.moe, design.folding, counts, weights, operations).total


def every_end() -> list[Operations]:
    """All combinations of the lowest and highest energies of the operations."""
    ends = OPERATIONS.bound("low"), OPERATIONS.bound("high")
    names = [field.name for field in fields(Operations)]
    picks = product(*([getattr(end, name) for end in ends] for name in names))
    return [Operations(**dict(zip(names, pick, strict=True))) for pick in picks]


# ---- Paper -----------------------------------------------------------------------------------------------------------
def test_tables_1_and_3_to_the_printed_digit() -> None:
    network = load_moe("paper").network
    assert percent(paper.table_1(network)) == TABLE_1
    assert percent(paper.table_3(network)) == TABLE_3


def test_the_counts_behind_the_tables() -> None:
    network = load_moe("paper").network
    assert paper.global_expert(network) == paper.PaperExpert(2_319_000, 456_500, 2_880 + 800 + 500)
    assert paper.personal_experts(network, 3) == paper.PaperExpert(11_160 + 360, 11_160 + 360, 2 * 180)


@pytest.mark.parametrize(
    ("constant", "value", "column"),
    [("MAC_PJ", 300.0, "total"), ("SRAM_PJ", 50.0, "total"), ("DRAM_PJ", 64.0, "total")],
)
def test_another_energy_changes_a_printed_digit(monkeypatch, constant: str, value: float, column: str) -> None:
    monkeypatch.setattr(paper, constant, value)
    assert percent(paper.table_3(load_moe("paper").network))[column] != TABLE_3[column]


def test_a_forgotten_activation_changes_a_printed_digit(monkeypatch) -> None:
    ge = paper.global_expert
    monkeypatch.setattr(paper, "global_expert", lambda network: replace(ge(network), hidden=0))
    assert percent(paper.table_3(load_moe("paper").network))["sram"] != TABLE_3["sram"]


# ---- Hardware --------------------------------------------------------------------------------------------------------
def test_the_tail_by_hand() -> None:
    """conv2 3x3 4->6 on 6x6 (pe 3, simd 2), fc1 24->8 (4, 3), fc2 8->7 (1, 2); 4, 3, 4 bits; images 10 to the GE."""
    design = tiny_accelerator()
    counts = expected_counts(design.moe, design.folding, Mode.GE_ONLY, 10, 10)
    found = hardware_energy(design.moe, design.folding, counts, Weights.GE_DRAM).picojoule["ge"]
    conv2, fc1, fc2 = (layer for layer in design.moe.network.tail if layer.name in ("conv2", "fc1", "fc2"))
    mac = sum(
        products * (0.2 / 64 * bits * 8 + 0.1 / 32 * layer.accumulator.bits)
        for layer, products, bits in ((conv2, 16 * 36 * 6, 4), (fc1, 24 * 8, 3), (fc2, 8 * 7, 4))
    )
    weight_bits = {"conv2": 36 * 6 * 4, "fc1": 24 * 8 * 3, "fc2": 8 * 7 * 4}
    read = 16 * weight_bits["conv2"] + weight_bits["fc1"] + weight_bits["fc2"]
    assert found["mac"] == pytest.approx(10 * mac)
    assert found["weights"] == pytest.approx(10 * read * BIT)
    assert found["buffers"] == pytest.approx(10 * (6 * 6 * 4 * 8 + 16 * 36 * 8) * BIT)
    assert found["dram"] == pytest.approx(10 * sum(weight_bits.values()) * 20)


def test_store_banks_and_what_is_held() -> None:
    design = tiny_accelerator()
    counts = expected_counts(design.moe, design.folding, Mode.MOE_GATED, 3, 1)
    counts = replace(counts, bank_words_written=7, cycles=100)
    found = hardware_energy(design.moe, design.folding, counts)
    features = 6 * 6 * 4 * 8
    assert found.picojoule["aon"]["buffers"] == pytest.approx((3 + 1) * features * BIT)
    assert found.picojoule["aon"]["weights"] == pytest.approx(7 * 32 * BIT)
    assert found.held["aon"] == 100 * 3 * features
    assert found.held["ge"] == 0  # no cycle with power
    banks = 2 * (36 * 7 * 8 + 7 * 16)
    assert found.held["le"] == 100 * banks  # retained, although its domain was never on
    assert found.total == pytest.approx(sum(found.kind(kind) for kind in KINDS))


def test_local_experts_are_held_each() -> None:
    one, two = (tiny_accelerator("linear", count) for count in (1, 2))
    held = []
    for design in (one, two):
        counts = replace(expected_counts(design.moe, design.folding, Mode.MOE_GATED, 1, 0), cycles=10)
        held.append(hardware_energy(design.moe, design.folding, counts).held["le"])
    assert held[1] == 2 * held[0] > 0


def test_bounds_enclose_the_proxy() -> None:
    design = tiny_accelerator()
    counts = expected_counts(design.moe, design.folding, Mode.MOE_PARALLEL, 1, 1)
    low, middle, high = (
        hardware_energy(design.moe, design.folding, counts, Weights.ALL_DRAM, operations).total
        for operations in (OPERATIONS.bound("low"), OPERATIONS, OPERATIONS.bound("high"))
    )
    assert low < middle < high == pytest.approx(2 * middle)


def test_a_wrong_counter_changes_the_proxy() -> None:
    design = tiny_accelerator()
    counts = expected_counts(design.moe, design.folding, Mode.MOE_PARALLEL, 1, 1)
    right = hardware_energy(design.moe, design.folding, counts).total
    for name, part in counts.domains.items():
        for counter in ("macs", "weight_reads", "buffer_writes"):
            if getattr(part, counter):
                broken = replace(part, **{counter: getattr(part, counter) + 1})
                altered = replace(counts, domains={**counts.domains, name: broken})
                assert hardware_energy(design.moe, design.folding, altered).total > right, f"{name}.{counter}"


# ---- What is claimed of the default device ---------------------------------------------------------------------------
def test_what_the_gate_saves_whatever_the_operations_cost() -> None:
    design = load_accelerator()
    for operations in every_end():
        for weights, most in ((Weights.ON_CHIP, 1 / 4), (Weights.GE_DRAM, 1 / 20)):
            ge = energy(design, Mode.GE_ONLY, 1, weights, operations)
            assert energy(design, Mode.MOE_GATED, 0, weights, operations) <= most * ge
            assert energy(design, Mode.MOE_GATED, 1, weights, operations) > ge  # the gate is not free
            assert 1 < energy(design, Mode.MOE_PARALLEL, 1, weights, operations) / ge < 1.05


def test_the_saving_is_smaller_when_le_and_gn_come_from_dram_too() -> None:
    """The GE's weights are narrow, those of LE and GN are not: a twentieth needs them on chip."""
    design = load_accelerator()
    ge = energy(design, Mode.GE_ONLY, 1, Weights.ALL_DRAM, OPERATIONS)
    assert 1 / 20 < energy(design, Mode.MOE_GATED, 0, Weights.ALL_DRAM, OPERATIONS) / ge < 1 / 4


# ---- Ratios ----------------------------------------------------------------------------------------------------------
def test_a_ratio_is_known_better_than_its_sides() -> None:
    """By hand: 1 product and 3 words over 2 products and 1 word, each cost between half and twice what it is."""
    a = {"mac": 1.0, "weights": 2.0, "buffers": 1.0, "dram": 0.0}
    b = {"mac": 2.0, "weights": 1.0, "buffers": 0.0, "dram": 0.0}
    assert operations_ratio(a, b) == pytest.approx((4 / 3, (2 + 1.5) / (4 + 0.5), (0.5 + 6) / (1 + 2)))
    assert operations_ratio(a, a) == (1, 1, 1)
    assert operations_ratio({kind: 3 * value for kind, value in b.items()}, b) == (3, 3, 3)


def test_the_ratio_with_dram_uses_its_own_bounds() -> None:
    a = {"mac": 0.0, "weights": 0.0, "buffers": 1.0, "dram": 1.0}
    b = {"mac": 0.0, "weights": 0.0, "buffers": 1.0, "dram": 0.0}
    low, high = OPERATIONS.dram.low / OPERATIONS.on_chip.high, OPERATIONS.dram.high / OPERATIONS.on_chip.low
    assert operations_ratio(a, b) == pytest.approx((2, 1 + low, 1 + high))


def test_ratio_of_switching() -> None:
    kinds = dict.fromkeys(WEIGHTS.weights(), 0.0)
    a, b = {**kinds, "logic": 1.0, "clock": 1.0}, {**kinds, "logic": 1.0}
    clock = WEIGHTS.clock
    assert switching_ratio(a, b) == pytest.approx((2, 1 + clock.low, 1 + clock.high))
