# SPDX-License-Identifier: Apache-2.0
"""One run of the cases on a small device, for the tests."""

from __future__ import annotations

from functools import cache

from spec import tiny_variants as tiny
from spec.bank import Bank, random_bank
from spec.presets import Accelerator as Design
from verif.proxies.cases import Case, random_cases
from verif.proxies.counting import Counted, Recorded, count


def design() -> Design:
    """Two local experts, hidden layer, confidence."""
    return tiny.accelerator("two")


@cache
def bank() -> Bank:
    """Random weights."""
    return random_bank(design().moe, 195)


@cache
def cases() -> tuple[Case, ...]:
    """Three random images a case."""
    return random_cases(design(), bank(), 3, 1)


@cache
def run() -> tuple[list[Counted], list[Recorded]]:
    """Every case on the sound device."""
    return count(design(), bank(), cases())
