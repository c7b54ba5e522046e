# SPDX-License-Identifier: Apache-2.0
"""A simulation that hangs is ended, and said to have no results."""

from __future__ import annotations

import pytest

from tools import cocotb_run


def test_a_simulation_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cocotb_run, "PATIENCE", 5.0)
    with pytest.raises(cocotb_run.SimulationError, match="ended without results"):
        cocotb_run.run("stream_fifo", "tools.tests.bench_without_end", parameters={"Width": 8, "Depth": 2})
