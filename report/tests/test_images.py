# SPDX-License-Identifier: Apache-2.0
"""Pictures for the documentation are drawn from real handwriting and current sources only."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from report.context import load_context
from report.images import plots
from report.tests import made_up
from spec.errors import InputError


def test_current_results_on_real_handwriting_are_drawn(tmp_path: Path) -> None:
    drawn = plots(load_context(made_up.write(tmp_path, made_up.everything())))
    assert set(drawn) == {"report_energy.svg", "report_timeline.svg"}
    for text in drawn.values():
        assert ElementTree.fromstring(text).tag.endswith("svg")


@pytest.mark.parametrize("change", [{"sources": "0" * 16}, {"data": {**made_up.DATA, "synthetic": True}}, None])
def test_others_are_refused(tmp_path: Path, change: dict | None) -> None:
    contents = made_up.everything()
    if change is None:
        del contents["proxies"]
    else:
        contents["proxies"] |= change
    with pytest.raises(InputError, match="not of real handwriting and these sources"):
        plots(load_context(made_up.write(tmp_path, contents)))
