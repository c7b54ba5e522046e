# SPDX-License-Identifier: Apache-2.0
"""expert_mux: 1, 2 and 8 local experts."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_expert_mux"
SHAPES = {f"{n} local experts": {"LocalExperts": n} for n in (1, 2, 8)}
DEFECTS = {
    "pops the GE's answer for a local image": (
        "image_i.use_ge && !(image_i.gated && gate_expert_i != '0);",
        "image_i.use_ge;",
        "data/idle=random/stall=random",
    ),
    "does not wait for the gate": ("(gate_valid_i || !image_i.use_gate)", "1'b1", "waits_for/last=gate"),
    "does not wait for the status": (
        "image_valid_i && status_valid_i &&",
        "image_valid_i &&",
        "waits_for/last=status",
    ),
    "overwrites a waiting result": ("complete_q && !out_valid_o;", "complete_q;", "data/idle=none/stall=random"),
    "answers of the expert before": ("expert == ExpertW'(i + 1)", "expert == ExpertW'(i)", "every_descriptor"),
    "a class where nobody answered": ("&& needs_le[i]) result", ") result", "every_descriptor"),
    "a class of a GE that did not run": ("expert == '0 && needs_ge", "expert == '0", "every_descriptor"),
    "takes all local answers": (
        "{LocalExperts{fire}} & needs_le",
        "{LocalExperts{fire}}",
        "every_descriptor",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_expert_mux(shape: dict[str, int]) -> None:
    run("expert_mux", BENCH, parameters=shape)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    check_found("expert_mux", BENCH, Defect("expert_mux", *change), SHAPES["2 local experts"])
