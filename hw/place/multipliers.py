# SPDX-License-Identifier: Apache-2.0
"""Where the multiplier blocks of a whole device go: those whose products are added stand side by side.

The placer puts each block where one is free when it comes to it. In a device that has almost all of them, the five
blocks of one output's sum then lie in three rows, half a chip apart: that was a fifth of all wire. What belongs to a
block is registers and look-up tables, of which there are enough near any place, so the blocks are fixed first and
everything else follows them.

Each row of blocks is filled from the left, the next one from the right, with the groups of one sum in the order of
their names; a group is not divided between rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

BLOCK = "MULT18X18D"
# By nextpnr's name of a device: the rows of tiles with blocks, and the columns at which four of them begin.
ROWS: Mapping[str, tuple[int, ...]] = {"25k": (13,), "45k": (22, 46), "85k": (10, 34, 58)}
COLUMNS: Mapping[str, tuple[int, ...]] = {
    "25k": (4, 13, 22, 33, 42, 51, 60),
    "45k": (4, 13, 22, 31, 42, 51, 60, 69, 78),
    "85k": (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114),
}
_OF_FOUR = (0, 1, 4, 5)  # columns from the first, and the numbers of the blocks there


def sites(device: str) -> list[list[str]]:
    """nextpnr's names of all places for a block, row by row, from left to right."""
    return [
        [f"X{first + place}/Y{row}/MULT18_{place}" for first in COLUMNS[device] for place in _OF_FOUR]
        for row in ROWS[device]
    ]


def _in_order(name: str) -> list[int | str]:
    """Key by which ``lane[2]`` comes before ``lane[10]``."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def groups(names: Iterable[str]) -> list[list[str]]:
    """Blocks whose products are added, in order: those that differ in nothing but the lane."""
    found: dict[str, list[str]] = {}
    for name in sorted(names, key=_in_order):
        found.setdefault(re.sub(r"gen_lane\[\d+\]", "", name), []).append(name)
    return list(found.values())


def places(names: Iterable[str], device: str) -> dict[str, str]:
    """A place for each block; none for groups that do not fit into a row any more, which the placer then puts."""
    found: dict[str, str] = {}
    free = sites(device)
    for group in groups(names):
        number = next((number for number, row in enumerate(free) if len(row) >= len(group)), None)
        if number is None:
            continue
        row = free[number]
        for name in group:
            found[name] = row.pop(0 if number % 2 == 0 else -1)
    return found


def _blocks(netlist: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for module, content in netlist["modules"].items():
        for name, cell in content["cells"].items():
            if cell["type"] == BLOCK:
                yield f"{module}.{name}", cell


def fix_blocks(netlist: Mapping[str, Any], device: str) -> int:
    """Give the blocks of a netlist (Yosys' JSON, in which every module is instantiated once) their places.

    Returns:
        How many have one.
    """
    cells = dict(_blocks(netlist))
    found = places(cells, device)
    for name, place in found.items():
        cells[name].setdefault("attributes", {})["BEL"] = place
    return len(found)
