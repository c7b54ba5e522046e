# SPDX-License-Identifier: Apache-2.0
"""AMD's seventh series: what synthesis infers, how it is counted and kept, and the project for Vivado."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hw.amd import record
from hw.amd.cells import LATCHES, PARTS, cells, used
from hw.amd.vivado import project
from hw.gen.build import generate, memory_files
from spec.tests.commands import call
from spec.tiny import tiny_accelerator


@pytest.mark.parametrize(("gate", "cell"), [(True, "BUFGCE"), (False, "LDCE")])
def test_the_clock_gate_is_the_device_s_and_no_latch(gate: bool, cell: str) -> None:
    found = cells(generate(tiny_accelerator()), "clock_gate", gate=gate)
    assert found[cell] == 1
    assert bool(record.findings(tiny_accelerator(), {**found, "DSP48E1": multipliers()})) == (not gate)


def multipliers() -> int:
    design = tiny_accelerator()
    return design.folding.multipliers(design.moe)


def test_a_product_is_one_block() -> None:
    """The block that ECP5 instantiates is inferred here, with its registers inside."""
    found = cells(generate(tiny_accelerator()), "multiplier_block")
    assert found["DSP48E1"] == 1 and used(found).flip_flops == 0


def test_cells_are_counted_by_what_they_take() -> None:
    found = {"LUT6": 3, "LUT2": 4, "RAM32M": 2, "SRL16E": 5, "FDRE": 7, "FDSE": 1, "RAMB36E1": 2, "RAMB18E1": 3}
    part = used({**found, "DSP48E1": 9, "CARRY4": 11, "BUFG": 1})
    assert (part.luts, part.flip_flops, part.block_ram, part.multipliers) == (20, 8, 3.5, 9)


def made_up(name: str, sources: str = "s") -> dict:
    part = {"luts": 26_600, "flip_flops": 1000, "block_ram": 70.5, "multipliers": 110}
    return {"design": name, "sources": sources, "tool": "t", "cells": {}, "used": part, "findings": ["One too many."]}


def test_the_page_has_every_design_of_the_same_sources(tmp_path: Path) -> None:
    path = tmp_path / "amd.json"
    record.keep(made_up("old", "other"), path)
    record.keep(made_up("one"), path)
    record.keep(made_up("two"), path)
    assert list(json.loads(path.read_text())) == ["one", "two"]
    text = path.with_suffix(".md").read_text()
    assert "| LUTs | 26,600 | 50.0 % |" in text and "| 70.5 | 50.4 % |" in text and "One too many." in text
    assert "old" not in text


def test_too_few_multipliers_are_told() -> None:
    wanted = multipliers()
    assert record.findings(tiny_accelerator(), {"DSP48E1": wanted}) == []
    (finding,) = record.findings(tiny_accelerator(), {"DSP48E1": wanted - 1})
    assert f"{wanted - 1} DSP48E1 were made, the folding has {wanted}" in finding
    (finding,) = record.findings(tiny_accelerator(), {"DSP48E1": wanted, LATCHES[0]: 2})
    assert finding.startswith("2 latches")


def listed(script: str, what: str) -> list[str]:
    return re.search(rf"^set {what} \{{(.*?)^\}}", script, re.DOTALL | re.MULTILINE).group(1).split()


def test_the_project_has_every_file_that_its_script_names(tmp_path: Path) -> None:
    design, part = tiny_accelerator(), next(iter(PARTS))
    names = project(design, part, tmp_path / "project")
    script = (tmp_path / "project" / "vivado.tcl").read_text()
    sources, memories = listed(script, "sources"), listed(script, "memories")
    assert sources == [path.name for path in generate(design).device_sources]
    assert memories == sorted(memory_files(design))
    assert sorted([*sources, *memories, "vivado.tcl", "clock.xdc"]) == names
    assert f"set part {part}" in script and "create_clock -name clk_i -period 10 " in (
        (tmp_path / "project" / "clock.xdc").read_text()
    )
    generated = [(tmp_path / "project" / f"{name}.sv").read_text() for name in ("front_end", "ge_tail")]
    assert {name for text in generated for name in re.findall(r'"(\w+\.mem)"', text)} == {*memories}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--project", "--keep"), "--keep is for the published result, leave --project out"),
        (("--project", "--json", "x"), "--json does nothing beside --project"),
        (("--out", "there"), "--out does nothing beside a call without --project"),
        (("--fpga", "xc7a100tcsg324-1"), "--fpga does nothing beside a call without --project"),
        (("--project", "--fpga", "xc7"), "invalid choice"),
    ],
)
def test_bad_input_is_one_sentence(capsys: pytest.CaptureFixture, arguments: tuple[str, ...], said: str) -> None:
    assert call("amd", *arguments) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
