# SPDX-License-Identifier: Apache-2.0
"""What several tests of the report share."""

from __future__ import annotations

import pytest

from report.figures import accuracy, cycles, energy, regions, resources, timeline

EMPTY = '<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.fixture
def quick_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots are put together and not drawn, which takes most of the time of a page."""
    for module in (accuracy, cycles, energy, regions, resources, timeline):
        monkeypatch.setattr(module, "svg", lambda figure: EMPTY)
