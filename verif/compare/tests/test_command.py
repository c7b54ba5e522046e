# SPDX-License-Identifier: Apache-2.0
"""The command line: exit codes, the JSON file, and one sentence for bad input."""

import json
import subprocess
import sys

import pytest

from spec.bank import random_bank
from spec.bank_file import save_bank
from spec.paths import ROOT
from spec.qonnx_writer import QonnxWriter
from spec.tests.commands import call, load
from spec.tiny import tiny_accelerator, tiny_network
from verif.compare import request
from verif.compare.request import Request, load_setup
from verif.compare.stages import STAGES
from verif.compare.tests.setup import image_set, tiny_setup
from verif.compare.tests.test_comparison import ModelStage, broken_layer
from verif.faults import FAULTS

SCRIPT = ROOT / "scripts" / "compare_golden.py"


def run_script(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True)


def test_fault_list_names_every_site():
    run = run_script("--inject-fault", "list")
    assert run.returncode == 0
    assert [line.split()[0] for line in run.stdout.splitlines()] == [fault.site for fault in FAULTS]
    assert {"weight", "rounding", "gate", "mux"} <= {fault.site for fault in FAULTS}


def test_the_script_turns_bad_input_into_one_sentence(tmp_path):
    run = run_script("--ge", str(tmp_path / "none.onnx"), "--json", str(tmp_path / "out.json"))
    assert run.returncode == 2
    assert run.stderr.strip() == f"compare_golden.py: {tmp_path}/none.onnx: there is no such QONNX file"
    assert not run.stdout and not list(tmp_path.iterdir())


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The command line on the tiny accelerator, with a stage ``model`` that plays the RTL."""
    setup = tiny_setup(tmp_path)
    monkeypatch.setattr(load("compare_golden"), "load_setup", lambda request: (setup, 1))
    monkeypatch.setattr(request, "load_image_set", lambda *arguments: image_set())
    monkeypatch.setitem(STAGES, "model", ModelStage)
    return tmp_path


def test_equal_is_exit_code_0_and_the_json_has_the_agreed_form(tiny, capsys):
    out = tiny / "sub" / "out.json"
    assert call("compare_golden", "--stages", "torch,int,model", "--json", out) == 0
    content = json.loads(out.read_text())
    assert content["images"] == 40 and content["data"] == "tiny noise" and content["synthetic"]
    assert list(content["modes"]) == ["GE_ONLY", "LE_ONLY", "MOE_PARALLEL", "MOE_GATED"]
    entry = content["modes"]["MOE_PARALLEL"]
    assert list(entry["mismatches"])[0] == "conv1" and list(entry["mismatches"])[-1] == "class"
    assert set(entry["mismatches"].values()) == {0} and 0 <= entry["accuracy"] <= 1
    assert set(entry["stages"]) == {"torch", "int", "model"}
    printed = capsys.readouterr().out
    assert "SYNTHETIC" in printed and printed.splitlines()[-1].startswith("EQUAL: torch and model")
    assert [path.name for path in out.parent.iterdir()] == ["out.json"]


def test_a_mismatch_is_exit_code_1_and_named(tiny, monkeypatch, capsys):
    monkeypatch.setitem(STAGES, "model", lambda setup: ModelStage(setup, broken_layer("gate_hidden", 3)))
    out = tiny / "out.json"
    assert call("compare_golden", "--stages", "int,model", "--mode", "GE_ONLY,MOE_GATED", "--json", out) == 1
    content = json.loads(out.read_text())
    assert not content["bit_exact"] and content["modes"]["GE_ONLY"]["bit_exact"]
    entry = content["modes"]["MOE_GATED"]
    assert entry["mismatches"]["gate_hidden"] == 1 and entry["first_difference"]["image"] == 3
    printed = capsys.readouterr().out
    assert "DIFFERS, first at gate_hidden[5] of image 3" in printed
    assert printed.splitlines()[-1].startswith("MISMATCH in MOE_GATED")


def test_images_that_do_not_fit_the_network_are_refused(tiny, monkeypatch, capsys):
    wide = image_set()
    object.__setattr__(wide, "images", wide.images[:, :, :12])
    monkeypatch.setattr(request, "load_image_set", lambda *arguments: wide)
    assert call("compare_golden", "--stages", "int") == 2
    assert "takes images of 14x14x1, the data has 14x12x1" in capsys.readouterr().err


@pytest.fixture
def models(tmp_path) -> list[str]:
    """Arguments that name a tiny GE and bank; the gate preset is the shipped ``paper``."""
    ge = QonnxWriter(tiny_network()).save(tmp_path / "ge.onnx")
    bank = tmp_path / "user01.bank"
    tiny = tiny_accelerator("linear")
    save_bank(bank, random_bank(tiny.moe, 0), tiny.moe, tiny.folding)
    return ["--ge", str(ge), "--le-bank", str(bank), "--gate", "paper"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--mode", "OFF"], "--mode: has 'OFF', allowed are GE_ONLY"),
        (["--stages", "int,magic"], "--stages: has 'magic', allowed are float, torch, int"),
        (["--users", "0"], "--users: is '0', numbers from 1 separated by commas are needed"),
        (["--users", "1,"], "--users: is '1,', numbers from 1"),
        (["--users", "two"], "--users: is 'two', numbers from 1"),
        (["--limit", "-1"], "--limit: is -1, at least 0 is needed"),
        (["--preset", "huge"], "no folding preset 'huge'; known are"),
        (["--gate", "other"], "no gates preset 'other'; known are lean, paper, rich, shared, tuned"),
        (["--inject-fault", "rounding", "--stages", "int"], "add rtl to --stages"),
        (["--local-experts", "9"], "local_experts is 9, allowed are 1 to 8"),
        ([], "does not divide"),  # the shipped foldings are for LeNet
    ],
)
def test_bad_arguments_are_one_sentence(models, capsys, arguments, text):
    assert call("compare_golden", *models, *arguments) == 2
    error = capsys.readouterr().err
    assert text in error and error.startswith("compare_golden.py: ") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "wanted"), [([], [1]), (["--users", "all"], None), (["--users", "1,10"], (1, 10))]
)
def test_users_are_the_banks_or_those_named(tiny, monkeypatch, arguments, wanted):
    asked = []
    monkeypatch.setattr(
        request, "load_image_set", lambda source, limit, users, classes: asked.append(users) or image_set()
    )
    assert call("compare_golden", "--stages", "int", "--mode", "LE_ONLY", *arguments) == 0
    assert asked == [wanted]


def test_baked_builds_the_bank_into_the_accelerator():
    setup, _ = load_setup(Request(baked=True))
    assert setup.accelerator.baked is setup.bank and "-baked_" in setup.accelerator.name
    assert load_setup(Request())[0].accelerator.baked is None
