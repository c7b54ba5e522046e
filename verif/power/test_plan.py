# SPDX-License-Identifier: Apache-2.0
"""The test plan names tests that exist, and its runner tells what holds from what does not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hw.gen.digest import rtl_digest
from spec.errors import InputError
from spec.tests.commands import call
from verif.power import plan
from verif.power.plan import Item, Verdict, as_data, as_text, load_plan
from verif.power.test_scenarios import CHUNKS

REQUIRED = (  # what the plan must not lose
    "off request at every pipeline phase", "withdrawn request", "wake in every off state", "wake and reset together",
    "stuck switch", "late acknowledge", "glitching acknowledge", "back-to-back mode changes",
    "bank write to a sleeping domain", "retention or reload", "idle time", "no domain sleeps in a lesson",
    "session survives a sleep", "learning at random with changes of mode",
)  # fmt: skip


def test_the_plan_is_complete() -> None:
    names = [item.name for item in load_plan()]
    assert len(set(names)) == len(names)
    for words in REQUIRED:
        assert any(words in name for name in names), words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[item]]\nname = "x"\ntests = ["verif/power/test_plan.py::test_nothing"]', "does not exist"),
        ('[[item]]\nname = "x"\ntests = ["verif/nothing.py::test"]', "does not exist"),
        ('[[item]]\nname = "x"', "needs 'name' and 'tests'"),
        ('[[item]]\nname = "x"\ntests = ["a::b"]\nsort = 1', "needs 'name' and 'tests'"),
    ],
    ids=["function", "file", "no tests", "unknown key"],
)
def test_a_wrong_plan_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        load_plan(path)


def test_what_did_not_run_does_not_hold() -> None:
    item = Item("an item", ("file::test",))
    assert Verdict(item, 1, ()).word == "ok"
    assert Verdict(item, 0, ()).word == "NOT RUN"
    assert Verdict(item, 3, ("test[1]",)).word == "FAILED"
    assert "failed: test[1]" in as_text([Verdict(item, 3, ("test[1]",))])
    (data,) = as_data([Verdict(item, 3, ("test[1]",))], "", "digest")["items"]
    assert (data["name"], data["word"], data["passed"], data["failed"]) == ("an item", "FAILED", 3, ["test[1]"])


def test_the_plan_runs_what_make_test_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    collect, commands = subprocess.run, []
    monkeypatch.setattr(plan.subprocess, "run", lambda command, **_: commands.append(command))
    scenarios = "verif/power/test_scenarios.py::test_mode_changes_lose_nothing"
    with pytest.raises(InputError, match="without a report"):
        plan.run_plan((Item("an item", (scenarios,)),), 1)

    def collected(command: list[str]) -> int:
        given = {"cwd": plan.ROOT, "capture_output": True, "text": True, "check": True}
        return collect([*command, "--collect-only"], **given).stdout.count(f"{scenarios}[")

    (command,) = commands
    option = command.index("-m", command.index("pytest"))
    assert collected(command) == CHUNKS
    assert collected(command[:option] + command[option + 2 :]) == 1


@pytest.mark.parametrize("keep", [False, True], ids=["built", "kept"])
def test_the_command_writes_its_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool) -> None:
    verdicts = [Verdict(Item("holds", ("file::test",)), 2, ()), Verdict(Item("does not run", ("file::other",)), 0, ())]
    monkeypatch.setattr(plan, "run_plan", lambda items, jobs: (verdicts, "all covered"))
    monkeypatch.setattr(plan, "OUT", tmp_path / "build" / "plan.json")
    monkeypatch.setattr(plan, "KEPT", tmp_path / "kept" / "power.json")
    assert call("power", "--jobs", 1, *["--keep"] * keep) == 1
    written = json.loads((tmp_path / "build" / "plan.json").read_text())
    assert [item["word"] for item in written["items"]] == ["ok", "NOT RUN"]
    assert (written["coverage"], written["sources"]) == ("all covered", rtl_digest())
    assert (tmp_path / "kept" / "power.json").exists() == keep
