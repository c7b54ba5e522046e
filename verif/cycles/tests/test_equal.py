# SPDX-License-Identifier: Apache-2.0
"""The cycle model is equal to the RTL, and an error of one cycle is seen."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from hw.cycles.sleep import Sleep
from hw.cycles.timing import Timing
from hw.gen.altered import altered_sources
from hw.gen.build import generate
from spec import tiny_variants
from spec.network import Mode
from spec.tiny import local_only_accelerator
from tools.mutants import Replacement
from verif.bulk.tests.test_interval import accelerator  # built for that test, too
from verif.cycles.compare import Measured, different, measure_design
from verif.cycles.designs import random_accelerator, splitting_accelerator
from verif.cycles.device import Night, differs, every_pause, nights
from verif.cycles.record import CASES, CONSTANTS, EQUAL_LEAST, Design, checks, planted, record

# What this design and these few cases do not have, such as wide words and a GE that sleeps; those of the record do.
_NOT_HERE = {"apart", "chain", "gather", "moves", "seen", "synchronised", "word_queue"}


@cache
def cases() -> list[Measured]:
    return measure_design(accelerator(), CASES, seed=0)


@cache
def night() -> Night:
    return nights(tiny_variants.accelerator("two"), 1, seed=0)[0]  # the device of the driver's tests


def test_every_cycle_of_every_image_is_the_rtls() -> None:
    assert different(accelerator(), cases()) == []


def test_the_cases_have_everything() -> None:
    parts = [part for case in cases() for part in case.parts]
    assert {part.mode for part in parts} == {Mode.GE_ONLY, Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED}
    assert any(part.gaps is not None and part.gaps.any() for part in parts)
    assert any(part.ready is not None and not part.ready.all() for part in parts)
    assert any(len(case.parts) > 1 for case in cases())
    gated = [part.own for part in parts if part.mode == Mode.MOE_GATED]
    assert any(own.any() and not own.all() for own in gated)


def test_an_error_of_one_cycle_is_seen() -> None:
    constants = [name for name in CONSTANTS if name not in _NOT_HERE]
    seen = planted(list(checks([Design(accelerator(), cases())], [])), constants)
    assert len(seen) > 20 and all(seen.values()), seen


def test_an_image_that_is_taken_for_another_is_seen() -> None:
    number, case = next(
        (i, case) for i, case in enumerate(cases()) if case.parts[0].mode == Mode.MOE_GATED and case.parts[0].own.any()
    )
    part = replace(case.parts[0], own=np.zeros_like(case.parts[0].own))
    assert different(accelerator(), [replace(case, parts=(part, *case.parts[1:]))]) == [0], number


def test_a_global_expert_that_sleeps_wakes_in_the_same_cycle() -> None:
    assert night().results.size and not differs(night())
    assert differs(night(), replace(Timing(), synchronised=Timing().synchronised + 1))


@pytest.mark.parametrize("closes_on_work", [False, True])
def test_the_clamps_do_not_close_on_a_word_that_is_about_to_be_taken(closes_on_work: bool) -> None:
    """The first word comes in every cycle of a sequence off, also as the clamps close."""
    design = splitting_accelerator()
    closes = Replacement("power_sequencer.sv", "isolate_q && (isolate_o || !on_i)", "isolate_q")
    wrong = replace(generate(design), rtl=altered_sources([closes], "clamps")) if closes_on_work else None
    assert differs(every_pause(design, Sleep(idle=150, delay=0, switch=0), 0, wrong)) == closes_on_work


def test_a_device_without_a_global_expert_is_equal_too() -> None:
    design = local_only_accelerator()
    found = measure_design(design, 6, seed=0)
    assert different(design, found) == []
    assert {part.mode for case in found for part in case.parts} == {Mode.LE_ONLY}
    wrong = replace(Timing(), answer=Timing().answer + 1)
    assert different(design, found, wrong) == list(range(6))


@pytest.mark.parametrize("seed", range(10))
def test_a_random_design_is_whole(seed: int) -> None:
    """The same seed makes the same design, and designs differ."""
    a, b = random_accelerator(seed), random_accelerator(seed)
    assert a.moe.network.digest() == b.moe.network.digest() and a.folding == b.folding
    assert a.moe.network.digest() != random_accelerator(seed + 1).moe.network.digest()


@pytest.mark.long
def test_two_hundred_cases_are_equal() -> None:
    found = record(EQUAL_LEAST, seed=0)
    assert found["cases"] == EQUAL_LEAST and found["different"] == found["nights_different"] == 0
    assert found["findings"] == []
