# SPDX-License-Identifier: Apache-2.0
"""The command line: exit codes, the JSON file, and one sentence for bad input."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spec.bank import random_bank
from spec.bank_file import save_bank
from spec.errors import InputError
from spec.paths import ROOT
from spec.qonnx_writer import QonnxWriter
from spec.tiny import tiny_accelerator, tiny_network
from verif.compare import cli
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
    monkeypatch.setattr(cli, "load_setup", lambda args: (setup, 1))
    monkeypatch.setattr(cli, "load_image_set", lambda *arguments: image_set())
    monkeypatch.setitem(STAGES, "model", ModelStage)
    return tmp_path


def test_equal_is_exit_code_0_and_the_json_has_the_agreed_form(tiny, capsys):
    out = tiny / "sub" / "out.json"
    assert cli.main(["--stages", "torch,int,model", "--json", str(out)]) == 0
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
    assert cli.main(["--stages", "int,model", "--mode", "GE_ONLY,MOE_GATED", "--json", str(out)]) == 1
    content = json.loads(out.read_text())
    assert not content["bit_exact"] and content["modes"]["GE_ONLY"]["bit_exact"]
    entry = content["modes"]["MOE_GATED"]
    assert entry["mismatches"]["gate_hidden"] == 1 and entry["first_difference"]["image"] == 3
    printed = capsys.readouterr().out
    assert "DIFFERS, first at gate_hidden[5] of image 3" in printed
    assert printed.splitlines()[-1].startswith("MISMATCH in MOE_GATED")


def test_images_that_do_not_fit_the_network_are_refused(tiny, monkeypatch):
    wide = image_set()
    object.__setattr__(wide, "images", wide.images[:, :, :12])
    monkeypatch.setattr(cli, "load_image_set", lambda *arguments: wide)
    with pytest.raises(InputError, match="takes images of 14x14x1, the data has 14x12x1"):
        cli.main(["--stages", "int"])


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
        (["--mode", "OFF"], "no mode 'OFF' to compare"),
        (["--preset", "huge"], "no folding preset 'huge'; known are"),
        (["--gate", "other"], "no gates preset 'other'; known are paper, tuned"),
        (["--inject-fault", "rounding", "--stages", "int"], "add rtl to --stages"),
        (["--local-experts", "9"], "local_experts is 9, allowed are 1 to 8"),
        ([], "does not divide"),  # the shipped foldings are for LeNet
    ],
)
def test_bad_arguments_are_refused(models, arguments, text):
    with pytest.raises(InputError, match=text) as refusal:
        cli.main([*models, *arguments])
    assert "\n" not in str(refusal.value)


def test_users_are_numbers_or_all():
    assert cli.parse_users(None, 4) == [4]
    assert cli.parse_users("all", 4) is None
    assert cli.parse_users("1,10", 4) == [1, 10]
    for text in ("0", "1,", "two", ""):
        with pytest.raises(InputError, match=f"--users is '{text}', allowed are all and user numbers"):
            cli.parse_users(text, 4)


def test_baked_builds_the_bank_into_the_accelerator():
    setup, _ = cli.load_setup(cli.parse(["--baked"]))
    assert setup.accelerator.baked is setup.bank and "-baked_" in setup.accelerator.name
    assert cli.load_setup(cli.parse([]))[0].accelerator.baked is None


def test_a_missing_environment_is_one_sentence(tmp_path):
    """Without .venv and without the dependencies, the script says what to do."""
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "try.py"
    script.write_text("from _bootstrap import run_main\n")
    (tmp_path / "scripts" / "_bootstrap.py").write_text(Path(SCRIPT.with_name("_bootstrap.py")).read_text())
    bare = [sys.base_prefix + "/bin/python3", "-I", "-S", "-c"]
    code = f"import sys; sys.path.insert(0, {str(script.parent)!r}); import _bootstrap"
    run = subprocess.run([*bare, code], capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.strip() == "The project's Python environment does not exist yet; run 'make setup' first."
