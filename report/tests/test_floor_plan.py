# SPDX-License-Identifier: Apache-2.0
"""The floor plan is a picture of where cells are and of what they belong to."""

from __future__ import annotations

from hw.place.cells import part_of_device, part_of_module
from report.figures.floor_plan import floor_plan

CELLS = [
    ["TRELLIS_COMB", "u_core.u_ge.u_global_expert", 3, 4],
    ["TRELLIS_FF", "u_core.u_mux", 6, 1],
    ["DP16KD", None, 9, 22],
]


def test_place_and_part_of_every_cell_are_in_the_picture() -> None:
    drawn = floor_plan(CELLS, part_of_device, "a title")
    assert drawn.startswith(b"\x89PNG") and drawn == floor_plan(CELLS[::-1], part_of_device, "a title")
    moved = [*CELLS[:2], ["DP16KD", None, 9, 12]]
    others = [floor_plan(moved, part_of_device, "a title"), floor_plan(CELLS, part_of_module(()), "a title")]
    assert len({drawn, *others}) == 3
