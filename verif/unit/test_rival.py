# SPDX-License-Identifier: Apache-2.0
"""rival: the logits of a gate and of an expert, ties, and margins that no difference reaches."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_rival"


@pytest.mark.parametrize(("count", "bits"), [(2, 8), (7, 5), (62, 27)])
def test_rival(count: int, bits: int) -> None:
    run("rival", BENCH, parameters={"Count": count, "DataW": bits})


DEFECTS = {
    "the highest rival of a tie": ("data_i > rival_q", "data_i >= rival_q"),
    "its own rival": ("index_q != target_i && (!seen_q", "(!seen_q"),
    "a margin that is reached counts": ("difference_q < DiffW", "difference_q <= DiffW"),
    "the rival of the vector behind": ("    rival_o      <= best_q;\n  end", "  end\n  assign rival_o = best_q;"),
    "the rival of the vector before": ("seen_q  <= !last && (", "seen_q  <= ("),
}


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str]) -> None:
    check_found("rival", BENCH, Defect("rival", *change, found_by="data/pattern=none"), {"Count": 7, "DataW": 5})
