# SPDX-License-Identifier: Apache-2.0
"""accumulate_adder: the ECP5's carry cells, proved to be the formula; as logic it is simulated in test_mvu."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.cocotb_run import RTL
from tools.mutants import Replacement
from tools.yosys import CARRY, READ_CELLS, SET_PARAMETERS, run_yosys

START = "start | {@W{!first}}"
PROOF = """
module proof(input first, input [@W-1:0] start, acc, add, output ok);
  wire [@W-1:0] from = @START;
  wire [@W-1:0] sum;
  accumulate_adder u_adder(.first_i(first), .start_i(from), .acc_i(acc), .add_i(add), .sum_o(sum));
  assign ok = sum == (first ? start : acc) + add;
endmodule
"""


def prove(
    directory: Path,
    width: int,
    start: str = START,
    parameters: str = SET_PARAMETERS,
    change: tuple[str, str] | None = None,
) -> None:
    """Prove the cells for all inputs.

    Raises:
        RuntimeError: they are not the formula, with the end of Yosys' output.
    """
    name = "accumulate_adder.sv"
    shutil.copy(RTL / name, directory)
    if change:
        text = Replacement(name, *change).applied((RTL / name).read_text())
        (directory / name).write_text(text)
    (directory / "proof.v").write_text(PROOF.replace("@START", start).replace("@W", str(width)))
    read = f"read_slang --threads 1 --top accumulate_adder -G Width={width} -D SYNTHESIS -D TARGET_ECP5 {name}"
    run_yosys(
        directory,
        f"{READ_CELLS}; {read}; {parameters}; delete */t:$scopeinfo; read_verilog proof.v; "
        "read_verilog -overwrite +/ecp5/cells_sim.v; hierarchy -top proof; proc; flatten; "
        "sat -verify -prove ok 1 proof",
    )


@pytest.mark.parametrize("width", [1, 2, 17, 18])
def test_the_cells_are_the_formula(tmp_path: Path, width: int) -> None:
    prove(tmp_path, width)


WRONG = {
    "bias-not-all-ones": {"start": "start"},
    "multiplexer-reversed": {"parameters": SET_PARAMETERS.replace(CARRY["INIT0"], "16'h6a5a")},
    "carry-broken": {"change": (".CIN (carry[i])", ".CIN (1'b0)")},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_not_proved(tmp_path: Path, wrong: dict) -> None:
    with pytest.raises(RuntimeError, match="proof did fail"):
        prove(tmp_path, 17, **wrong)
