# SPDX-License-Identifier: Apache-2.0
"""A simulation that hangs is ended, and said to have no results."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools import cocotb_run


def test_a_simulation_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cocotb_run, "PATIENCE", 5.0)
    with pytest.raises(cocotb_run.SimulationError, match="ended without results"):
        cocotb_run.run("stream_fifo", "tools.tests.bench_without_end", parameters={"Width": 8, "Depth": 2})


def test_who_looks_at_a_failure_sees_its_values() -> None:
    """A control only asks whether a test failed, and does not wait for more."""
    given = {"parameters": {"Width": 8, "Depth": 2}}
    with pytest.raises(AssertionError, match="assert 19 == 23"):
        cocotb_run.run("stream_fifo", "tools.tests.bench_that_fails", **given)
    control = cocotb_run.run("stream_fifo", "tools.tests.bench_that_fails", **given, check=False)
    assert list(control.failed) == ["fails"] and "19" not in control.failed["fails"]


@pytest.mark.parametrize(
    ("command", "error"),
    [("echo '%Error: no design' && exit 1", cocotb_run.Refused), ("kill -9 $$", cocotb_run.Killed)],
    ids=["refused", "killed"],
)
def test_a_killed_tool_refuses_no_design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, error) -> None:
    """A mutant is no design when Verilator says so, not when the machine ran out of memory."""
    verilator = tmp_path / "verilator"
    verilator.write_text(f"#!/bin/sh\n{command}\n")
    verilator.chmod(0o755)
    monkeypatch.setattr(cocotb_run, "link_sources", lambda sources, directory: [])
    with pytest.raises(error) as raised:
        cocotb_run._compile("top", tmp_path, [], [], {"PATH": f"{tmp_path}:{os.environ['PATH']}"}, None)
    assert raised.type is error
