# SPDX-License-Identifier: Apache-2.0
"""sliding_window: several channel words, the smallest buffer, one window an image, a 1x1 kernel."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_sliding_window"


def shape(height: int, width: int, channels: int, kernel: int, simd: int, rows: int) -> dict[str, int]:
    return {
        "Height": height,
        "Width": width,
        "Channels": channels,
        "Kernel": kernel,
        "Simd": simd,
        "ActW": 8,
        "Rows": rows,
    }


SHAPES = {
    "3x3-two-words": shape(6, 7, 4, 3, 2, 6),
    "fewest-rows": shape(5, 6, 2, 3, 1, 4),
    "one-window": shape(4, 4, 3, 4, 3, 8),
    "1x1": shape(3, 5, 2, 1, 1, 2),
    "odd-rows": shape(7, 5, 1, 2, 1, 5),
}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_sliding_window(parameters: dict[str, int]) -> None:
    run("sliding_window", BENCH, parameters=parameters)


DEFECTS = {
    "frees-too-few": ("last_y ? RowW'(Kernel) : RowW'(1)", "RowW'(1)", "data/idle=none/stall=none"),
    "starts-a-row-early": (
        "rows_d >= RowW'(Kernel);",
        "rows_d >= RowW'(Kernel - 1);",
        "latency",
    ),
    "overwrites-a-row": ("rows_d != RowW'(Rows)", "1'b1", "data/idle=none/stall=random"),
    "wraps-wrong": ("sum >= step_t'(BufferWords)", "sum > step_t'(BufferWords)", "data/idle=none/stall=none"),
    "skips-a-waiting-word": ("&& (!out_valid_o || out_ready_i);", ";", "data/idle=none/stall=random"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(defect: tuple[str, str, str]) -> None:
    check_found("sliding_window", BENCH, Defect("sliding_window", *defect), SHAPES["3x3-two-words"])
