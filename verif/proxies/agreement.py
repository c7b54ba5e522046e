# SPDX-License-Identifier: Apache-2.0
"""Do counters, switching activity and golden counts say the same, and do both proxies put the cases in the same order?

Three ways to the same number: the device's counters, which are fed by activity signals; the SAIF, read at the enables
of the memories themselves; and specification and folding, without any hardware. They must be equal, not close.

Time is compared within the run of the SAIF, because another test bench takes other cycles. ``on_cycles`` counts from
the closing of the power switch; the clock follows when the switch has answered, and from then on runs until the switch
opens, also while the domain is isolated. So, exactly: cycles with clock = cycles with power - wait of each wake-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from golden.energy import Weights
from golden.energy.ratios import operations_ratio, switching_ratio
from spec.domains import DOMAINS
from spec.presets import Accelerator as Design
from verif.proxies.cases import Case


def agree(
    design: Design,
    cases: Sequence[Case],
    counters: Sequence[Mapping],
    saif: Sequence[Mapping],
    golden: Sequence[Mapping],
) -> list[dict]:
    """Every quantity that two or three of them count, case by case.

    Args:
        design: the device.
        cases: what was run.
        counters: ``driver.Counters`` of each case as a dictionary, from any run.
        saif: records of :func:`verif.proxies.switching.measure`.
        golden: ``golden.energy.expected.ExpectedCounts`` of each case as a dictionary.

    Returns:
        Rows with ``case``, ``what``, ``counter``, ``saif`` and ``golden`` (None where it does not say anything),
        ``same_run`` (the device's counter in the run of the SAIF) and ``equal``.
    """
    rows = []
    for case, counted, record, expected in zip(cases, counters, saif, golden, strict=True):
        for what, *values in _quantities(len(case.images), counted, record, expected):
            known = {value for value in values if value is not None}
            row = dict(zip(("counter", "same_run", "saif", "golden"), values, strict=True))
            rows.append({"design": design.name, "case": case.name, "what": what, **row, "equal": len(known) == 1})
    return rows


def _quantities(images: int, counted: Mapping, record: Mapping, expected: Mapping) -> Iterator[tuple]:
    """What is compared: name, counter, counter of the SAIF's run, SAIF, golden."""
    own = record["counters"]
    yield "images accepted", counted["images_in"], own["images_in"], record["images_accepted"], images
    yield "results", counted["images_out"], own["images_out"], record["results"], images
    store = [m for m in _memories(record, "aon") if m["kind"] == "store"]
    for what in ("writes", "reads"):
        name = f"feature_store_{what}"
        yield f"feature store {what}", counted[name], own[name], sum(m[what] for m in store), expected[name]
    for name in DOMAINS:
        label, domain = name.upper(), record["domains"][name]
        there, here, wanted = counted["domains"][name], own["domains"][name], expected["domains"][name]
        memories = _memories(record, name)
        reads = sum(m["reads"] for m in memories if m["kind"] == "weights")
        writes = sum(m["writes"] for m in memories if m["kind"] == "window")
        yield f"weight reads of {label}", there["weight_reads"], here["weight_reads"], reads, wanted["weight_reads"]
        yield (
            f"window buffer writes of {label}",
            there["buffer_writes"], here["buffer_writes"], writes, wanted["buffer_writes"],
        )  # fmt: skip
        power = here["on_cycles"] - record["resting_cycles"] * domain["clock_at_rest"]
        clock = power - record["switch_wait"] * here["wake_ups"]
        yield f"cycles with power, {label}", None, power, domain["switch_cycles"], None
        yield f"cycles with clock, {label}", None, clock, domain["clock_edges"], None
        yield f"wake-ups of {label}", None, here["wake_ups"], domain["wake_ups"], None


def _memories(record: Mapping, domain: str) -> list[Mapping]:
    return list(record["domains"][domain]["memories"].values())


# ---- The order of the cases ------------------------------------------------------------------------------------------
def orders(cases: Sequence[Mapping]) -> dict:
    """Compare all pairs of cases by both proxies.

    Args:
        cases: entries of ``build/proxies.json``, with ``mode``, ``kind``, ``energy`` and ``switching``. Those of
            several designs can be given together: each has its ``design`` then.

    Returns:
        ``agree``: pairs in the same order; ``tied``: pairs of which one proxy says that both are the same;
        ``not_measured``: pairs without a second proxy; ``disagree``: the others, with the ratio a/b of each proxy, and
        ``sure`` when both stay on their sides whatever the weights are within their bounds.
    """
    found: dict = {"agree": 0, "tied": 0, "not_measured": 0, "disagree": []}
    for a, b in combinations(cases, 2):
        proxies = [case["switching"]["proxy"] for case in (a, b)]
        if None in proxies:
            found["not_measured"] += 1
            continue
        first = operations_ratio(*(case["energy"][Weights.ON_CHIP.name]["by_kind"] for case in (a, b)))
        second = switching_ratio(*(proxy["by_kind"] for proxy in proxies))
        sides = tuple((ratio.value > 1) - (ratio.value < 1) for ratio in (first, second))
        if 0 in sides:
            found["tied"] += 1
        elif sides[0] == sides[1]:
            found["agree"] += 1
        else:
            above, below = (first, second) if sides[0] > 0 else (second, first)
            found["disagree"].append(
                {
                    "a": case_name(a),
                    "b": case_name(b),
                    "operations": first.value,
                    "switching": second.value,
                    "sure": above.low > 1 > below.high,
                }
            )
    return found


def case_name(case: Mapping) -> str:
    """For example ``MOE_GATED, local``, after the name of the design if there is one."""
    name = f"{case['mode']}, {case['kind']}"
    return f"{case['design']}: {name}" if "design" in case else name
