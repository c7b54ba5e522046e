# SPDX-License-Identifier: Apache-2.0
"""The section on place and route: the slowest clock or crossing is what the device runs at."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw.place.kept import of_design, system_mhz
from report.context import load_context
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page


def section(directory: Path, contents: dict) -> str:
    text, _ = page(load_context(made_up.write(directory, contents)))
    return Page(text).texts["place"]


def test_figures_of_the_file(tmp_path: Path) -> None:
    text = section(tmp_path, made_up.everything())
    for words in ("80.0 MHz: LFE5U-85F, speed grade 8, board a board, best of 2 seeds", "100 MHz were asked for",
                  "12.50 ns", "88.0 to 90.0 (2)", "Differs: clk reaches 90.0 of 100 MHz."):  # fmt: skip
        assert words in text, words
    cycles = made_up.everything()["compare"]["modes"]["LE_ONLY"]["cycles_per_image"]
    assert f"a local one every {cycles / 80:.2f} us" in text


def test_of_several_devices_the_fastest_comes_first() -> None:
    slow, fast = made_up.placed(), {**made_up.placed(), "crossings": []}
    module = {**made_up.placed(), "module": "arg_max"}
    found = of_design({"a": slow, "b": fast, "c": module}, slow["design"].partition(".")[0])
    assert [system_mhz(one) for one in found] == [90.0, 80.0]
    assert of_design({"a": slow}, "another") == of_design({"a": slow}, slow["design"][:-7]) == []


@pytest.mark.parametrize("kept", [{}, {"a device": "of another form"}, {"a device": {"module": "arg_max"}}])
def test_without_a_device_it_says_so(tmp_path: Path, kept: dict) -> None:
    assert "not measured" in section(tmp_path, {"fpga": kept})
