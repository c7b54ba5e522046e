# SPDX-License-Identifier: Apache-2.0
"""What the device's counters must show for some images, from the golden activity alone: no device is needed."""

from __future__ import annotations

from dataclasses import dataclass

from spec.activity import Activity, image_activity
from spec.folding import Folding
from spec.network import Mode, Moe


@dataclass(frozen=True)
class ExpectedPart:
    """Counters of one domain; cycles and wake-ups are not predicted and 0."""

    macs: int
    weight_reads: int
    buffer_writes: int
    on_cycles: int = 0
    wake_ups: int = 0


@dataclass(frozen=True)
class ExpectedCounts:
    """Counters of the device; cycles are not predicted and 0."""

    domains: dict[str, ExpectedPart]
    feature_store_writes: int
    feature_store_reads: int
    bank_words_written: int = 0
    cycles: int = 0


def expected_counts(moe: Moe, folding: Folding, mode: Mode, images: int, to_ge: int) -> ExpectedCounts:
    """Counts of ``images`` in one mode with a valid bank; ``to_ge`` of them go to the GE in MOE_GATED."""
    one = image_activity(moe, folding)
    gate = mode in (Mode.MOE_PARALLEL, Mode.MOE_GATED)
    ge = {Mode.GE_ONLY: images, Mode.MOE_PARALLEL: images, Mode.MOE_GATED: to_ge}.get(mode, 0)
    le = images * {Mode.LE_ONLY: 1, Mode.MOE_PARALLEL: moe.local_experts, Mode.MOE_GATED: moe.local_experts}.get(
        mode, 0
    )
    stored = images if mode in (Mode.GE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED) else 0

    def part(work: Activity, times: int) -> ExpectedPart:
        return ExpectedPart(**vars(work * times))

    return ExpectedCounts(
        {
            "fe": part(one.front_end, images if mode != Mode.OFF else 0),
            "ge": part(one.ge_tail, ge),
            "le": part(one.local_expert, le),
            "gn": part(one.gate, images if gate else 0),
        },
        stored * one.feature_words,
        ge * one.feature_words,
    )
