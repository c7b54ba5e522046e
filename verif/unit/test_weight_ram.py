# SPDX-License-Identifier: Apache-2.0
"""weight_ram: one and several chunks a word, one to three banks, depths that are no powers of two, a single word."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_weight_ram"


@pytest.mark.parametrize(("width", "depth", "banks"), [(100, 5, 2), (32, 9, 1), (8, 3, 3), (5, 1, 1)])
def test_weight_ram(width: int, depth: int, banks: int) -> None:
    run("weight_ram", BENCH, parameters={"Width": width, "Depth": depth, "Banks": banks})


DEFECTS = {
    "banks-overlap": ("TotalW'(b * Depth)", "TotalW'(b * (Depth - 1))"),
    "writes-every-chunk": ("wr_en_i && wr_chunk_i == ChunkW'(k)", "wr_en_i"),
    "does-not-hold": ("if (rd_en_i) rd_data_o[Low", "rd_data_o[Low"),
}


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    defect = Defect("weight_ram", *change, found_by="writes_beside_reads")
    check_found("weight_ram", BENCH, defect, {"Width": 100, "Depth": 5, "Banks": 2})
