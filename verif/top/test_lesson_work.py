# SPDX-License-Identifier: Apache-2.0
"""The RTL reads, writes and compares as often in a lesson as the specification says; a word more or less is seen."""

from __future__ import annotations

from typing import Any

import pytest

from hw.gen.build import memory_files
from spec import tiny_variants as tiny
from spec.tests.cases import some_always
from tools.cocotb_run import Results, run, with_mutant
from verif.top.test_moe_top import LEVELS, sources

BENCH = "verif.top.bench_lesson_work"


def simulate(variant: str, files: Any = None, **options: Any) -> Results:
    """Run the bench on a tiny accelerator."""
    memories = memory_files(tiny.accelerator(variant))
    files = files or sources(variant)
    return run("moe_top", BENCH, sources=files, files=memories, env={"TINY_VARIANT": variant}, levels=LEVELS, **options)


CASE = "mixed/idle=none/stall=none"


@pytest.mark.parametrize(
    "variant", [pytest.param(name, marks=[pytest.mark.long] * (name == "eight")) for name in tiny.VARIANTS]
)
def test_work_of_lessons(variant: str) -> None:
    simulate(variant, testcase=CASE if variant == "eight" else None, optimise=True)


# None of these changes an answer or a weight: it is work that nobody needs, or work left out.
# Module, text, replacement, and the variant.
DEFECTS = {
    "a word of weights is read for nothing": (
        "weight_mover",
        "assign rd_en_o   = issue;\n  assign rd_addr_o = base_q + AddrW'(fold);",
        "assign rd_en_o   = issue || start_i;\n  assign rd_addr_o = start_i ? '0 : base_q + AddrW'(fold);",
        "one",
    ),
    "words of which no weight moves are not written": (
        "weight_mover",
        """assign push = valid_q[4];
  assign pop  = wr_en_o && wr_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) reserved_q <= '0;""",
        """logic moves4_q;
  assign push = valid_q[4] && (step4_q.last || moves4_q);
  assign pop  = wr_en_o && wr_ready_i;

  always_ff @(posedge clk_i) begin
    moves4_q <= (|moves_q) && (|(step3_q.up | step3_q.down));
    if (!rst_ni || 1'b1) reserved_q <= '0;""",
        "two",
    ),
    "a word behind is read for nothing": (
        "row_compare",
        "assign rd_en_o   = busy_q;\n  assign rd_addr_o = base_q + fold;",
        "assign rd_en_o   = busy_q || start_i;\n  assign rd_addr_o = start_i ? '0 : base_q + fold;",
        "two",
    ),
    "a correction stores what it reads": (
        "replay_ring",
        """else if (taken && !replay) left_q <= CountW'(Pieces);
    else if (left_q != '0) left_q <= left_q - 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (taken && !replay) write_addr_q""",
        """else if (taken) left_q <= CountW'(Pieces);
    else if (left_q != '0) left_q <= left_q - 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (taken) write_addr_q""",
        "two",
    ),
}


@pytest.mark.parametrize("change", some_always(DEFECTS, 2))
def test_other_work_is_seen_though_every_answer_is_right(change: tuple[str, str, str, str]) -> None:
    module, old, new, variant = change
    results = simulate(variant, with_mutant(sources(variant), module, old, new), testcase=CASE, check=False)
    assert list(results.failed) == [CASE]
    assert "predicted" in results.failed[CASE], results.failed[CASE]
