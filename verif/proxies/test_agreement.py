# SPDX-License-Identifier: Apache-2.0
"""Counters, switching activity and golden counts are equal, defects of each are seen, and the order of cases."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import pytest

from driver.verilated import build_device
from golden.energy.expected import expected_counts
from golden.energy.operations import OPERATIONS
from hw.gen.altered import altered_sources
from hw.gen.build import generate
from spec import tiny_variants as tiny
from tools.mutants import Replacement
from verif.proxies.agreement import agree, orders
from verif.proxies.cases import GENERIC, Case, random_cases
from verif.proxies.switching import measure

DESIGN = tiny.accelerator("two")
BANK = tiny.bank("two", 1)
NAMES = ("GE_ONLY, local", "LE_ONLY, generic", "MOE_GATED, local", "MOE_GATED, generic")
# A counter that counts twice, a weight memory that reads in every cycle, and a clock that runs on.
DEFECTS = (
    Replacement(
        "activity_counters.sv",
        "increment.domain[DomainLe].weight_reads + CounterW'(1)",
        "increment.domain[DomainLe].weight_reads + CounterW'(2)",
    ),
    Replacement(  # which its short counter must have room for
        "counter_pkg.sv",
        "most.domain[DomainLe].weight_reads  = CounterW'(LocalExperts * LeLayers)",
        "most.domain[DomainLe].weight_reads  = CounterW'(2 * LocalExperts * LeLayers)",
    ),
    Replacement("rom_mvu.sv", ".rd_en_i  (wgt_en[i])", ".rd_en_i  (1'b1)"),
    Replacement("moe_accelerator.sv", ".enable_i(pd_clk_en_o[d])", ".enable_i(pd_clk_en_o[d] || d == int'(DomainGn))"),
)
# Never counted here: only convolutions have window buffers, conv1 is an adder graph, only the GE is woken meanwhile.
SILENT = (
    {f"window buffer writes of {name}" for name in ("LE", "GN")}
    | {"weight reads of FE"}
    | {f"wake-ups of {name}" for name in ("FE", "LE", "GN")}
)


def golden(case: Case) -> dict:
    """What the case must count."""
    images = len(case.images)
    to_ge = images if case.kind == GENERIC else 0
    return asdict(expected_counts(DESIGN.moe, DESIGN.folding, case.mode, images, to_ge))


@cache
def compared(library: Path) -> tuple[list[Case], list[dict], list[dict]]:
    """Cases, records, and rows with the counters of the recorded run itself."""
    cases = [case for case in random_cases(DESIGN, BANK, 2, 1) if case.name in NAMES]
    records = measure(DESIGN, BANK, cases, library)
    assert [record["wrong"] for record in records] == [0] * len(cases)
    return cases, records, rows(cases, records)


def rows(cases: list[Case], records: list[dict]) -> list[dict]:
    return agree(DESIGN, cases, [record["counters"] for record in records], records, [golden(c) for c in cases])


def unequal(found: list[dict]) -> set[tuple[str, str]]:
    return {(row["case"], row["what"]) for row in found if not row["equal"]}


def test_counters_switching_and_golden_are_equal() -> None:
    cases, records, found = compared(build_device(generate(DESIGN), optimise=False, saif=True))
    assert unequal(found) == set()
    assert len(found) == len(cases) * (4 + 4 * 5)
    # Nothing is equal because it is nothing: each quantity occurs in some case.
    assert {row["what"] for row in found} - {row["what"] for row in found if row["saif"]} == SILENT
    # A single wrong figure, on any side, is seen.
    for path in (("counters", "feature_store_reads"), ("domains", "ge", "wake_ups"), ("domains", "fe", "clock_edges")):
        altered = [dict(record) for record in records]
        assert unequal(rows(cases, [*altered[:-1], changed(altered[-1], path)])) != set()
    expected = [golden(case) for case in cases]
    expected[0] = changed(expected[0], ("domains", "ge", "weight_reads"))
    found = agree(DESIGN, cases, [record["counters"] for record in records], records, expected)
    assert unequal(found) == {("GE_ONLY, local", "weight reads of GE")}


def changed(record: dict, path: tuple[str, ...]) -> dict:
    """A copy in which one number is one more."""
    key, *rest = path
    return {**record, key: changed(record[key], tuple(rest)) if rest else record[key] + 1}


def test_defects_of_counter_memory_and_clock_are_seen() -> None:
    hardware = replace(generate(DESIGN), rtl=altered_sources(DEFECTS, "agreement"))
    _, _, found = compared(build_device(hardware, optimise=False, saif=True))
    memory = {(name, "weight reads of GE") for name in NAMES}
    counter = {(name, "weight reads of LE") for name in NAMES if name != "GE_ONLY, local"}
    clock = {(name, "cycles with clock, GN") for name in ("GE_ONLY, local", "LE_ONLY, generic")}
    assert unequal(found) == memory | counter | clock
    by_name = {(row["case"], row["what"]): row for row in found}
    row = by_name["MOE_GATED, generic", "weight reads of LE"]
    assert row["counter"] == 2 * row["saif"] == 2 * row["golden"]
    row = by_name["MOE_GATED, generic", "weight reads of GE"]
    assert row["counter"] == row["golden"] < row["saif"]  # nothing but the SAIF sees it


# ---- The order of the cases, on made-up figures ----------------------------------------------------------------------
def entry(kind: str, first: dict[str, float], second: dict[str, float] | None, **more: str) -> dict:
    """A case with both proxies by kind."""
    energy = {"mac": 0.0, "weights": 0.0, "buffers": 0.0, "dram": 0.0} | first
    switching = dict.fromkeys(("logic", "registers", "clock", "multipliers", "memories"), 0.0) | (second or {})
    proxy = None if second is None else {"by_kind": switching}
    case = {"mode": "GE_ONLY", "kind": kind, "energy": {"ON_CHIP": {"by_kind": energy}}, "switching": {"proxy": proxy}}
    return {**case, **more}


def test_both_proxies_agree() -> None:
    found = orders([entry("a", {"mac": 2}, {"logic": 9}), entry("b", {"mac": 1}, {"logic": 1})])
    assert found == {"agree": 1, "tied": 0, "not_measured": 0, "disagree": []}


def test_what_is_the_same_or_not_measured_is_no_disagreement() -> None:
    cases = [entry("a", {"mac": 1}, {"logic": 9}), entry("b", {"mac": 1}, {"logic": 1}), entry("c", {"mac": 3}, None)]
    assert orders(cases) == {"agree": 0, "tied": 1, "not_measured": 2, "disagree": []}


@pytest.mark.parametrize(
    ("first", "second", "sure"),
    [
        (({"mac": 2}, {"mac": 1}), ({"logic": 1}, {"logic": 3}), True),
        # Weights of a and b are the same unknown: a bound of one kind cannot turn the order of that kind.
        (({"mac": 2}, {"mac": 1}), ({"memories": 1}, {"memories": 1.1}), True),
        # With another weight of a memory access the second proxy says the same as the first.
        (({"mac": 2}, {"mac": 1}), ({"logic": 2}, {"logic": 1, "memories": 1.5}), False),
        (({"mac": 2}, {"weights": 1}), ({"logic": 1}, {"logic": 3}), False),
        (({"mac": 5}, {"weights": 1}), ({"logic": 1}, {"logic": 3}), True),
    ],
)
def test_a_disagreement_is_sure_within_all_bounds(first: tuple, second: tuple, sure: bool) -> None:
    a, b = (entry(kind, one, other) for kind, one, other in zip("ab", first, second, strict=True))
    (found,) = orders([a, b])["disagree"]
    ratios = [sum(x.values()) / sum(y.values()) for x, y in (first, second)]
    assert found == {
        "a": "GE_ONLY, a",
        "b": "GE_ONLY, b",
        "operations": pytest.approx(ratios[0]),
        "switching": pytest.approx(ratios[1]),
        "sure": sure,
    }
    (mirrored,) = orders([b, a])["disagree"]
    assert mirrored["sure"] == sure and mirrored["operations"] == pytest.approx(1 / ratios[0])


def test_cases_of_two_designs_are_told_apart() -> None:
    one = entry("a", {"mac": 2}, {"logic": 1}, design="paper")
    other = entry("a", {"mac": 1}, {"logic": 2}, design="tuned")
    (found,) = orders([one, other])["disagree"]
    assert (found["a"], found["b"]) == ("paper: GE_ONLY, a", "tuned: GE_ONLY, a")


def test_a_product_has_one_bound() -> None:
    """Multiplication and addition are one kind in the first proxy."""
    assert (OPERATIONS.add.low, OPERATIONS.add.high) == (OPERATIONS.multiply.low, OPERATIONS.multiply.high)
