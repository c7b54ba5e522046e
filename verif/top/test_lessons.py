# SPDX-License-Identifier: Apache-2.0
"""Learning on moe_top: linear layers, hidden layers with confidence, eight local experts; defects are seen."""

from __future__ import annotations

from typing import Any

import pytest

from hw.gen.build import memory_files
from spec import tiny_variants as tiny
from tools.cocotb_run import Results, run, with_mutant
from verif.top.test_moe_top import LEVELS, sources

BENCH = "verif.top.bench_lessons"


def simulate(variant: str, files: Any = None, **options: Any) -> Results:
    """Run the bench on a tiny accelerator."""
    memories = memory_files(tiny.accelerator(variant))
    files = files or sources(variant)
    return run("moe_top", BENCH, sources=files, files=memories, env={"TINY_VARIANT": variant}, levels=LEVELS, **options)


# What pauses of the streams do is seen with one and two experts; eight simulate so slowly that make long runs them.
CASES = {"eight": ["mixed/idle=none/stall=none", "back_to_back/mode=3"]}


@pytest.mark.parametrize(
    "variant", [pytest.param(name, marks=[pytest.mark.long] * (name == "eight")) for name in tiny.VARIANTS]
)
def test_lessons(variant: str) -> None:
    simulate(variant, testcase=CASES.get(variant), optimise=True)


# What the benches of the parts (rival, weight_mover, row_compare, replay_ring) do not see.
# Module, text, replacement, the test that must fail, and the variant if it is not "two".
DEFECTS = {
    "the LFSR takes a step too few": ("learn_pkg", "i < LfsrSteps;", "i < LfsrSteps - 1;", "back_to_back/mode=2"),
    "the LFSR moves for every image": (
        "moe_core", "frame_image.lesson.valid && (|frame_start)", "(|frame_start)", "mixed/idle=none/stall=none"
    ),
    "an image overtakes the lesson before it": (
        "runtime_dense", "tag_valid && !held_q;\n  assign in_ready_o = tag_valid && word_ready && !held_q;",
        "tag_valid;\n  assign in_ready_o = tag_valid && word_ready;", "back_to_back/mode=3", "eight"
    ),
    "units at the end of their range move": (
        "head_learner", "&& !(&hidden_data_i", "&& 1'b1 || (&hidden_data_i", "back_to_back/mode=3"
    ),
    "an image that is no longer there is corrected": (
        "corrections", "kept.turn == now_q.sequence_number[SeqW-1:ReplaySlotW]", "1'b1", "which_images_can_be_corrected"
    ),
    "a correction gives a result": ("le_branch", "{!replay_i, image_i.use_gate", "{1'b1, image_i.use_gate",
                                    "mixed/idle=none/stall=none"),
}  # fmt: skip


SEEN_ALWAYS = 2  # so many are planted by make test; each takes a build


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change, id=name, marks=[pytest.mark.long] * (number >= SEEN_ALWAYS))
        for number, (name, change) in enumerate(DEFECTS.items())
    ],
)
def test_a_defect_is_found(change: tuple[str, ...]) -> None:
    module, old, new, found_by, *other = change
    variant = other[0] if other else "two"
    results = simulate(variant, with_mutant(sources(variant), module, old, new), testcase=found_by, check=False)
    assert not results.passed, f"{found_by} did not notice that {old!r} became {new!r}"
    assert results.failed, f"there is no cocotb test {found_by} in {BENCH}"
