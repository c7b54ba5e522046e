# SPDX-License-Identifier: Apache-2.0
"""mvu: one and many words on each side, the kinds of products, of accumulators and of queues, raw and requantised."""

from __future__ import annotations

import pytest

from tools.cocotb_run import rtl_sources, run, with_mutant
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_mvu"


def shape(
    in_words: int,
    out_words: int,
    pe: int,
    simd: int,
    *,
    weight: int = 4,
    shift: int | None = 6,
    multiplier: int = 0,
) -> dict[str, int]:
    """Parameters with the narrowest accumulator that holds the worst case of any weights."""
    act, bias, inputs = 8, 12, in_words * simd
    worst = inputs * (2**act - 1) * 2 ** (weight - 1) + 2 ** (bias - 1)
    return {
        "InWords": in_words,
        "OutWords": out_words,
        "Pe": pe,
        "Simd": simd,
        "ActW": act,
        "WgtW": weight,
        "BiasW": bias,
        "AccW": (worst - 1).bit_length() + 1,
        "Requant": int(shift is not None),
        "Shift": shift or 0,
        "OutW": 7,
        "BankW": 1,
        "Multiplier": multiplier,
    }


SHAPES = {
    "usual": shape(5, 2, 2, 4),
    "one-fold": shape(7, 1, 3, 1, weight=8),
    "one-word-one-fold": shape(1, 1, 2, 5, shift=None, multiplier=1, weight=3),
    "more-folds-than-fifo": shape(1, 20, 1, 2, shift=None),
    "paired-products": shape(4, 3, 4, 2, multiplier=2),
    "wide-simd": shape(3, 4, 1, 20, weight=6, multiplier=1, shift=9),
    "wide-words": shape(5, 5, 10, 1),
    "wide-words-in-luts": shape(7, 5, 40, 1, multiplier=1, weight=3),
    "wide-words-one-fold": shape(12, 1, 4, 1, shift=None, weight=8),
    "wide-words-soon": shape(3, 5, 10, 1),
    "sums-in-block-ram": shape(3, 17, 5, 1, multiplier=1, weight=3),
    "sums-in-luts": shape(3, 5, 1, 2, shift=None),
    "far-elements": shape(12, 1, 10, 5) | {"Far": 1},
    "far-elements-one-hop": shape(5, 2, 2, 1) | {"Far": 1},
    "far-elements-in-pairs": shape(5, 5, 10, 2, multiplier=2) | {"Far": 1},
}


@pytest.mark.parametrize("parameters", SHAPES.values(), ids=SHAPES)
def test_mvu(parameters: dict[str, int]) -> None:
    run("mvu", BENCH, parameters=parameters)


DEFECTS = {
    "accumulates-over-vectors": (
        "usual",
        "accumulate_adder",
        "assign sum_o = (first_i ? start_i : acc_i)",
        "assign sum_o = acc_i",
    ),
    "a-hop-less": ("far-elements", "mvu", "bias_near = hop_copy_q[BiasHops-1]", "bias_near = bias_q"),
    "ring-too-short": ("usual", "accumulator_file", "= ring_q[Folds-1]", "= ring_q[0]"),
    "mixes-up-folds": ("sums-in-block-ram", "accumulator_file", "mem[fold_copy_q[1]]", "mem[0]"),
    "keeps-one-fold": (
        "sums-in-luts",
        "accumulator_file",
        "{step_copy_q[2:1], step_i}",
        "{step_copy_q[2:1], step_i && fold_i == 0}",
    ),
    "unsigned-weights": ("usual", "multiplier_block", "* (ActW + WgtW)'(wgt_q)", "* (ActW + WgtW)'($unsigned(wgt_q))"),
    "positive-top-bit": ("wide-simd", "multiplier", "product_o - (", "product_o + ("),
    "borrow-not-returned": ("paired-products", "multiplier_pair", " + ProdW'(both[ProdW-1])", ""),
    "late-weights": ("usual", "multiplier_block", "if (valid_i[0]) begin", "if (valid_i[1]) begin"),
    "late-operands": ("usual", "mvu_products", "if (valid_i[0] ||", "if (valid_i[1] ||"),
    "bias-of-another-bank": ("one-word-one-fold", "mvu", "= token_q[BiasRead].bank", "= in_bank_i"),
}


@pytest.mark.parametrize("case", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(case: tuple[str, str, str, str]) -> None:
    name, *change = case
    check_found("mvu", BENCH, Defect(*change, found_by="data/idle=random/stall=none"), SHAPES[name])


def test_lost_credits_are_found() -> None:
    defect = Defect("mvu", "reserved_d != CreditW'(OutDepth)", "1'b1", found_by="held")
    check_found("mvu", BENCH, defect, SHAPES["more-folds-than-fifo"])


def test_a_chain_that_does_not_close_up_is_found() -> None:
    """The word behind the one that waits is refused, although there is a place for it."""
    defect = Defect("stream_chain", "!(&valid_copy_q[Depth-1:i])", "!valid_copy_q[Depth-1]", found_by="held")
    check_found("mvu", BENCH, defect, SHAPES["wide-words"])


def test_a_chain_for_vectors_that_come_too_soon_is_found() -> None:
    """A vector that is not longer than its words are in the unit and in the chain: a credit is late."""
    defect = Defect("mvu", "> ToQueue + 2 * ChainDepth", "> ToQueue + ChainDepth", found_by="throughput")
    check_found("mvu", BENCH, defect, SHAPES["wide-words-soon"])


def test_a_fold_read_while_it_is_written_is_asserted() -> None:
    sources = with_mutant(rtl_sources("mvu"), "accumulator_file", "RingFolds = 4", "RingFolds = 0")
    sources = with_mutant(sources, "accumulator_file", "BlockPays = 16", "BlockPays = 0")
    parameters = shape(4, 3, 2, 1)
    results = run("mvu", BENCH, sources=sources, parameters=parameters, testcase="throughput", check=False)
    assert "is read while it is written" in str(results.failed)


def test_a_bias_that_stays_is_asserted() -> None:
    """Behind the first word it must be all ones, or the carry chain of the ECP5 does not add."""
    sources = with_mutant(rtl_sources("mvu"), "mvu", "bias_q <= '1;", "bias_q <= bias_q;")
    results = run("mvu", BENCH, sources=sources, parameters=SHAPES["usual"], testcase="throughput", check=False)
    assert "accumulate_adder needs all ones" in str(results.failed)


def test_accumulator_overflow_is_asserted() -> None:
    """One bit less than the interval analysis asks for: the assertion in mvu_pe stops the simulation."""
    parameters = SHAPES["one-fold"]
    results = run(
        "mvu",
        BENCH,
        parameters={**parameters, "AccW": parameters["AccW"] - 1},
        testcase="throughput",
        check=False,
    )
    assert "the accumulator overflows" in str(results.failed)
