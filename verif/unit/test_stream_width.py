# SPDX-License-Identifier: Apache-2.0
"""stream_width: split, gather, and wires."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_stream_width"
# A counter of beats that runs backwards gives the right number of them for the ratios 2, 3 and 5 (2**k + 1): at least
# one ratio of each direction is another, also one that is no power of two.
SHAPES = [(8, 12, 2, 0), (8, 4, 1, 0), (8, 5, 1, 0), (8, 1, 4, 0), (3, 2, 14, 0), (8, 3, 3, 0), (8, 12, 2, 1)]


def parameters(shape: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(("LaneW", "InLanes", "OutLanes", "Apart"), shape, strict=True))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_stream_width(shape: tuple[int, ...]) -> None:
    run("stream_width", BENCH, parameters=parameters(shape))


DEFECTS = {
    "split-bubble": ((8, 12, 2, 0), "= !valid_copy_q || (last_copy_q && out_ready_i)", "= !valid_copy_q", "throughput"),
    "split-two-bubbles": (
        (8, 12, 2, 1),
        "= !valid_copy_q || (last_copy_q && out_ready_i)",
        "= !valid_copy_q",
        "throughput",
    ),
    "split-loads-twice": ((8, 12, 2, 1), "&& free && !load_copy_q", "&& free", "data/idle=none/stall=none"),
    "split-order": ((8, 12, 2, 0), "data_q[OutW-1:0]", "data_q[InW-1-:OutW]", "data/idle=none/stall=none"),
    "gather-overwrites": (
        (8, 1, 4, 0),
        "!last_q || !valid_q || out_ready_i",
        "1'b1",
        "data/idle=none/stall=random",
    ),
    "split-does-not-count": (
        (8, 12, 2, 0),
        "idx_copy_q   <= last_copy_q ? '0 : idx_copy_q + 1'b1;",
        "idx_copy_q   <= last_copy_q ? '0 : idx_copy_q;",
        "data/idle=none/stall=none",
    ),
    "split-does-not-count-power-of-two": (
        (8, 4, 1, 0),
        "idx_copy_q   <= last_copy_q ? '0 : idx_copy_q + 1'b1;",
        "idx_copy_q   <= last_copy_q ? '0 : idx_copy_q;",
        "data/idle=none/stall=none",
    ),
    "gather-counts-backwards": (
        (3, 2, 14, 0),
        "idx_q  <= last_q ? '0 : idx_q + 1'b1;",
        "idx_q  <= last_q ? '0 : idx_q - 1'b1;",
        "data/idle=none/stall=none",
    ),
}


@pytest.mark.parametrize("case", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(case: tuple[tuple[int, ...], str, str, str]) -> None:
    shape, *defect = case
    check_found("stream_width", BENCH, Defect("stream_width", *defect), parameters(shape))
