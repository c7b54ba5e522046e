# SPDX-License-Identifier: Apache-2.0
"""The name of the hardware changes with everything that changes the hardware, and with nothing else."""

from __future__ import annotations

import pytest

from hw.gen.digest import digest_of, rtl_digest
from spec import bank_payload
from spec.kinds import dense, matrix
from spec.presets import load_accelerator


def digest() -> str:
    """Digest of one preset, read anew."""
    return digest_of([load_accelerator("ecp5_85", "tuned")])


def test_it_is_reproducible_and_covers_every_preset():
    assert digest() == digest() != rtl_digest()
    assert len(digest()) == 16


ANY_WEIGHTS = matrix.accumulator_for_any_weights


def wider(function):
    """The same range of an accumulator, doubled."""
    return lambda *arguments: tuple(2 * value for value in function(*arguments))


# What the hardware depends on besides the RTL and its generators: module, name in it, what stands there instead.
CAUSES = {
    "accumulators of frozen layers": (matrix, "accumulator_for_weights", wider(matrix.accumulator_for_weights)),
    "accumulators of run-time layers": (
        dense,
        "accumulator_for_any_weights",
        lambda *arguments: ANY_WEIGHTS(*arguments) + 1,
    ),
    "words of a bank": (bank_payload, "WORD_BITS", 64),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_changed_specification_is_other_hardware(cause, monkeypatch):
    before = digest()
    monkeypatch.setattr(*CAUSES[cause])
    assert digest() != before
