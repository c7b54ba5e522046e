# SPDX-License-Identifier: Apache-2.0
"""What nextpnr makes of a small design, in cells that have models, does what its source does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hw.place.netlist import Netlist
from spec.errors import CheckFailed
from tools.cocotb_run import Results, run
from tools.mutants import Replacement
from tools.nextpnr import ROUTED, Target, place_and_route
from tools.yosys import READ_CELLS, run_yosys
from verif.netlist import routed, sources
from verif.netlist.library import OPTIONS
from verif.netlist.routed import unpacked
from verif.netlist.sources import netlist_sources

HERE = Path(__file__).parent
DESIGN, TOP = HERE / "packed_cells.sv", "packed_cells_routed"


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The routed netlist as nextpnr writes it."""
    work = tmp_path_factory.mktemp("routed")
    shutil.copy(DESIGN, work)
    run_yosys(work, f"{READ_CELLS}; read_verilog -sv {DESIGN.name}; synth_ecp5 -top {DESIGN.stem} -json netlist.json")
    (work / "seed").mkdir()
    place_and_route(work, "netlist.json", DESIGN.stem, Target("25k", "CABGA256"), 1, "seed", "")
    return work / "seed" / ROUTED


def simulate(placed: Path, directory: Path) -> Results:
    found = Netlist("routed", unpacked(placed, TOP, directory / "netlist.json"), TOP, "clk_i", None, "")
    files = [*netlist_sources(found), DESIGN, HERE / "packed_pair.sv"]
    return run("packed_pair", "verif.netlist.bench_routed", sources=files, build_args=OPTIONS, check=False)


def test_a_routed_netlist_does_what_its_source_does(placed: Path, tmp_path: Path) -> None:
    simulate(placed, tmp_path).check()
    cells = json.loads((tmp_path / "netlist.json").read_text())["modules"][TOP]["cells"].values()
    known = {"TRELLIS_COMB", "TRELLIS_DPRAM", "TRELLIS_FF", "DCCA", "DP16KD", "MULT18X18D"}
    assert known <= {cell["type"] for cell in cells} <= known | {"$_NOT_"}
    assert {"CCU2", "LOGIC"} <= {cell["parameters"].get("MODE", "LOGIC") for cell in cells}


DEFECTS = {
    "carry": ("PACKED", "? all ^ FCI : all", "? all : all"),
    "address of a memory": ("PACKED_MEMORY", "{A, C, B, D}", "{A, B, C, D}"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_wrong_model_is_seen(defect: tuple[str, str, str], placed: Path, tmp_path: Path, monkeypatch) -> None:
    name, *change = defect
    monkeypatch.setattr(sources, name, Replacement(name, *change).applied(getattr(routed, name)))
    assert simulate(placed, tmp_path).failed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"MODE": "CCU2"', '"MODE": "CCU3"', "a TRELLIS_COMB of mode CCU3"),
        ('"DIR": "OUTPUT"', '"DIR": "BIDIR"', "a pad of direction BIDIR"),
        ('"CLKMUX": "CLK"', '"CLKMUX": "SLOW"', "CLKMUX is SLOW"),
    ],
    ids=["mode", "pad", "input"],
)
def test_what_is_not_known_is_refused(old: str, new: str, said: str, placed: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(json.loads(placed.read_text())).replace(old, new))
    with pytest.raises(CheckFailed, match=said):
        unpacked(changed, TOP, tmp_path / "netlist.json")
    assert not (tmp_path / "netlist.json").exists()
