# SPDX-License-Identifier: Apache-2.0
"""Places of the clock gates: at one edge of an LFE5U-25F, the placer's choice elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hw.place.clock_gates import GATE, SITES, fix_gates
from hw.place.multipliers import BLOCK
from spec.errors import CheckFailed
from tools.nextpnr import CONFIG, Target, place_and_route


def netlist(gates: int) -> dict:
    """Gates in two modules, and another cell."""
    cells = {f"u_gate_{number}": {"type": GATE} for number in range(gates)}
    inner = {name: cells.pop(name) for name in sorted(cells)[: gates // 2]}
    return {"modules": {"u_inner": {"cells": inner}, "top": {"cells": {**cells, "other": {"type": BLOCK}}}}}


def places(found: dict) -> list[str | None]:
    cells = [cell for module in found["modules"].values() for cell in module["cells"].values()]
    return [cell.get("attributes", {}).get("BEL") for cell in cells if cell["type"] == GATE]


def test_gates_of_the_smallest_device_stand_at_the_top() -> None:
    found = netlist(7)
    assert fix_gates(found, "25k") == 7
    assert sorted(places(found)) == [f"X31/Y0/TDCC{number}" for number in range(7)]
    assert "attributes" not in found["modules"]["top"]["cells"]["other"]


@pytest.mark.parametrize("device", ["45k", "85k"])
def test_gates_of_the_larger_devices_are_left_to_the_placer(device: str) -> None:
    found = netlist(7)
    assert fix_gates(found, device) == 0 and set(places(found)) == {None}


def test_gates_beyond_the_last_place_are_left_to_the_placer() -> None:
    count = len(SITES["25k"])
    found = netlist(count + 2)
    assert fix_gates(found, "25k") == count
    assert len({*places(found)} - {None}) == count and places(found).count(None) == 2


def gated_flip_flop() -> dict:
    """A device of one flip-flop behind one gate."""
    flip_flop = {"GSR": "DISABLED", "CLKMUX": "CLK", "LSRMUX": "LSR", "REGSET": "RESET", "SRMODE": "LSR_OVER_CE"}

    def cell(kind: str, parameters: dict[str, str], **ports: tuple[str, int]) -> dict:
        return {
            "hide_name": 0,
            "type": kind,
            "parameters": parameters,
            "attributes": {},
            "port_directions": {name: way for name, (way, _) in ports.items()},
            "connections": {name: [bit] for name, (_, bit) in ports.items()},
        }

    gate = cell(GATE, {}, CLKI=("input", 2), CE=("input", 3), CLKO=("output", 4))
    state = cell("TRELLIS_FF", flip_flop, CLK=("input", 4), DI=("input", 5), LSR=("input", 3), Q=("output", 6))
    ports = {"clk_i": ("input", 2), "en_i": ("input", 3), "d_i": ("input", 5), "q_o": ("output", 6)}
    top = {
        "attributes": {"top": f"{1:032b}"},
        "ports": {name: {"direction": way, "bits": [bit]} for name, (way, bit) in ports.items()},
        "cells": {"u_gate": gate, "u_state": state},
        "netnames": {},
    }
    return {"creator": "test", "modules": {"top": top}}


@pytest.mark.parametrize("wrong", [False, True])
def test_nextpnr_knows_the_places(tmp_path: Path, wrong: bool) -> None:
    """The last one of them; one behind it is refused."""
    found = gated_flip_flop()
    cell = found["modules"]["top"]["cells"]["u_gate"]
    fix_gates(found, "25k")
    number = len(SITES["25k"]) - (0 if wrong else 1)
    cell["attributes"]["BEL"] = cell["attributes"]["BEL"].replace("TDCC0", f"TDCC{number}")
    (tmp_path / "netlist.json").write_text(json.dumps(found))
    (tmp_path / "made").mkdir()
    arguments = (tmp_path, "netlist.json", "top", Target("25k", "CABGA381"), 1, "made", "")
    if wrong:
        with pytest.raises(CheckFailed, match=f"No Bel named 'X31/Y0/TDCC{number}'"):
            place_and_route(*arguments)
    else:
        place_and_route(*arguments)
        assert (tmp_path / "made" / CONFIG).exists()
