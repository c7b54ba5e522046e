# SPDX-License-Identifier: Apache-2.0
"""Place and route by the real tools: a slow module is found to be slow, and a module of the device is placed alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hw.place import netlist as netlists
from hw.place import scan
from hw.place.netlist import Netlist, device_instances, netlist
from hw.place.record import read_seed, record, terminal
from hw.place.seeds import run_seeds, runs_directory
from hw.place.timing import Timing, findings
from spec.errors import CheckFailed
from spec.files import write_text
from spec.folding import build_folding
from spec.presets import Accelerator
from spec.tiny import FOLDING, tiny_moe
from tools import nextpnr
from tools.nextpnr import BITSTREAM, Target
from tools.sweep import SweepFailed
from tools.yosys import run_yosys

_SMALLEST = Target(device="25k", package="CABGA256", mhz=100.0)
_WIDTH = 12
# The sum of all inputs, in one cycle or term by term: the same ports, other lengths of the logic.
_ADDER = """\
module {name} (input clk_i, input [{bits}:0] a_i, output reg [{high}:0] sum_o);
  always @(posedge clk_i) sum_o <= {terms};
endmodule
"""


def adder(directory: Path, terms: int) -> tuple[Netlist, int]:
    """A netlist of an adder of ``terms`` of six numbers between scan registers; and the registers it needs."""
    name = f"add{terms}"
    own = (scan.Port("clk_i", "input", 1), scan.Port("a_i", "input", 6 * _WIDTH), scan.Port("sum_o", "output", _WIDTH))
    one = scan.Instance(name, "u_add", name, own, "")
    chosen = " + ".join(f"(a_i[{_WIDTH * i} +: {_WIDTH}] ^ sum_o)" for i in range(terms))
    text = _ADDER.format(name=name, bits=6 * _WIDTH - 1, high=_WIDTH - 1, terms=chosen)
    path = directory / f"netlist_{name}" / "netlist.json"
    write_text(path.with_name("design.v"), text + scan.wrapper(one))
    run_yosys(path.parent, f"read_verilog design.v; synth_ecp5 -top {scan.TOP} -json {path.name}")
    registers = (6 * _WIDTH + 1) + _WIDTH + (_WIDTH + 1) + _WIDTH  # in, out, folded, the module's own
    return Netlist(name, path, scan.TOP, scan.CLOCK, one, name), registers


def route(found: Netlist, target: Target) -> tuple[Timing, dict]:
    """Timing and cells with seed 1."""
    directory, _ = run_seeds(found, target, (1,))
    return read_seed(directory, 1, target)


def test_longer_logic_is_slower_and_a_missed_target_is_said(tmp_path: Path) -> None:
    timings = {}
    for terms in (1, 6):
        found, registers = adder(tmp_path, terms)
        timing, placed = route(found, _SMALLEST)
        assert [clock.name for clock in timing.clocks] == [scan.CLOCK] and timing.crossings == ()
        assert timing.used["TRELLIS_FF"] == registers == next(iter(placed["clocks"].values()))
        assert len([one for one in placed["cells"] if one[0] == "TRELLIS_COMB"]) == timing.used["TRELLIS_COMB"]
        assert abs(timing.paths[0].ns * timing.clocks[0].mhz - 1000) < 1
        timings[terms] = timing
        assert findings(timing, placed["clocks"], scan.CLOCK) == []
    fast, slow = (timings[terms].clocks[0].mhz for terms in (1, 6))
    assert fast > 1.5 * slow
    assert timings[6].paths[0].levels > timings[1].paths[0].levels
    assert timings[6].paths[0].end == "u_module.sum_o"

    beyond = replace(_SMALLEST, clocks={scan.CLOCK: float(round(2 * slow))})
    found, _ = adder(tmp_path, 6)
    missed, placed = route(found, beyond)
    report = json.loads((runs_directory(found, beyond) / "seed_1" / nextpnr.REPORT).read_text())
    assert [one["constraint"] for one in report["fmax"].values()] == [pytest.approx(beyond.of(scan.CLOCK), rel=1e-3)]
    assert ["its target is" in said for said in findings(missed, placed["clocks"], scan.CLOCK)] == [True]


def test_what_does_not_fit_is_a_sentence(tmp_path: Path) -> None:
    found, _ = adder(tmp_path, 1)
    with pytest.raises(CheckFailed, match=r"nextpnr-ecp5 stopped with seed 1 \(.*[Pp]ackage.*\), log: .*failed.log$"):
        run_seeds(found, replace(_SMALLEST, package="CABGA9"), (1,))


def test_a_module_of_the_device_is_placed_alone_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moe = tiny_moe("linear")
    design = Accelerator(moe, build_folding(FOLDING, moe))
    pools = [one for one in device_instances(design, tmp_path) if one.module == "max_pool"]
    assert len(pools) >= 2
    found = netlist(design, "u_front_end.u_pool1", work=tmp_path)
    assert found.module in pools and found.design.endswith("u_front_end.u_pool1")
    directory, done = run_seeds(found, _SMALLEST, (1,))
    result = record(found, _SMALLEST, directory, done, "sources")
    inputs = sum(port.width for port in found.module.ports if port.direction == "input" and not port.is_clock)
    ports = sum(port.width for port in found.module.ports if port.direction == "output")
    assert result["parts"]["(scan registers)"]["TRELLIS_FF"] == inputs + 1 + ports + ports + 1
    assert result["parts"]["gen_piece[*].u_piece"]["TRELLIS_FF"] > 0
    total = {kind: sum(part.get(kind, 0) for part in result["parts"].values()) for kind in result["used"]}
    assert total == {kind: use["used"] for kind, use in result["used"].items()}
    assert result["clocks"][0]["mhz"] > 0 and "u_piece" in terminal(result)
    assert (directory / "seed_1" / BITSTREAM).stat().st_size > 100_000

    def never(*_: object) -> None:
        raise AssertionError("made a second time")

    monkeypatch.setattr(netlists, "run_yosys", never)
    monkeypatch.setattr(nextpnr, "place_and_route", never)
    again = netlist(design, "u_front_end.u_pool1", work=tmp_path)
    assert again == found and run_seeds(again, _SMALLEST, (1,)) == (directory, done)
    with pytest.raises(SweepFailed, match="made a second time"):
        run_seeds(again, _SMALLEST, (2,))
    report = directory / "seed_1" / nextpnr.REPORT
    report.write_text(json.dumps(json.loads(report.read_text()) | {"fmax": {}}))
    assert "the report has no clock clk_i" in record(found, _SMALLEST, directory, done, "sources")["findings"][0]
