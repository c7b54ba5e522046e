# SPDX-License-Identifier: Apache-2.0
"""multiplier_block: registers around a multiplication, and the ECP5's block in its place."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from hw.cells import CELLS
from spec.files import write_text
from spec.paths import BUILD
from tools.cocotb_run import RTL, run, with_mutant
from tools.yosys import READ_CELLS, REGISTERS, SET_PARAMETERS, run_yosys

BENCH = "verif.unit.bench_multiplier_block"


def as_multiplier_block_has_it() -> Path:
    """The cell's model with the registers that synthesis puts into use, as its defaults: an instance names none."""
    text = (CELLS / "MULT18X18D.sv").read_text()
    for name, value in REGISTERS.items():
        start, default, end = re.split(rf'(parameter string {name} *= )"\w+"', text)
        text = f'{start}{default}"{value}"{end}'
    path = BUILD / "cells" / hashlib.sha256(text.encode()).hexdigest()[:16] / "MULT18X18D.sv"
    write_text(path, text)
    return path


SOURCES = {"generic": [RTL / "multiplier_block.sv"]}
SOURCES["ecp5"] = [as_multiplier_block_has_it(), *SOURCES["generic"]]
DEFINES = {"generic": {}, "ecp5": {"TARGET_ECP5": 1}}
SHAPES = [(8, 8), (8, 17), (17, 18), (1, 1)]


def parameters(shape: tuple[int, int]) -> dict[str, int]:
    return dict(zip(("ActW", "WgtW"), shape, strict=True))


@pytest.mark.parametrize("target", SOURCES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_multiplier_block(target: str, shape: tuple[int, int]) -> None:
    run("multiplier_block", BENCH, sources=SOURCES[target], defines=DEFINES[target], parameters=parameters(shape))


DEFECTS = {
    "signed-activation": ("generic", "$signed({1'b0, act_q})", "$signed(act_q)"),
    "product-does-not-hold": ("generic", "if (valid_i[1]) product_o", "product_o"),
    "operands-do-not-hold": ("generic", "if (valid_i[0]) begin", "begin"),
    "weight-not-extended": ("ecp5", "= BlockW'(wgt_i);", "= BlockW'($unsigned(wgt_i));"),
    "enables-swapped": ("ecp5", ".CE0    (valid_i[0]),", ".CE0    (valid_i[1]),"),
    "product-bit-lost": ("ecp5", ".P0(p[0])", ".P0()"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str]) -> None:
    target, *change = defect
    broken = with_mutant(SOURCES[target], "multiplier_block", *change)
    given = {"defines": DEFINES[target], "parameters": parameters((8, 8)), "check": False}
    assert run("multiplier_block", BENCH, sources=broken, **given).failed


def test_ecp5_uses_the_registers_of_its_block(tmp_path: Path) -> None:
    shutil.copy(RTL / "multiplier_block.sv", tmp_path)
    read = "read_slang --threads 1 --top multiplier_block -D SYNTHESIS -D TARGET_ECP5 multiplier_block.sv"
    run_yosys(
        tmp_path, f"{READ_CELLS}; {read}; {SET_PARAMETERS}; synth_ecp5 -top multiplier_block; write_json netlist.json"
    )
    (block,) = json.loads((tmp_path / "netlist.json").read_text())["modules"]["multiplier_block"]["cells"].values()
    assert block["type"] == "MULT18X18D"
    assert {name: value for name, value in block["parameters"].items() if name.startswith("REG")} == REGISTERS
