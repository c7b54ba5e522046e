# SPDX-License-Identifier: Apache-2.0
"""moe_top with 1, 2 and 8 local experts: linear gate, hidden layer with confidence, linear with confidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hw.gen.build import generate, memory_files
from spec import tiny_variants as tiny
from spec.tests.cases import some_always
from tools.cocotb_run import Results, run, with_mutant

BENCH = "verif.top.bench_moe_top"
LEVELS = 7  # down to the memories, for what bench_lesson_work counts; one build for all benches of moe_top
ONE_TOO_MANY = tiny.accelerator("two").moe.network.in_shape.size + 1  # pixels


def sources(variant: str) -> list[Path]:
    """Hand-written and generated sources of a tiny accelerator."""
    return generate(tiny.accelerator(variant)).synthesis_sources


def simulate(variant: str, files: list[Path], **options: Any) -> Results:
    """Run the bench on a tiny accelerator."""
    memories = memory_files(tiny.accelerator(variant))
    return run("moe_top", BENCH, sources=files, files=memories, env={"TINY_VARIANT": variant}, levels=LEVELS, **options)


@pytest.mark.parametrize(
    "variant", [pytest.param(name, marks=[pytest.mark.long] * (name != "two")) for name in tiny.VARIANTS]
)
def test_moe_top(variant: str) -> None:
    simulate(variant, sources(variant), optimise=True)


# module, text, replacement, the test that must fail
DEFECTS = {
    "mux takes a GE answer for a local image": (
        "expert_mux",
        "!(image_i.gated && gate_expert_i != '0);",
        "!(image_i.gated && 1'b0);",
        "one_mode/mode=4",
    ),
    "weights of bank 0 for every image": (
        "runtime_dense",
        ".in_bank_i  (mvu_bank),",
        ".in_bank_i  ('0),",
        "bank_changes",
    ),
    "ingress does not drain": (
        "image_ingress",
        "s_last_i ? Idle : Drain;",
        "Idle;",
        f"wrong_length/length={ONE_TOO_MANY}",
    ),
    "wakes the GE for everybody": ("feature_store", "decision_keep_i ? Send : Drop", "Send", "gated_spares_the_ge"),
    "gate's confidence from the image before": (
        "le_branch",
        "assign confidence_o = {forked.margin, forked.top};",
        "always_ff @(posedge clk_i) if (confidence_ready_i) confidence_o <= {forked.margin, forked.top};",
        "threshold/mode=3",
    ),
}


@pytest.mark.parametrize("change", some_always(DEFECTS, 2))
def test_a_defect_is_found(change: tuple[str, str, str, str]) -> None:
    module, old, new, found_by = change
    results = simulate("two", with_mutant(sources("two"), module, old, new), testcase=found_by, check=False)
    assert not results.passed, f"{found_by} did not notice that {old!r} became {new!r}"
    assert results.failed, f"there is no cocotb test {found_by} in {BENCH}"


# Queues that something outside keeps from being full (docs/architecture.md), each with too few places.
TOO_SHALLOW = {
    "answers of the GE": ("ge_branch", "u_queue", "InFlight", "2", "results_wait"),
    "answers of local experts and the gate": ("answer_queue", "u_queue", "InFlight", "2", "results_wait"),
    "tags of local experts and the gate": ("answer_queue", "u_tags", "Announced", "1", "one_mode/mode=3"),
}


@pytest.mark.long
@pytest.mark.parametrize("queue", TOO_SHALLOW.values(), ids=TOO_SHALLOW)
def test_a_queue_that_overflows_is_seen(queue: tuple[str, ...]) -> None:
    module, instance, enough, depth, found_by = queue
    text = f".Depth    ({enough}),\n      .NeverFull(1'b1)\n  ) {instance} ("
    mutant = with_mutant(sources("two"), module, text, text.replace(f"({enough})", f"({depth})"))
    results = simulate("two", mutant, testcase=found_by, check=False)
    assert "must never be full" in str(results.failed), results
