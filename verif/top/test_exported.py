# SPDX-License-Identifier: Apache-2.0
"""``make sim RTL=hls``: what it exports with the vendor's tool, and the RTL's bench on an exported kernel.

No vendor tool is needed: a stand-in for it "exports" ``fake_export``, a kernel with the ports of an exported one whose
computation is the C simulation of the HLS sources.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hls import vendor
from hls.build import build_library
from hls.gen import generate
from spec import tiny_variants as tiny
from spec.paths import ROOT
from spec.tests.commands import call
from tools.mutants import Replacement
from verif.tests.test_hls_flow import without_vendor
from verif.top import exported

FAKE = Path(__file__).with_name("fake_export")
VARIANT = "two"
CYCLES = 2000
PIXELS = tiny.accelerator(VARIANT).moe.network.in_shape.size
SCRIPT = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "{directory}/calls.txt"
case "$*" in *{failing}*) exit 7;; esac
case "$*" in *export.tcl) mkdir -p moe/solution/syn/verilog && cp {files} moe/solution/syn/verilog;; esac
"""


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Puts a stand-in for vitis_hls on PATH; returns the file that records its calls."""

    def install(failing: str = "nothing", files: str = f"{FAKE}/*.v") -> Path:
        path = tmp_path / "bin" / "vitis_hls"
        path.parent.mkdir()
        path.write_text(SCRIPT.format(directory=path.parent, failing=failing, files=files))
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{without_vendor(monkeypatch)}")
        return path.parent / "calls.txt"

    return install


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """Generated sources and vendor projects go to a fresh directory."""
    real = exported.generate
    monkeypatch.setattr(exported, "generate", lambda accelerator: real(accelerator, tmp_path / accelerator.name))
    return tmp_path


@pytest.fixture(scope="session")
def bridge(tmp_path_factory) -> list[str]:
    """Verilator's arguments that link the stand-in kernel with the C simulation (compiled fast, not to run fast)."""
    generated = generate(tiny.accelerator(VARIANT), tmp_path_factory.mktemp("bridge"))
    return [str(FAKE / "kernel_bridge.cpp"), str(build_library(generated, optimise=False))]


# ---- Export -------------------------------------------------------------------------------------------------------


def test_without_a_tool_it_is_one_line_and_success(elsewhere, monkeypatch, capsys) -> None:
    without_vendor(monkeypatch)
    assert call("sim_hls") == 0
    assert capsys.readouterr().out.splitlines() == [f"{variant}: {exported.NOTHING}" for variant in tiny.VARIANTS]


def test_a_failure_counts_when_the_next_accelerator_has_no_export(monkeypatch, capsys) -> None:
    exports = iter([FAKE, None, None])
    monkeypatch.setattr(exported, "find_or_make_export", lambda accelerator: next(exports))
    monkeypatch.setattr(exported, "simulate", lambda *_: exported.Results(["a"], {"b": "wrong"}))
    assert call("sim_hls") == 1
    assert "1 tests passed, 1 failed" in capsys.readouterr().out


def test_every_accelerator_is_exported_once_and_simulated(elsewhere, tool, monkeypatch, capsys) -> None:
    calls = tool()
    runs = []

    def simulate(variant: str, export: Path) -> exported.Results:
        runs.append((variant, export))
        return exported.Results(passed=["a", "b"])

    monkeypatch.setattr(exported, "simulate", simulate)
    assert call("sim_hls") == 0
    once = [f"vitis_hls -f {step}.tcl" for step in vendor.STEPS]
    assert calls.read_text().splitlines() == once * len(tiny.VARIANTS)
    assert [variant for variant, _ in runs] == list(tiny.VARIANTS)
    assert all((export / "moe_top.v").exists() for _, export in runs)
    assert "two: 2 tests passed, 0 failed" in capsys.readouterr().out

    assert call("sim_hls", "--variant", VARIANT) == 0  # the export is reused ...
    assert len(calls.read_text().splitlines()) == len(once) * len(tiny.VARIANTS)
    stamp = runs[-1][1].parents[3] / "sources.sha256"
    stamp.write_text("an older state of the sources")
    assert call("sim_hls", "--variant", VARIANT) == 0  # ... unless it is of other sources
    assert len(calls.read_text().splitlines()) == len(once) * (len(tiny.VARIANTS) + 1)


def test_a_failing_test_is_exit_code_1_and_named(elsewhere, tool, monkeypatch, capsys) -> None:
    tool()
    failed = exported.Results(passed=["a"], failed={"one_mode": "expected 3, found 4"})
    monkeypatch.setattr(exported, "simulate", lambda variant, export: failed)
    assert call("sim_hls", "--variant", VARIANT) == 1
    assert "one_mode: expected 3, found 4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ({"failing": "cosimulation"}, 1, "vitis_hls: cosimulation failed with exit code 7, see "),
        ({"files": "/dev/null"}, 1, "vitis_hls: the export has no Verilog below "),
        ({"files": f"{FAKE}/moe_top.v"}, 2, "has 0 files *_control_s_axi.v, an export of moe_top has one"),
    ],
    ids=["failing step", "nothing exported", "something else exported"],
)
def test_errors_are_one_sentence(elsewhere, tool, capsys, options, code, sentence) -> None:
    tool(**options)
    assert call("sim_hls", "--variant", VARIANT) == code
    error = capsys.readouterr().err
    assert error.startswith("sim_hls.py: ") and sentence in error and error.count("\n") == 1


def test_register_addresses_are_those_of_the_export(tmp_path) -> None:
    text = (FAKE / "moe_top_control_s_axi.v").read_text()
    slave = tmp_path / "moe_top_control_s_axi.v"
    slave.write_text(text.replace("ADDR_THETA_DATA_0        = 7'h30", "ADDR_THETA_DATA_0        = 7'h3C"))
    found = exported.register_addresses(tmp_path)
    assert found["AddrTheta"] == 0x3C and found["AddrMode"] == 0x10 and found["AddrControl"] == 0
    slave.write_text(text.replace("ADDR_WRITE_COUNT_DATA_0", "ADDR_SOMETHING"))
    with pytest.raises(exported.InputError, match="has no address of the register WRITE_COUNT"):
        exported.register_addresses(tmp_path)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("hls", "scripts/sim_hls.py"), ("sv", "--stages int,rtl"), ("vhdl", "RTL is 'vhdl', allowed are")],
)
def test_make_chooses_the_design(value: str, expected: str) -> None:
    stamp = ROOT / ".venv" / ".ready"
    command = ["make", "-n", "-o", str(stamp.relative_to(ROOT)), "sim", f"RTL={value}"]
    assert expected in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


# ---- Simulation ---------------------------------------------------------------------------------------------------

SOME = [  # of the bench: the whole of it takes a minute on a kernel that is compiled in a hurry
    "mixed/idle=random/stall=bursty",
    "threshold/mode=4",
    "bank_changes",
    "load_while_running",
    f"wrong_length/length={4 * PIXELS}",
    "off/mode=0",
]


def test_the_bench_of_the_rtl_passes_on_an_exported_kernel(bridge) -> None:
    results = exported.simulate(VARIANT, FAKE, bridge, SOME, CYCLES)
    results.check()
    assert sorted(results.passed) == sorted(SOME)


# file, text, replacement, the test that must fail
DEFECTS = {
    "kernel forgets the threshold": (
        "moe_top.v",
        "32'(local_expert), theta,",
        "32'(local_expert), 0,",
        "threshold/mode=4",
    ),
    "adapter does not drop surplus pixels": (
        "moe_exported.sv",
        "(is_image && !ended_q) ? Drop : Idle",
        "Idle",
        f"wrong_length/length={4 * PIXELS}",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str, str], bridge, tmp_path, monkeypatch) -> None:
    name, old, new, found_by = defect
    export = tmp_path / "export"
    shutil.copytree(FAKE, export)
    shutil.copy(exported.ADAPTER, export / exported.ADAPTER.name)
    Replacement(name, old, new).apply(export)
    monkeypatch.setattr(exported, "ADAPTER", export / exported.ADAPTER.name)
    results = exported.simulate(VARIANT, export, bridge, testcase=[found_by], cycles=CYCLES)
    assert results.failed and not results.passed, f"{found_by} did not notice that {old!r} became {new!r}"
