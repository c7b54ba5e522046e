# SPDX-License-Identifier: Apache-2.0
"""``scripts/proxies.py``: its table, its file and its exit code, on made-up results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from golden.energy import Weights
from spec.tests.commands import call as call_command
from spec.tests.commands import load
from tools.cocotb_run import SimulationError
from verif.proxies import timeline, tiny_run
from verif.proxies.collect import as_text, findings


def case(mode: str, kind: str, total: float, toggles: float | None) -> dict:
    proxy = None if toggles is None else {"total": toggles, "low": toggles / 2, "high": 2 * toggles}
    return {
        "mode": mode, "kind": kind, "images": 2, "cycles": 2001, "switching": {"proxy": proxy},
        "energy": {weights.name: {"total": total, "low": total / 2, "high": 2 * total} for weights in Weights},
    }  # fmt: skip


def result(*cases: dict, findings: tuple[str, ...] = ()) -> dict:
    missing = sum(not one["switching"]["proxy"] for one in cases)
    return {
        "design": "made-up",
        "data": {"generic": "letters", "user": "user 1", "synthetic": True},
        "findings": list(findings),
        "cases": list(cases),
        "agreement": [{"equal": True}, {"equal": False}],
        "orders": {"agree": 1, "disagree": [], "tied": 2, "not_measured": missing},
    }


def test_the_table_compares_with_ge_only_on_generic_images() -> None:
    text = as_text(result(case("GE_ONLY", "generic", 4000, 300_000), case("MOE_GATED", "local", 1000, 60_000)))
    rows = [line.split() for line in text.splitlines()]
    assert ["GE_ONLY,", "generic", "4.0", "100.00", "%", "4.0", "100.00", "%", "300.0", "100.00", "%", "1,000"] in rows
    assert ["MOE_GATED,", "local", "1.0", "25.00", "%", "1.0", "25.00", "%", "60.0", "20.00", "%", "1,000"] in rows
    assert "1 of 2 quantities agree" in text and "make synth" not in text


def test_what_is_missing_is_said() -> None:
    text = as_text(result(case("GE_ONLY", "generic", 4000, None)))
    assert "make synth" in text
    row = next(line for line in text.splitlines() if line.startswith("GE_ONLY"))
    assert row.split()[-3:] == ["-", "-", "1,000"]
    assert "25" not in as_text(result(case("MOE_GATED", "local", 1000, None)))  # nothing to compare with


def test_every_part_can_find_something() -> None:
    design = tiny_run.design()
    counted, recorded = tiny_run.run()
    images = [timeline.build(design.moe, r.mode, r.kind, r.recording, r.active_cycles) for r in recorded]
    switched = [{"case": "a case", "wrong": 0, "images": 3}]
    agreed = [{"case": "a case", "what": "results", "counter": 3, "saif": 3, "golden": 3, "equal": True}]
    assert findings(design, counted, switched, agreed, images) == []
    found = findings(
        design,
        [replace(counted[0], wrong=1)],
        [{**switched[0], "wrong": 2}],
        [{**agreed[0], "saif": 4, "equal": False}],
        [{**images[0], "active_cycles": {**images[0]["active_cycles"], "fe": 1}}],
    )
    assert found[:3] == [
        "GE_ONLY, local: 1 of 3 answers are wrong.",
        "a case: 2 of 3 answers of the traced device are wrong.",
        "a case: results: counter 3, SAIF 4, golden 3.",
    ]
    assert len(found) == 4 and found[3].startswith("MOE_GATED, local: fe works in 1 cycles")


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The command with made-up results: exit code, and where the file is."""

    def run(outcome: dict | Exception, *arguments: str) -> tuple[int, Path]:
        def collect(*_: object) -> dict:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        command = load("proxies")
        out = tmp_path / "deep" / "proxies.json"
        monkeypatch.setattr(command, "collect", collect)
        monkeypatch.setattr(command, "cases", lambda *_: ())
        monkeypatch.setattr(command, "data_names", dict)
        return call_command("proxies", "--json", out, *arguments), out

    return run


def test_exit_code_and_file(call, capsys: pytest.CaptureFixture[str]) -> None:
    good = result(case("GE_ONLY", "generic", 4000, 300))
    code, out = call(good)
    assert code == 0 and json.loads(out.read_text()) == good
    assert "GE_ONLY, generic" in capsys.readouterr().out


def test_a_difference_is_exit_code_1(call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(result(case("GE_ONLY", "generic", 4000, 300), findings=("counter x is 1.",)))[0] == 1
    assert "FAIL counter x is 1." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"), [((), 3), (("--preset", "nowhere"), 2)], ids=["broken tool chain", "bad input"]
)
def test_what_cannot_run_has_no_file(
    call, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: int
) -> None:
    code, out = call(SimulationError("The build failed."), *arguments)
    assert code == expected and not out.exists()
    error = capsys.readouterr().err
    assert ("nowhere" if arguments else "The build failed.") in error
    assert ("Traceback" in error) == (expected == 3)
