# SPDX-License-Identifier: Apache-2.0
"""window_parallel: one and several channels, a window as large as the image, the smallest kernel."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_window_parallel"


def shape(height: int, width: int, channels: int, kernel: int) -> dict[str, int]:
    return {"Height": height, "Width": width, "Channels": channels, "Kernel": kernel, "ActW": 8}


SHAPES = {"3x3": shape(6, 7, 1, 3), "two-channels": shape(5, 6, 2, 2), "one-window": shape(4, 4, 1, 4)}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_window_parallel(parameters: dict[str, int]) -> None:
    run("window_parallel", BENCH, parameters=parameters)


DEFECTS = {
    "window-a-column-early": ("col_q >= ColW'(Kernel - 1)", "col_q >= ColW'(Kernel - 2)", "latency"),
    "rows-do-not-move": ("column[Kernel-1:1]", "above", "data/idle=none/stall=none"),
    "takes-while-waiting": ("= !out_valid_o || out_ready_i;", "= 1'b1;", "data/idle=none/stall=random"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str]) -> None:
    check_found("window_parallel", BENCH, Defect("window_parallel", *defect), SHAPES["3x3"])
