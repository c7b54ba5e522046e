# SPDX-License-Identifier: Apache-2.0
"""Places of the multiplier blocks: those of one sum side by side, none twice, and only where a device has some."""

from __future__ import annotations

import re

import pytest

from hw.place.multipliers import BLOCK, COLUMNS, fix_blocks, groups, places, sites
from tools.nextpnr import DEVICES

MULTIPLIERS = {"25k": 28, "45k": 72, "85k": 156}  # data sheet FPGA-DS-02012


def of_unit(unit: str, outputs: range, lanes: int) -> list[str]:
    """Names as the hardware has them, not in the order of their numbers."""
    return sorted(f"{unit}.gen_pe[{pe}].gen_lane[{lane}].u_block" for pe in outputs for lane in range(lanes))


CONV2, LOCAL = of_unit("u_conv2", range(0, 50, 2), 5), of_unit("u_le", range(1), 20)


def columns(places_of: list[str]) -> tuple[set[int], list[int]]:
    """Rows, and columns in order."""
    found = [re.fullmatch(r"X(\d+)/Y(\d+)/MULT18_(\d)", place) for place in places_of]
    return {int(match[2]) for match in found}, sorted(int(match[1]) for match in found)


@pytest.mark.parametrize("device", DEVICES)
def test_sites_are_the_devices_multipliers(device: str) -> None:
    every = [site for row in sites(device) for site in row]
    assert len(set(every)) == len(every) == MULTIPLIERS[device]


def test_a_group_is_what_one_sum_is_made_of() -> None:
    found = groups([*LOCAL, *CONV2])
    assert [len(group) for group in found] == [5] * 25 + [20]
    assert found[0] == [f"u_conv2.gen_pe[0].gen_lane[{lane}].u_block" for lane in range(5)]
    assert found[5][0] == "u_conv2.gen_pe[10].gen_lane[0].u_block"  # behind 8, not behind 1
    assert found[-1][10] == "u_le.gen_pe[0].gen_lane[10].u_block"


def test_blocks_of_a_sum_stand_side_by_side() -> None:
    found = places([*CONV2, *LOCAL], "85k")
    assert len(found) == len(set(found.values())) == 145
    for group in groups(found):
        rows, at = columns([found[name] for name in group])
        assert len(rows) == 1
        everywhere = [first + place for first in COLUMNS["85k"] for place in (0, 1, 4, 5)]
        first = everywhere.index(at[0])
        assert everywhere[first : first + len(at)] == at, "another group stands in between"


def test_what_does_not_fit_into_a_row_is_left_to_the_placer() -> None:
    found = places([*LOCAL, *of_unit("u_other", range(2), 8)], "25k")
    assert {name.split(".")[0] for name in found} == {"u_le", "u_other"} and len(found) == 28
    assert len(places(of_unit("u_wide", range(1), 29), "25k")) == 0


def test_places_are_written_into_the_netlist() -> None:
    cells = {name.removeprefix("u_conv2."): {"type": BLOCK} for name in CONV2}
    netlist = {"modules": {"u_conv2": {"cells": {**cells, "other": {"type": "LUT4"}}}, "top": {"cells": {}}}}
    assert fix_blocks(netlist, "85k") == 125
    assert {cell["attributes"]["BEL"] for cell in cells.values()} == set(places(CONV2, "85k").values())
    assert "attributes" not in netlist["modules"]["u_conv2"]["cells"]["other"]
