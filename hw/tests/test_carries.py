# SPDX-License-Identifier: Apache-2.0
"""Carry chains that begin in themselves: equal to the sums they stand for, and shorter once they are placed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.carries import open_ends
from tools.yosys import CARRY_MAP, run_yosys, synthesis

_SUMS = ("a + b", "a - b", "a < b", "a >= b", "a + 1", "a - 3")
# What the map makes of a sum, and the sum, in a circuit that is 1 where they differ.
_PROOF = """\
read_verilog design.v; proc; alumacc; opt_clean; design -save before; rename top gold; design -stash gold
design -load before; techmap -map carry_map.v; select -assert-none t:$alu; opt_clean
read_verilog +/lattice/ccu2c_sim.vh +/lattice/common_sim.vh; setattr -mod -unset abc9_box =CCU2C
setattr -mod -unset lib_whitebox =CCU2C =LUT4 =LUT2; hierarchy -top top; proc; flatten; opt_clean
{change}
rename top gate; design -stash gate; design -copy-from gold -as gold gold; design -copy-from gate -as gate gate
miter -equiv -flatten gold gate both; techmap both; opt both; sat -verify -prove trigger 0 -set-def-inputs both
"""


def write(directory: Path, width: int, sign: str = "", sums: Sequence[str] = _SUMS) -> None:
    """A module of sums of two numbers of ``width`` bits, as wide as they, and the map, where Yosys sees them."""
    kind = f"{sign} [{width - 1}:0]"
    outputs = ", ".join(f"output {kind} y{i}" for i in range(len(sums)))
    texts = " ".join(f"assign y{i} = {text};" for i, text in enumerate(sums))
    (directory / "design.v").write_text(f"module top(input {kind} a, b, {outputs}); {texts} endmodule\n")
    shutil.copy(CARRY_MAP, directory)


def prove(directory: Path, change: str = "") -> None:
    """The map equals the sums for every input."""
    run_yosys(directory, _PROOF.format(change=change).replace("\n", "; "))


@pytest.mark.parametrize("width", [5, 6, 13])
@pytest.mark.parametrize("sign", ["", "signed"])
def test_chains_equal_their_sums(tmp_path: Path, width: int, sign: str) -> None:
    write(tmp_path, width, sign)
    prove(tmp_path)


@pytest.mark.parametrize(("width", "constant"), [(5, "16'h000f"), (6, "16'h000b"), (6, "16'h0008")])
def test_a_wrong_first_carry_is_seen(tmp_path: Path, width: int, constant: str) -> None:
    write(tmp_path, width)
    before, found, after = CARRY_MAP.read_text().partition(constant)
    assert found
    (tmp_path / CARRY_MAP.name).write_text(f"{before}16'h0004{after}")
    with pytest.raises(RuntimeError, match="proof did fail"):
        prove(tmp_path)


@pytest.mark.parametrize(
    ("sum_", "width", "expected"), [("a + b", 8, (1, 1)), ("a - b", 9, (1, 1)), ("a < b", 9, (1, 0))]
)
def test_ends_that_nobody_needs_are_open(tmp_path: Path, sum_: str, width: int, expected: tuple[int, int]) -> None:
    """A comparison's last carry is its answer."""
    write(tmp_path, width, sums=[sum_])
    run_yosys(tmp_path, f"read_verilog design.v; {synthesis('top', CARRY_MAP.name, '-json netlist.json')}")
    netlist = json.loads((tmp_path / "netlist.json").read_text())
    assert open_ends(netlist) == expected
    assert open_ends(netlist) == (0, 0)
