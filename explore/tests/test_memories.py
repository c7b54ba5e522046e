# SPDX-License-Identifier: Apache-2.0
"""The rule for memories gives what Yosys made of memories of the device."""

from __future__ import annotations

import pytest

from explore import memories
from explore.kept import load
from explore.memories import ASYNC, BLOCK, CHECKED, LUTS, RAM, ROM, Memory
from explore.parts import Part, structures
from explore.points import load_points


@pytest.mark.parametrize(
    ("memory", "blocks"),
    [
        (Memory(300, 4000, ROM), 67),  # fc1 of ecp5_85
        (Memory(150, 8000, ROM), 67),  # fc1 of ecp5_85_folded
        (Memory(60, 20000, ROM), 67),
        (Memory(8, 15500, ROM), 7),  # segments share blocks
        (Memory(1000, 100, ROM), 28),  # conv2: wide and shallow
        (Memory(40, 480, RAM), 2),
        (Memory(16, 124, RAM), 1),  # biases of a local expert, two banks
        (Memory(16, 20, RAM), 0),
        (Memory(32, 40, RAM), 1),  # as dear as small memories
        (Memory(32, 45, CHECKED), 0),  # the same, and reads may meet writes
        (Memory(40, 64, ROM), 0),  # a constant in logic
        (Memory(160, 100, ASYNC), 0),
        (Memory(160, 100, LUTS), 0),
        (Memory(24, 5, BLOCK), 1),
    ],
)
def test_blocks_are_those_of_synthesis(memory: Memory, blocks: int) -> None:
    assert memory.blocks == blocks
    assert memory.in_blocks == (blocks > 0)
    assert memory.small == 0 or memory.kind not in (ROM, BLOCK)


def test_a_constant_in_logic_has_luts_and_a_memory_has_none() -> None:
    assert Memory(40, 64, ROM).rom_luts == 160
    assert Memory(300, 4000, ROM).rom_luts == Memory(40, 64, RAM).rom_luts == 0
    assert Memory(20, 33, LUTS).small == 5 * 3 and Memory(20, 33, LUTS).multiplexers == 40


def wrong_blocks(points: list[dict]) -> int:
    """Parts of kept points that have other block RAMs than the rule says, of what they consist of now."""
    described = {point.name: point for point in load_points()}
    wrong = 0
    for kept in points:
        counted = structures(described[kept["point"]["name"]].accelerator())
        for part in kept["parts"]:
            made = part["cells"].get("DP16KD", 0)
            wrong += counted[Part(part["domain"], part["name"])].blocks != made
    return wrong


def small_points() -> list[dict]:
    """Kept points without an adder graph, which takes da4ml a second."""
    return [kept for kept in load()["points"] if kept["point"]["name"] in ("digits_b", "digits_f", "digits_g")]


def test_every_part_of_measured_points_has_the_blocks_of_the_rule() -> None:
    assert len(small_points()) == 3
    assert wrong_blocks(small_points()) == 0


def test_a_wrong_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "ROM_BIT_COST", 1 / 512)  # constants in logic
    assert wrong_blocks(small_points()) >= 3
