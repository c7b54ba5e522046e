# SPDX-License-Identifier: Apache-2.0
"""``make hls`` on another network than LeNet, with and without a vendor's tool, and its errors."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from hls import vendor
from hls.build import build_library
from hls.tests.shapes import write_shape
from spec.tests.commands import call
from verif import hls_flow as command

FAKE_TOOL = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$(dirname "$0")/calls.txt"
[ -f project.tcl ] || exit 3
case "$*" in *{failing}*) exit 7;; esac
"""


@pytest.fixture
def options(tmp_path) -> list[str]:
    """Options for a small network on random images."""
    ge, folding = write_shape(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 28, 28), dtype=np.uint8) * (rng.random((12, 28, 28)) < 0.3)
    np.savez(tmp_path / "images.npz", x=images.astype(np.uint8), y=np.zeros(12, np.int64))
    return [
        *("--ge", str(ge), "--preset", str(folding), "--images", str(tmp_path / "images.npz")),
        *("--stages", "hls", "--out", str(tmp_path / "out")),
    ]


def without_vendor(monkeypatch) -> str:
    """A PATH without the vendor's tools; returns it."""
    tools = ("vitis_hls", "vitis-run")
    kept = [d for d in os.environ["PATH"].split(os.pathsep) if not any((Path(d) / t).exists() for t in tools)]
    path = os.pathsep.join(kept)
    monkeypatch.setenv("PATH", path)
    return path


def install_fake(directory: Path, name: str, monkeypatch, failing: str = "nothing") -> Path:
    """Put a fake tool first on PATH; returns the file that records its calls."""
    directory.mkdir()
    tool = directory / name
    tool.write_text(FAKE_TOOL.format(failing=failing))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{without_vendor(monkeypatch)}")
    return directory / "calls.txt"


def test_without_vendor_tool_it_says_so_and_succeeds(options, tmp_path, monkeypatch, capsys) -> None:
    without_vendor(monkeypatch)
    assert call("hls", *options) == 0
    out = capsys.readouterr().out
    assert out.count(command.NO_TOOL) == 1
    assert "EQUAL: hls = integer model" in out
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["equal"] and summary["vendor"]["tool"] is None
    assert [layer["name"] for layer in summary["layers"]][:4] == ["conv1", "pool1", "fc1", "fc2"]
    assert set(summary["modes"]) == {"GE_ONLY", "LE_ONLY", "MOE_PARALLEL", "MOE_GATED"}
    assert all(n == 0 for n in summary["modes"]["GE_ONLY"]["mismatches"].values())
    assert command.NO_TOOL in (tmp_path / "out" / "summary.md").read_text()


@pytest.mark.parametrize(
    ("name", "form"), [("vitis_hls", "vitis_hls -f {}.tcl"), ("vitis-run", "vitis-run --mode hls --tcl {}.tcl")]
)
def test_vendor_tool_runs_synthesis_cosimulation_and_export(options, tmp_path, monkeypatch, capsys, name, form) -> None:
    calls = install_fake(tmp_path / "bin", name, monkeypatch)
    assert call("hls", *options, "--mode", "GE_ONLY", "--part", "xc7z020clg400-1") == 0
    assert calls.read_text().splitlines() == [form.format(s) for s in ("synthesis", "cosimulation", "export")]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    project = Path(summary["vendor"]["project"])
    assert "set part {xc7z020clg400-1}" in (project / "project.tcl").read_text()
    assert "RTL export done" in capsys.readouterr().out


def test_failing_vendor_step_is_one_sentence_and_stops(options, tmp_path, monkeypatch, capsys) -> None:
    calls = install_fake(tmp_path / "bin", "vitis_hls", monkeypatch, failing="cosimulation")
    assert call("hls", *options, "--mode", "GE_ONLY") == 1
    assert len(calls.read_text().splitlines()) == 2
    assert "vitis_hls: cosimulation failed with exit code 7, see " in capsys.readouterr().out


def test_vendor_tool_is_not_run_when_the_simulation_differs(options, tmp_path, monkeypatch, capsys) -> None:
    calls = install_fake(tmp_path / "bin", "vitis_hls", monkeypatch)
    real = command.generate

    def wrong(accelerator):
        """The accelerator with the accumulator of its first layer 4 bits too narrow."""
        generated = real(accelerator, tmp_path / "generated")
        header = generated.directory / "network.hpp"
        kind = accelerator.moe.network.layers[0].accumulator
        integer = kind.bits - kind.fraction_bits
        right, narrow = (f"ap_fixed<{kind.bits - n}, {integer - n}> acc_t" for n in (0, 4))
        assert right in header.read_text()
        header.write_text(header.read_text().replace(right, narrow, 1))
        return generated

    monkeypatch.setattr(command, "generate", wrong)
    monkeypatch.setattr("verif.compare.stages.hls.generate", wrong)
    assert call("hls", *options, "--mode", "GE_ONLY") == 1
    assert not calls.exists()
    out = capsys.readouterr().out
    assert "DIFFERS, first at conv1" in out and "MISMATCH in GE_ONLY" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--stages", "magic"], "--stages: has 'magic', allowed are hls4ml, hls"),
        (["--mode", "OFF"], "--mode: has 'OFF', allowed are GE_ONLY"),
        (["--part", "a b"], "--part is 'a b', a device name has only"),
        (["--clock", "0"], "--clock is 0.0 ns, allowed are 0.5 to 1000"),
        (["--ge", "missing.onnx"], "missing.onnx: there is no such QONNX file"),
        (["--le-bank", "missing.npz"], "missing.npz: there is no such bank file"),
        (["--preset", "nowhere"], "there is no folding preset 'nowhere'"),
    ],
)
def test_bad_input_is_one_sentence(options, capsys, arguments: list[str], sentence: str) -> None:
    assert call("hls", *options, *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("hls.py: ") and sentence in error and error.count("\n") == 1


def test_missing_compiler_is_one_sentence(options, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        "verif.compare.stages.hls.build_library", lambda made, optimise: build_library(made, directory=tmp_path)
    )
    assert call("hls", *options, "--mode", "GE_ONLY") == 2
    assert "'g++' is needed" in capsys.readouterr().err


def test_tool_names_are_found_in_order(tmp_path, monkeypatch) -> None:
    install_fake(tmp_path / "bin", "vitis_hls", monkeypatch)
    assert vendor.find_tool().path.name == "vitis_hls"
    newer = tmp_path / "bin" / "vitis-run"
    newer.write_text("#!/bin/sh\n")
    newer.chmod(0o755)
    assert vendor.find_tool().path.name == "vitis-run"
