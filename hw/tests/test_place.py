# SPDX-License-Identifier: Apache-2.0
"""Place and route, all but the tools: which module, what the report says, seeds that are not repeated, exit codes.

A stand-in takes nextpnr's place on ``PATH``; ``test_place_route.py`` runs the real one.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hw.board.boards import load_board
from hw.gen.build import RTL, generated_files
from hw.place import record
from hw.place.cells import OTHER, part_of_device, part_of_module, placed_cells, readable, used_by_part
from hw.place.netlist import Netlist
from hw.place.scan import CLOCK_PORTS, Instance, Port, children, choose, instances, wrapper
from hw.place.seeds import run_seeds, runs_directory
from hw.place.timing import findings, read_timing
from spec.errors import CheckFailed, InputError
from spec.presets import load_accelerator
from spec.tests.commands import call, load
from tools.nextpnr import BITSTREAM, DEVICES, PACK, PACKAGES, PNR, Target, version
from tools.routing import EARLIEST, LONG, NEARLY, PATIENCE, late, not_converging
from tools.workers import Workers

PORTS = """
module add$top.u_a (
input [0:0] clk_i,
input [3:0] a_i,
output [4:0] sum_o
);
endmodule
module add$top.gen_b[0].u_a (
input [0:0] clk_i,
input [7:0] a_i,
output [8:0] sum_o
);
endmodule
module add$top.gen_b[1].u_a (
input [0:0] clk_i,
input [7:0] a_i,
output [8:0] sum_o
);
endmodule
module top (
input [0:0] clk_i
);
endmodule
"""
CLK = "$glbnet$clk_i$TRELLIS_IO_IN"


def stat(**cells: int) -> str:
    """``stat -json``: each adder has as many LUTs as is said, or one."""
    names = ("add$top.u_a", "add$top.gen_b[0].u_a", "add$top.gen_b[1].u_a")
    return json.dumps(
        {"modules": {f"\\{n}": {"num_cells_by_type": {"$add": cells.get(str(i), 1)}} for i, n in enumerate(names)}}
    )


# ---- Which module, and what is around it -----------------------------------------------------------------------------
def test_a_module_is_found_by_name_path_or_end_of_a_path() -> None:
    found = instances(PORTS, stat())
    assert [one.path for one in found] == ["gen_b[0].u_a", "gen_b[1].u_a", "u_a", ""]
    assert choose(found, "gen_b[1].u_a").yosys_name == "add$top.gen_b[1].u_a"
    assert choose(found, "u_a").ports[1] == Port("a_i", "input", 4)  # a whole path, although others end like it
    alike = [one for one in found if one.path != "u_a"]
    assert choose(alike, "add").path == "gen_b[0].u_a"
    with pytest.raises(InputError, match=r"'add' is 2 modules that differ.*: gen_b\[0\]\.u_a, u_a$"):
        choose(found, "add")
    with pytest.raises(InputError, match="no module and no instance 'sub'"):
        choose(found, "sub")


def test_modules_with_the_same_ports_and_other_contents_differ() -> None:
    found = [one for one in instances(PORTS, stat(**{"1": 7})) if one.path != "u_a"]
    with pytest.raises(InputError, match="2 modules that differ"):
        choose(found, "add")


def test_every_port_of_a_module_is_joined_once() -> None:
    text = wrapper(choose(instances(PORTS, stat()), "u_a"))
    for words in (".\\clk_i (clk_i)", ".\\a_i (scan_in_q[3:0])", ".\\sum_o (outs[4:0])", "\\add$top.u_a u_module ("):
        assert text.count(words) == 1
    assert "reg [4:0] scan_in_q" in text and "reg [5:0] scan_fold_q" in text


def test_the_clocks_are_those_of_the_sources() -> None:
    inputs = re.compile(r"\binput\b[^,;)]*?(\w*clk\w*)")
    sources = [path.read_text() for path in RTL.glob("*.sv")]
    sources += [text for name, text in generated_files(load_accelerator()).items() if name.endswith(".sv")]
    assert {name for text in sources for name in inputs.findall(text)} == CLOCK_PORTS
    assert not Port("clk_en_i", "input", 1).is_clock and not Port("clk_i", "output", 1).is_clock


@pytest.mark.parametrize("direction", ["input", "output", "inout"])
def test_a_module_without_inputs_or_outputs_is_refused(direction: str) -> None:
    with pytest.raises(InputError, match="needs inputs and outputs"):
        wrapper(Instance("m", "u_m", "m$top.u_m", (Port("a", direction, 1),), ""))


# ---- The report ------------------------------------------------------------------------------------------------------
def path(source: str, sink: str, *steps: tuple[str, float], ends: tuple[str, str] = ("a_q", "b_q")) -> dict:
    """A critical path of nextpnr's report."""
    cells = [{"cell": f"{end}_TRELLIS_FF_Q", "port": "Q"} for end in ends]
    return {
        "from": source,
        "to": sink,
        "path": [{"type": kind, "delay": ns, "from": cells[0], "to": cells[1]} for kind, ns in steps],
    }


def report(mhz: float = 125.0, gated: float | None = 160.0, crossing: float = 4.0) -> dict:
    """Two clocks and what goes from one to the other; without ``gated`` only one."""
    other = "$glbnet$u_gate.clk_o"
    fmax = {CLK: {"achieved": mhz, "constraint": 12}}
    paths = [
        path(f"posedge {CLK}", f"posedge {CLK}", ("clk-to-q", 0.5), ("routing", 2.5), ("logic", 4.0), ("setup", 1.0)),
        path("<async>", f"posedge {CLK}", ("source", 0.0), ("routing", 90.0)),
    ]
    if gated:
        fmax[other] = {"achieved": gated, "constraint": 12}
        paths.append(path(f"posedge {CLK}", f"posedge {other}", ("clk-to-q", 1.0), ("routing", crossing - 1.0)))
    sink = {"cell": "c_q_TRELLIS_FF_Q_3", "event": f"posedge {CLK}", "delay": [6.0, 7.25]}
    nets = [
        {"event": f"posedge {CLK}", "endpoints": [sink, sink | {"cell": "b_q_TRELLIS_FF_Q", "delay": [7, 8]}]},
        {"event": "<async>", "endpoints": [sink | {"delay": [99, 99]}]},
    ]
    uses = {"TRELLIS_COMB": {"used": 20, "available": 100}, "DP16KD": {"used": 1, "available": 8}}
    return {"fmax": fmax, "critical_paths": paths, "detailed_net_timings": nets, "utilization": uses}


NETS = {CLK: 30, "$glbnet$u_gate.clk_o": 4}


def test_clocks_crossings_and_paths_are_read() -> None:
    found = read_timing(report(), Target(clocks={"u_gate.clk_o": 150.0}))
    assert [(one.name, one.mhz, one.target) for one in found.clocks] == [
        ("clk_i", 125.0, 100.0),
        ("u_gate.clk_o", 160.0, 150.0),
    ]
    assert [(one.source, one.sink, one.ns, one.limit) for one in found.crossings] == [
        ("clk_i", "u_gate.clk_o", 4.0, 1000 / 150)
    ]
    worst, second = found.paths
    assert (worst.start, worst.end, worst.ns, worst.routing, worst.levels) == ("a_q", "b_q", 8.0, 2.5, 1)
    assert (second.start, second.end, second.ns) == (None, "c_q", 7.25)
    assert found.used["TRELLIS_COMB"] == 20 and found.available["DP16KD"] == 8
    assert found.margin == 160 / 150
    assert findings(found, NETS, "clk_i") == []


def test_a_missing_clock_a_missed_target_and_a_slow_crossing_are_said() -> None:
    target = Target(mhz=100.0)
    alone = read_timing(report(gated=None), target)
    assert findings(alone, NETS, "clk_i") == ["the report has no clock u_gate.clk_o, on which there are 4 cells"]
    assert findings(alone, {CLK: 30}, "clk_i") == []
    nothing = read_timing(report(gated=None) | {"fmax": {}, "critical_paths": []}, target)
    assert findings(nothing, {}, "clk_i") == ["the report has no clock clk_i, on which there are 0 cells"]
    assert nothing.margin == 0
    slow = read_timing(report(mhz=99.99, crossing=10.5), target)
    assert findings(slow, NETS, "clk_i") == [
        "clk_i reaches 99.99 MHz, its target is 100 MHz",
        "clk_i to u_gate.clk_o takes 10.50 ns, the period is 10.00 ns",
    ]


# ---- The cells -------------------------------------------------------------------------------------------------------
def routed() -> dict:
    """An adder of a domain with a carry cell that the packer made, a register of no domain and two clocks."""

    def cell(kind: str, place: str, **nets: int) -> dict:
        return {
            "type": kind,
            "attributes": {"NEXTPNR_BEL": place},
            "connections": {port: [bit] for port, bit in nets.items()},
        }

    return {
        "modules": {
            "top": {
                "cells": {
                    "u_core.u_ge.u_global_expert.u_a.sum_CCU2C_S0$CCU2_COMB0": cell("TRELLIS_COMB", "X3/Y4/A", F=7),
                    "$nextpnr_CCU2C_0$CCU2_COMB0": cell("TRELLIS_COMB", "X3/Y5/B", FCO=7),
                    "$nextpnr_CCU2C_0$CCU2_COMB1": cell("TRELLIS_COMB", "X3/Y5/C", FCI=9),
                    "u_core.u_mux.q_TRELLIS_FF_Q": cell("TRELLIS_FF", "X6/Y1/FF0", CLK=1, Q=8),
                    "u_gate": cell("DCCA", "X0/Y0/D", CLKI=1, CLKO=2),
                },
                "netnames": {CLK: {"bits": [1]}, "gated": {"bits": [2]}},
            }
        }
    }


def test_cells_belong_to_domains_and_clocks_are_counted() -> None:
    found = placed_cells(routed())
    assert found["clocks"] == {CLK: 1}
    assert used_by_part(found["cells"], part_of_device) == {
        OTHER: {"TRELLIS_COMB": 1},
        "aon": {"TRELLIS_FF": 1},
        "ge": {"TRELLIS_COMB": 2},
    }
    assert ["TRELLIS_FF", "u_core.u_mux", 6, 1] in found["cells"]
    with pytest.raises(KeyError):
        placed_cells({"modules": {}})


def test_names_are_those_of_the_source() -> None:
    assert readable("u_a.rd_addr_q_TRELLIS_FF_Q_8_DI_LUT4_Z") == "u_a.rd_addr_q"
    assert readable(CLK) == "clk_i" and readable("scan_i$tr_io") == "scan_i"
    assert readable("u_a.mem.0.20$DPRAM_COMB1") == "u_a.mem" and readable("gen_a[0].u_b.x") == "gen_a[0].u_b.x"


def test_cells_of_a_module_belong_to_the_instances_just_below_it() -> None:
    part = part_of_module(("gen_pool.u_position", "gen_pe[0].u_pe", "gen_pe[1].u_pe"))
    assert part("u_module.gen_pool.u_position") == part("u_module.gen_pool.u_position.u_a") == "gen_pool.u_position"
    assert part("u_module.gen_pe[1].u_pe.u_tree") == "gen_pe[*].u_pe"
    assert part("u_module") == part("u_module.gen_pool") == part("u_module.mem.0") == "(own)"
    assert part("") == "(scan registers)" and part(None) == OTHER
    found = instances(PORTS + PORTS.replace("top.", "top.u_a.gen_c.u_d."), stat())
    assert children(found, choose(found, "u_a")) == (
        "gen_c.u_d.gen_b[0].u_a",
        "gen_c.u_d.gen_b[1].u_a",
        "gen_c.u_d.u_a",
    )
    deeper = instances(PORTS + PORTS.replace("top.", "top.u_a.u_a."), stat())
    assert children(deeper, choose(deeper, "u_a")) == ("u_a.gen_b[0].u_a", "u_a.gen_b[1].u_a", "u_a.u_a")


# ---- Seeds -----------------------------------------------------------------------------------------------------------
STAND_IN = f"""#!{sys.executable}
import json, pathlib, sys, time
here = pathlib.Path(__file__).parent
if "--version" in sys.argv:
    sys.exit('"nextpnr-ecp5" -- (Version stand-in-7)')
value = dict(zip(sys.argv, sys.argv[1:]))
with open(here / "calls", "a") as calls:
    calls.write(value["--seed"] + "\\n")
told = json.loads((here / "told.json").read_text())
pathlib.Path(value["--report"]).write_text(json.dumps(told["report"][value["--seed"]]))
if value["--seed"] in told["fail"]:
    pathlib.Path(value["--log"]).write_text("Info: a\\nERROR: no place for it\\n")
    sys.exit(1)
late = value["--seed"] in told["late"] and "--tmg-ripup" in sys.argv
if value["--seed"] in told["stuck"] or late:
    end = " tmgfail=7 archfail=NA" if late else ""
    passes = (f"Info:     iter={{k}} wires=9 overused={{max(9000 // k, 500)}} overuse=1{{end}}" for k in range(1, 31))
    pathlib.Path(value["--log"]).write_text("\\n".join(passes))
    time.sleep(600)
if value["--seed"] not in told["mute"]:
    pathlib.Path(value["--write"]).write_text(json.dumps(told["routed"]))
pathlib.Path(value["--textcfg"]).write_text("config")
pathlib.Path(value["--log"]).write_text("done")
"""
STAND_IN_PACK = f"""#!{sys.executable}
import pathlib, sys
assert pathlib.Path(sys.argv[1]).read_text() == "config"
pathlib.Path(sys.argv[2]).write_text("bits")
"""
Tell = Callable[..., Netlist]


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Puts the stand-in on ``PATH`` and says what it shall do; returns a netlist."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in ((PNR, STAND_IN), (PACK, STAND_IN_PACK)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")

    def say(mhz: dict[int, float], **how: tuple[int, ...]) -> Netlist:
        reports = {str(seed): report(value) for seed, value in mhz.items()}
        told = {"report": reports, "routed": routed()}
        told |= {name: [*map(str, how.get(name, ()))] for name in ("fail", "mute", "stuck", "late")}
        (tools / "told.json").write_text(json.dumps(told))
        path = tmp_path / "work" / "netlist_0" / "netlist.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        cells = {"gen_lane[0].u_block": {"type": "MULT18X18D"}, "u_gate": {"type": "DCCA"}}
        module = {"ports": {"clk_i": {}}, "netnames": {"clk_i": {}, "gated": {}}, "cells": cells}
        path.write_text(json.dumps({"modules": {"top": module}}))
        return Netlist("design", path, "top", "clk_i", None, "0" * 16)

    return say


def calls(tmp_path: Path) -> list[int]:
    """Seeds that the stand-in was called with."""
    return sorted(int(line) for line in (tmp_path / "bin" / "calls").read_text().split())


@pytest.mark.parametrize("whole", [True, False])
def test_multipliers_and_gates_of_a_whole_device_have_places(tell: Tell, whole: bool) -> None:
    netlist = tell({1: 110.0})
    if not whole:
        netlist = replace(netlist, module=Instance("mvu", "u_mvu", "mvu", (), ""))
    for device, expected in (("45k", ["X4/Y22/MULT18_0", None]), ("25k", ["X4/Y13/MULT18_0", "X31/Y0/TDCC0"])):
        directory, _ = run_seeds(netlist, Target(device=device, package="CABGA381"), (1,))
        cells = json.loads((directory / "netlist.json").read_text())["modules"]["top"]["cells"].values()
        assert [cell.get("attributes", {}).get("BEL") for cell in cells] == (expected if whole else [None, None])


def test_finished_seeds_are_not_repeated(tell: Tell, tmp_path: Path) -> None:
    netlist, target = tell({1: 110.0, 2: 130.0, 3: 120.0}), Target()
    assert version() == f"{PNR} stand-in-7"
    directory, done = run_seeds(netlist, target, (1,))
    assert done == {1: None} and calls(tmp_path) == [1]
    directory, done = run_seeds(netlist, target, (1, 2, 3), Workers(2))
    assert done == {1: None, 2: None, 3: None} and calls(tmp_path) == [1, 2, 3]
    assert directory == runs_directory(netlist, target)
    assert (directory / "seed_2" / BITSTREAM).read_text() == "bits"
    assert not list(directory.rglob("routed.json")) and not list(directory.rglob("*.config"))
    result = record.record(netlist, target, directory, done, "sources")
    assert result["best_seed"] == 2 and result["clocks"][0]["mhz"] == 130.0 and result["findings"] == []
    for other in (Target(grade=6), Target(mhz=90.0), Target(clocks={"gated": 50.0})):
        assert runs_directory(netlist, other) != directory
    run_seeds(netlist, Target(grade=6), (1,))
    assert calls(tmp_path) == [1, 1, 2, 3]


def test_two_calls_route_a_seed_once(tell: Tell, tmp_path: Path) -> None:
    netlist = tell({1: 110.0})
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(run_seeds, netlist, Target(), (1,)) for _ in range(2)]
        assert [one.result()[1] for one in found] == [{1: None}] * 2
    assert calls(tmp_path) == [1]


@pytest.mark.parametrize("how", ["fail", "mute"])
def test_a_seed_that_fails_leaves_its_log_and_nothing_else(tell: Tell, tmp_path: Path, how: str) -> None:
    netlist, target = tell({1: 110.0, 2: 130.0}, **{how: (2,)}), Target()
    directory, done = run_seeds(netlist, target, (1, 2))
    assert done[1] is None and "stopped with seed 2" in done[2]
    assert ("ERROR: no place for it" if how == "fail" else "without ['routed.json']") in done[2]
    assert sorted(path.name for path in directory.iterdir()) == ["netlist.json", "seed_1", "seed_2.failed.log"]
    result = record.record(netlist, target, directory, done, "sources")
    assert result["best_seed"] == 1 and result["findings"] == [done[2]]
    with pytest.raises(CheckFailed, match="stopped with seed 2"):
        run_seeds(netlist, target, (2,))
    tell({2: 130.0})
    assert run_seeds(netlist, target, (1, 2))[1] == {1: None, 2: None}
    assert not list(directory.glob("*.log"))
    assert calls(tmp_path) == [1, 2, 2, 2]


def test_a_seed_whose_routing_does_not_end_is_given_up(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.nextpnr.LOOK", 0.2)
    netlist = tell({1: 110.0, 2: 130.0}, stuck=(2,))
    directory, done = run_seeds(netlist, Target(), (1, 2))
    assert done[1] is None
    assert "routing does not end: 500 wires are wanted twice after 30 passes, once 500" in done[2]
    assert "iter=30" in (directory / "seed_2.failed.log").read_text()


def test_a_target_that_cannot_be_met_is_given_up_and_not_the_seed(tell: Tell, tmp_path: Path) -> None:
    directory, done = run_seeds(tell({1: 90.0, 2: 110.0}, late=(1,)), Target(), (1, 2))
    assert done == {1: None, 2: None} and calls(tmp_path) == [1, 1, 2]
    assert (directory / "seed_1" / "nextpnr.log").read_text() == "done"
    assert not (directory / "seed_1.failed.log").exists()


def test_late_ends_are_something_left_to_do() -> None:
    def log(*late: int) -> str:
        return "\n".join(f"Info:     iter=9 wires=9 overused=0 overuse=0 tmgfail={count} archfail=NA" for count in late)

    assert not late(log(7, 0)) and late(log(0, 7)) and not late("")
    assert not not_converging(log(*range(LONG, 0, -1)))
    assert "0 wires are wanted twice and 7 ends of nets late after 61 passes" in not_converging(log(*[7] * (LONG + 1)))


def test_routing_that_may_end_goes_on() -> None:
    def log(*overused: int) -> str:
        return "\n".join(f"Info:     iter={k} wires=9 overused={count} overuse=1" for k, count in enumerate(overused))

    assert not not_converging("")
    assert not not_converging(log(*[500] * (EARLIEST - 1)))
    assert not_converging(log(*[500] * EARLIEST))
    assert not not_converging(log(*[NEARLY] * EARLIEST))
    falling = [1000 + k for k in range(EARLIEST, 0, -1)]
    assert not not_converging(log(*falling))
    assert not not_converging(log(*falling, *[1500] * (PATIENCE - 1)))
    assert not_converging(log(*falling, *[1500] * PATIENCE))
    assert not not_converging(log(*falling, *[NEARLY] * LONG))
    assert "once 200" in not_converging(log(*falling, *[NEARLY] * (LONG + 1)))


def test_targets_of_single_clocks_are_constraints(tell: Tell) -> None:
    netlist = tell({1: 110.0})
    directory, _ = run_seeds(netlist, Target(clocks={"clk_i": 125.0, "gated": 50.0}), (1,))
    assert (directory / "seed_1" / "clocks.sdc").read_text() == (
        "create_clock -period 8.0000 [get_ports {clk_i}]\ncreate_clock -period 20.0000 [get_nets {gated}]\n"
    )
    with pytest.raises(InputError, match="design has no clock 'other'"):
        run_seeds(netlist, Target(clocks={"other": 125.0}), (1,))


# ---- What is printed and kept, and the command -----------------------------------------------------------------------
@pytest.fixture
def placed(tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs the command on the stand-in's netlist, whose routed clock is given; kept files go to a directory."""
    monkeypatch.setattr(record, "KEPT", tmp_path / "results" / "fpga.json")
    command = load("fpga")
    monkeypatch.setattr(command, "PICTURE", tmp_path / "images" / "fpga.png")
    monkeypatch.setattr(command, "rtl_digest", lambda: "digest")

    def run(mhz: dict[int, float], *arguments: object, **how: tuple[int, ...]) -> int:
        found = tell(mhz, **how)
        monkeypatch.setattr(command, "netlist", lambda design, module, flat, board: found)
        return call("fpga", *arguments)

    return run


def test_a_record_is_of_its_targets_and_not_replaced_by_fewer_seeds(placed, capsys) -> None:
    assert placed({1: 120.0, 2: 130.0}, "--keep", "--seeds", 2) == 0
    assert placed({1: 120.0}, "--keep", "--target", 90) == 0
    assert placed({1: 120.0}, "--keep", "--clocks", "gated=50") == 0
    kept = record.KEPT.read_text()
    assert [name.partition(" for ")[2] for name in json.loads(kept)] == ["100 MHz", "100 MHz, gated 50", "90 MHz"]
    assert placed({1: 120.0, 2: 130.0}, "--keep") == 2
    assert "with 2 seeds; not replaced by one with 1" in capsys.readouterr().err and record.KEPT.read_text() == kept
    assert placed({1: 120.0, 2: 130.0, 3: 140.0}, "--keep", "--seeds", 3) == 0
    assert record.KEPT.read_text() != kept


def test_the_sources_are_those_of_before_the_work(placed, tmp_path, monkeypatch) -> None:
    command = load("fpga")

    def edited(*arguments: object, **options: object) -> Netlist:
        monkeypatch.setattr(command, "rtl_digest", lambda: "edited meanwhile")
        return made(*arguments, **options)

    assert placed({1: 120.0}) == 0
    made = command.netlist
    monkeypatch.setattr(command, "netlist", edited)
    assert call("fpga", "--json", tmp_path / "one.json") == 0
    assert json.loads((tmp_path / "one.json").read_text())["sources"] == "digest"


@pytest.mark.parametrize("size", DEVICES)
def test_every_size_has_a_package_of_its_own(placed, tmp_path, size: str) -> None:
    assert placed({1: 120.0}, "--size", size, "--json", tmp_path / "one.json") == 0
    assert json.loads((tmp_path / "one.json").read_text())["package"] == PACKAGES[size][-1]


def test_a_board_with_another_device_and_clock(placed, tmp_path, monkeypatch) -> None:
    boards = []

    def run(*options: object) -> dict:
        assert placed({1: 120.0}) == 0
        command, file = load("fpga"), tmp_path / "one.json"
        found = command.netlist(None, None, False, None)
        monkeypatch.setattr(command, "netlist", lambda design, module, flat, board: boards.append(board) or found)
        assert call("fpga", "--board", "ulx3s", *options, "--json", file) == 0
        return json.loads(file.read_text())

    own = run()
    other = run("--size", "25k", "--mhz", 100, "--grade", 8)
    assert [board.title for board in boards] == ["ULX3S-85F", "ULX3S-25F"]
    assert [board.device for board in boards] == ["85k", "25k"]
    assert own["device"].startswith("LFE5U-85F") and other["device"].startswith("LFE5U-25F")
    assert (own["grade"], own["target_mhz"], other["grade"], other["target_mhz"]) == (6, boards[0].clock_mhz, 8, 100)


def test_a_board_needs_its_package(placed, monkeypatch, capsys) -> None:
    board = load_board("ulx3s")
    monkeypatch.setattr(load("fpga"), "load_board", lambda _: replace(board, package="CABGA756"))
    assert placed({1: 120.0}, "--board", "ulx3s", "--size", "25k") == 2
    assert capsys.readouterr().err == "fpga.py: --size 25k: LFE5U-25F has no package CABGA756\n"


def test_a_missed_target_is_exit_code_1(placed, capsys) -> None:
    assert placed({1: 99.0, 2: 101.0}, "--seeds", 2) == 0
    printed = capsys.readouterr().out
    assert "99.0 to 101.0 (2)" in printed and "20.0 %" in printed and "Differs" not in printed
    assert placed({1: 99.0, 2: 101.0}, "--seeds", 1) == 1
    assert "Differs: clk_i reaches 99.00 MHz, its target is 100 MHz." in capsys.readouterr().out
    assert placed({1: 99.0}, "--target", 98) == 0
    assert placed({1: 99.0}, "--target", 98, "--clocks", "clk_i=99.5") == 1
    assert "its target is 99.5 MHz" in capsys.readouterr().out


def test_nextpnr_that_fails_is_exit_code_1_and_one_sentence(placed, capsys) -> None:
    assert placed({1: 120.0}, fail=(1,)) == 1
    error = capsys.readouterr().err
    assert error.startswith("fpga.py: nextpnr-ecp5 stopped with seed 1 (ERROR: no place for it), log: ")
    assert error.count("\n") == 1
    assert placed({1: 120.0, 2: 120.0}, "--seeds", 2, fail=(1,)) == 1
    assert "Differs: nextpnr-ecp5 stopped with seed 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target", "0"), "is '0', a number of MHz above 0 is needed"),
        (("--target", "fast"), "is 'fast'"),
        (("--clocks", "clk_i"), "has 'clk_i', CLOCK=MHZ is needed"),
        (("--clocks", "x=-1"), "is '-1'"),
        (("--clocks", "x=50"), "design has no clock 'x'"),
        (("--grade", "9"), "invalid choice: 9"),
        (("--size", "25k", "--package", "CABGA756"), "LFE5U-25F has TQFP144, CSFBGA285, CABGA256, CABGA381"),
        (("--keep", "--gate", "configs/gates/rich.toml"), "--gate must name one that is shipped"),
    ],
)
def test_bad_input_is_one_sentence(placed, capsys, arguments: tuple[str, ...], said: str) -> None:
    assert placed({1: 120.0}, *arguments) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_kept_results_stand_side_by_side_while_they_are_of_the_same_sources(placed, tmp_path, monkeypatch) -> None:
    assert placed({1: 120.0}) == 0 and not record.KEPT.exists()
    assert placed({1: 120.0}, "--keep") == 0
    assert placed({1: 110.0}, "--keep", "--grade", 6, "--json", tmp_path / "one.json") == 0
    kept = json.loads(record.KEPT.read_text())
    assert sorted(one["grade"] for one in kept.values()) == [6, 8]
    assert json.loads((tmp_path / "one.json").read_text()) in kept.values()
    text = record.KEPT.with_suffix(".md").read_text()
    picture = tmp_path / "images" / "fpga.png"
    assert text == record.page(kept.values(), picture) and "| clk_i | 120.0 | 100 | 1 seed |" in text
    assert picture.read_bytes().startswith(b"\x89PNG")
    # The floor plan of the last one stands with it, and with no other.
    last = next(name for name, one in kept.items() if one["grade"] == 6)
    assert text.count("floor plan") == 1 and f"![{last}: floor plan by power domain](../images/fpga.png)" in text
    picture.write_bytes(b"of an older device")
    assert "floor plan" not in record.page(kept.values(), picture)
    monkeypatch.setattr(load("fpga"), "rtl_digest", lambda: "another")
    assert placed({1: 120.0}, "--keep") == 0
    assert [one["sources"] for one in json.loads(record.KEPT.read_text()).values()] == ["another"]
