# SPDX-License-Identifier: Apache-2.0
"""Activity counters by name, as of one cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from spec.domains import DOMAINS


@dataclass(frozen=True)
class DomainCounters:
    """One power domain; units are those of hw/regs/moe_regs.rdl."""

    on_cycles: int
    active_cycles: int
    macs: int
    weight_reads: int
    buffer_writes: int
    wake_ups: int


@dataclass(frozen=True)
class Counters:
    """The whole accelerator; ``answers_le`` has one entry a local expert, ``domains`` the keys fe, ge, le, gn."""

    cycles: int
    images_in: int
    images_out: int
    answers_ge: int
    answers_le: tuple[int, ...]
    answers_nobody: int
    images_short: int
    images_long: int
    images_no_bank: int
    stall_in: int
    stall_out: int
    bank_swaps: int
    bank_words_written: int
    feature_store_writes: int
    feature_store_reads: int
    domains: dict[str, DomainCounters]

    @staticmethod
    def collect(read64: Callable[[str], int], local_experts: int) -> Counters:
        """Build from a function that reads a 64-bit counter by its path in the register description."""
        values = {}
        for field in fields(Counters):
            if field.name == "answers_le":
                values[field.name] = tuple(read64(f"counters.answers_le[{i}]") for i in range(local_experts))
            elif field.name == "domains":
                values[field.name] = {
                    name: DomainCounters(**{f.name: read64(f"domain[{d}].{f.name}") for f in fields(DomainCounters)})
                    for d, name in enumerate(DOMAINS)
                }
            else:
                values[field.name] = read64(f"counters.{field.name}")
        return Counters(**values)
