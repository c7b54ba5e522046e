# SPDX-License-Identifier: Apache-2.0
"""A tiny device's netlist answers and learns as the golden models do; a defect in it is seen.

Synthesis and the build of two simulations take three minutes of CPU when nothing is built, so that `make test` leaves
those two tests out: ``pytest -m netlist verif/netlist`` runs them.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from driver.verilated import build_device
from hw.gen.build import generate
from hw.place.netlist import Netlist, netlist
from spec.bank import random_bank
from spec.errors import CheckFailed
from spec.network import RUNNING_MODES, Mode
from spec.presets import Accelerator
from spec.tests.commands import call, load
from spec.tiny import local_only_accelerator, tiny_accelerator, tiny_images
from tools.mutants import Replacement
from tools.yosys import run_yosys
from verif.netlist import record
from verif.netlist.answers import LEAST, Outcome
from verif.netlist.library import netlist_library
from verif.netlist.sources import LUTS, OWN, check_cells, torn_wire, yosys_models

IMAGES = 40


def design() -> Accelerator:
    return tiny_accelerator("linear")


@pytest.fixture(scope="module")
def found() -> Netlist:
    return netlist(design())


def simulate(found: Netlist | None, count: int, change: Replacement | None = None) -> Outcome:
    """The netlist, or the RTL when there is none."""
    banks = [random_bank(design().moe, seed) for seed in (1, 2)]
    library = netlist_library(design(), found, change) if found else None
    return record.simulate(design(), tiny_images(count), banks, library)


@pytest.mark.netlist
def test_the_netlist_does_what_the_golden_models_do(found: Netlist) -> None:
    """All modes with two banks, the GE asleep between images, OFF, lessons; as many cycles as the RTL takes."""
    outcome = simulate(found, IMAGES)
    assert outcome.clean, outcome.first
    assert outcome.whole and outcome.swaps == 2 and outcome.lessons > 3
    assert sum(outcome.images.values()) == IMAGES + 2
    assert outcome.naps > outcome.woken > 2
    source = simulate(None, IMAGES)
    assert outcome == source
    json.dumps(record.record(design(), "", {}, "", outcome, source, outcome))  # plain numbers only


@pytest.mark.netlist
def test_a_torn_wire_is_seen(found: Netlist) -> None:
    outcome = simulate(found, 2 * LEAST, torn_wire(found))
    assert not outcome.clean and outcome.wrong > 2
    assert outcome.lessons_wrong
    assert re.match(r"(LE_ONLY|MOE_\w+), bank \d, image \d+: 0x\w{8} instead of 0x\w{8}", outcome.first)


def test_a_device_of_local_experts_is_asked_what_it_has() -> None:
    """Of its RTL; the netlist is asked the same."""
    local = local_only_accelerator()
    banks = [random_bank(local.moe, seed) for seed in (1, 2)]
    outcome = record.simulate(local, tiny_images(IMAGES), banks, build_device(generate(local), optimise=False))
    assert outcome.clean, outcome.first
    assert outcome.whole and outcome.modes == (Mode.LE_ONLY,) and outcome.lessons > 3
    assert outcome.images == {"LE_ONLY": IMAGES + 2} and not outcome.naps
    assert not replace(outcome, modes=RUNNING_MODES).whole
    result = record.record(local, "", {}, "", outcome, outcome, replace(outcome, wrong=1))
    assert result["images"] == {"LE_ONLY": IMAGES + 2} and not result["findings"]


def test_a_unit_without_multipliers_has_none_to_tear(found: Netlist) -> None:
    with pytest.raises(CheckFailed, match="no multiplier block in u_registers"):
        torn_wire(found, "u_registers")


# ---- Models ----------------------------------------------------------------------------------------------------------
def check_luts(directory: Path, luts: str) -> None:
    """Prove that these LUTs are Yosys' for every entry of their tables, and for some tables."""
    wires, inside = [], []
    for kind, inputs in (("LUT2", "AB"), ("LUT4", "ABCD")):
        size = 1 << len(inputs)
        for table in (*(1 << entry for entry in range(size)), 0x6A3C % (1 << size)):
            wires.append(f"z{len(wires)}")
            pins = ", ".join(f".{pin}({pin})" for pin in inputs)
            inside.append(f"{kind} #(.INIT({size}'d{table})) u_{wires[-1]} ({pins}, .Z({wires[-1]}));")
    (directory / "all.v").write_text(
        f"module all(input A, B, C, D, output {', '.join(wires)});\n" + "\n".join(inside) + "\nendmodule\n"
    )
    (directory / "yosys.v").write_text(yosys_models(("LUT2", "LUT4")))
    (directory / "luts.v").write_text(luts)
    read = "read_verilog all.v; techmap -autoproc -map {0}.v; simplemap; rename all {0}"
    sides = "; ".join(f"{read.format(name)}; design -stash {name}" for name in ("yosys", "luts"))
    copies = "; ".join(f"design -copy-from {name} -as {name} {name}" for name in ("yosys", "luts"))
    run_yosys(
        directory,
        f"{sides}; {copies}; miter -equiv -flatten -make_assert yosys luts both; "
        "hierarchy -top both; sat -verify -prove-asserts -show-inputs both",
    )


def test_luts_are_those_of_yosys(tmp_path: Path) -> None:
    check_luts(tmp_path, LUTS)


@pytest.mark.parametrize("order", [("{D, C, B, A}", "{D, B, C, A}"), ("{B, A}", "{A, B}")], ids=["LUT4", "LUT2"])
def test_a_lut_with_its_inputs_in_another_order_is_seen(order: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="proof did fail"):
        check_luts(tmp_path, Replacement("luts.v", f".A({order[0]})", f".A({order[1]})").applied(LUTS))


def test_a_cell_without_a_model_is_seen(tmp_path: Path) -> None:
    top = {"attributes": {}, "cells": {name: {"type": name} for name in ("DP16KD", "DCCA", "DCUA", "$scopeinfo")}}
    path = tmp_path / "netlist.json"
    path.write_text(json.dumps({"modules": {"top": top, "DP16KD": {"attributes": {"blackbox": "1"}}}}))
    made = Netlist("made_up", path, "top", "clk_i", None, "")
    with pytest.raises(CheckFailed, match="made_up: no model of the cells DCUA$"):
        check_cells(made, OWN)


def test_yosys_without_a_model_is_seen() -> None:
    with pytest.raises(CheckFailed, match="Yosys has no model of the cells LUT9"):
        yosys_models(("LUT4", "LUT9"))


# ---- Command ---------------------------------------------------------------------------------------------------------
def sound() -> Outcome:
    outcome = Outcome(swaps=2, asleep=("fe", "ge", "le", "gn"), naps=3, woken=2, lessons=6, cycles=5000)
    outcome.images.update({"GE_ONLY": 50, "LE_ONLY": 50, "MOE_PARALLEL": 50, "MOE_GATED": 52})
    return outcome


def faulty() -> Outcome:
    return replace(sound(), wrong=7, first="LE_ONLY, bank 0, image 1: 0x00000001 instead of 0x00000002")


CASES = {
    "sound": (sound(), sound(), faulty(), None),
    "wrong": (faulty(), sound(), faulty(), "7 wrong answers"),
    "lessons": (replace(sound(), lessons_wrong=1), sound(), faulty(), "1 wrong lessons"),
    "no sleep": (replace(sound(), naps=0), sound(), faulty(), "was not asked everything"),
    "no OFF": (replace(sound(), asleep=("fe",)), sound(), faulty(), "was not asked everything"),
    "cycles": (sound(), replace(sound(), cycles=5001), faulty(), "took 5,000 cycles, the RTL 5,001"),
    "defect": (sound(), sound(), sound(), "with a defect gave no wrong answer"),
}


@pytest.mark.parametrize(("netlist_", "rtl", "defect", "finding"), CASES.values(), ids=CASES)
def test_command(
    netlist_: Outcome, rtl: Outcome, defect: Outcome, finding: str | None, monkeypatch, capsys, tmp_path: Path
) -> None:
    def measured(design: Accelerator, images, banks, data: str) -> dict:
        assert images.shape == (200, 28, 28) and len(banks) == 2
        return record.record(design, "0123", {"DCCA": 5, "LUT4": 1000, "PFUMX": 2}, data, netlist_, rtl, defect)

    monkeypatch.setattr(record, "measure", measured)
    file = tmp_path / "result.json"
    assert call("netlist", "--json", file) == (1 if finding else 0)
    printed, result = capsys.readouterr().out, json.loads(file.read_text())
    assert [finding in text for text in result["findings"]] == ([True] if finding else [])
    assert ("Differs" in printed) == bool(finding)
    assert (
        "| images in all | 202 |" in printed and "| LUT4 | 1,000 | an equation; proven to be Yosys' model |" in printed
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--limit", LEAST - 1), f"at least {LEAST} is needed"),
        (("--limit", 8, "--keep"), "leave --limit out"),
        (("--keep",), "figures of built-in handwriting are not kept"),
        (("--banks", "nowhere"), "nowhere"),
    ],
    ids=["too few", "kept in part", "synthetic", "no banks"],
)
def test_bad_input(arguments: tuple, said: str, monkeypatch, capsys) -> None:
    for name in ("EMNIST_DIR", "USERS_NPZ"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(record, "measure", lambda *_: pytest.fail("nothing shall be measured"))
    assert call("netlist", *arguments) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_what_is_kept(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(record, "KEPT", tmp_path / "netlist.json")
    result = record.record(design(), "0123", {"DP16KD": 4}, "made up", sound(), sound(), faulty())
    record.keep(result)
    assert json.loads((tmp_path / "netlist.json").read_text()) == result
    page = (tmp_path / "netlist.md").read_text()
    assert page == record.page(result) and "sources 0123" in page and "| DP16KD | 4 | `hw/cells` |" in page


def test_images_come_from_every_set() -> None:
    sets = [tiny_images(count, count) for count in (50, 2, 3)]
    chosen = load("netlist").mixed(sets, 10)
    assert chosen.shape == (10, 14, 14)
    for number, image in enumerate(chosen):
        assert any((image == one).all() for one in sets[number % 3])
