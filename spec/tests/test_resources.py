# SPDX-License-Identifier: Apache-2.0
"""Counted resources against sums done by hand, the device's own counts, and the paper's 2.52 %."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spec.activity import image_activity
from spec.folding import LayerFolding
from spec.presets import TRAINED_GATES, load_accelerator
from spec.resources import Resources, domains, layers, personal_share
from spec.tiny import tiny_accelerator


def test_domains_by_hand() -> None:
    """14x14 -> conv1 3x3 1->4 -> 6x6x4 -> conv2 3x3 4->6 -> 2x2x6 -> 8 -> 7;

    LE 3x3x4 -> 7, gate 2x2x4 and 2 confidences -> 6 -> 2. Products and words have no padding here.
    """
    design = tiny_accelerator("general", 1)
    found = domains(design.moe, design.folding)
    assert found == {
        "aon": Resources(buffer_bits=3 * 6 * 6 * 4 * 8),
        "fe": Resources(36, 144 * 36, 144 * 36, 36 * 6, 2 * 3 * 14 * 8, 4),
        "ge": Resources(
            216 + 192 + 56,
            16 * 216 + 192 + 56,
            16 * 216 + 192 + 56,
            4 * 216 + 3 * 192 + 4 * 56,
            2 * 3 * 6 * 4 * 8,
            6 + 0 + 2,
        ),
        "le": Resources(252, 252, 252, 2 * 252 * 8, 0, 4),
        "gn": Resources(18 * 6 + 6 * 2, 120, 120, 2 * 120 * 8, 0, 4 + 1),
    }


def test_every_local_expert_counts() -> None:
    one, two = (domains(d.moe, d.folding) for d in (tiny_accelerator("linear", n) for n in (1, 2)))
    assert two["le"] == one["le"] * 2
    assert two["fe"] == one["fe"] and two["ge"] == one["ge"] and two["aon"] == one["aon"]


def test_layers_add_up_and_are_what_the_device_counts() -> None:
    for design in (tiny_accelerator("general", 2), load_accelerator()):
        work = image_activity(design.moe, design.folding)
        parts = domains(design.moe, design.folding)
        for domain, members in layers(design.moe, design.folding).items():
            assert sum(members.values(), Resources()) == parts[domain]
        expected = (work.front_end, work.ge_tail, work.local_expert * design.moe.local_experts, work.gate)
        assert [parts[name].lane_macs for name in ("fe", "ge", "le", "gn")] == [part.macs for part in expected]
        assert sum(part.multipliers for part in parts.values()) == design.folding.multipliers(design.moe)


def test_padding_costs_lanes_and_memory() -> None:
    """18 inputs of the gate in words of 4: 4 words of features, and one for 2 confidences."""
    design = tiny_accelerator("general", 1)
    fold = {**design.folding.layers, "gate_hidden": LayerFolding(2, 4)}
    found = layers(design.moe, replace(design.folding, layers=fold))["gn"]["gate_hidden"]
    assert (found.macs, found.lane_macs, found.weight_memory_bits) == (18 * 6, 20 * 6, 2 * 20 * 6 * 8)


@pytest.mark.parametrize(("multiplier", "blocks"), [("dsp", 12), ("dsp_pair", 6), ("lut", 0)])
def test_another_folding_changes_the_multipliers_only(multiplier: str, blocks: int) -> None:
    design = tiny_accelerator()
    fold = {**design.folding.layers, "conv2": LayerFolding(6, 2, multiplier)}
    before = layers(design.moe, design.folding)["ge"]["conv2"]
    after = layers(design.moe, replace(design.folding, layers=fold))["ge"]["conv2"]
    assert before.multipliers == 6
    assert after == replace(before, multipliers=blocks)


def test_an_adder_graph_has_no_memory_and_no_multiplier() -> None:
    design = tiny_accelerator()
    fold = {**design.folding.layers, "conv1": LayerFolding(4, 9, "graph")}
    found = domains(design.moe, replace(design.folding, layers=fold))["fe"]
    assert (found.weights, found.macs, found.weight_memory_bits, found.multipliers) == (36, 144 * 36, 0, 0)


def test_the_paper_gate_has_the_papers_share_of_weights() -> None:
    shares = {}
    for gate in TRAINED_GATES:
        design = load_accelerator(gate=gate)
        shares[gate] = personal_share(domains(design.moe, design.folding))
    assert f"{100 * shares['paper']['weights']:.2f}" == "2.52"
    assert f"{100 * shares['tuned']['weights']:.2f}" == "4.98"
    assert f"{100 * shares['rich']['weights']:.2f}" == "4.65"
    assert shares["paper"]["multipliers"] == 21 / 125
    # Eight bits a weight in two banks, against three or four bits in one.
    assert shares["paper"]["weight_memory_bits"] > 5 * shares["paper"]["weights"]
