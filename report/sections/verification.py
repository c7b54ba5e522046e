# SPDX-License-Identifier: Apache-2.0
"""What was checked: bit-exactness, netlist, counters, test plan, proofs."""

from __future__ import annotations

from report.context import Context, Section
from report.key_figures import compared_outputs
from report.markup import Html, code, html, number, paragraph, percent, table, tag

_COUNTS = {
    "counter": "device's counters",
    "same_run": "counters, traced run",
    "saif": "switching record",
    "golden": "golden model",
}


def section(context: Context) -> Section:
    """Each check with its verdict and its negative controls."""
    parts = [_compare(context), _netlist(context), _agreement(context), _plan(context), _proofs(context)]
    return Section("verification", "What was checked", html(parts))


def verdict(good: bool, well: str, badly: str) -> Html:
    """A verdict that is readable without colour."""
    return tag("span", well if good else badly, class_="good" if good else "bad")


def _compare(context: Context) -> Html:
    title = tag("h3", "RTL = integer model")
    compared = context.get("compare")
    if not compared:
        return html([title, context.missing("compare")])
    wrong, outputs = compared_outputs(compared)
    rows = []
    for mode, entry in compared["modes"].items():
        counts = [len(entry["mismatches"]), number(sum(entry["mismatches"].values()))]
        result = verdict(entry["bit_exact"], "equal", "DIFFERS")
        rows.append([mode, *counts, result, number(entry.get("cycles_per_image")), percent(entry["accuracy"], 1)])
    head = ["mode", "layers and fields", "mismatches", "verdict", "cycles an image", "right answers"]
    words = f"{wrong:,} of {outputs:,} outputs differ, {compared['images']:,} images: {compared['data']}."
    control = paragraph(
        "Negative controls: ",
        code("compare_golden.py --inject-fault list"),
        " names the ways to break the design; tests see that the comparison notices.",
    )
    return html([title, table(head, rows, html([words, context.cite("compare")])), control])


def _netlist(context: Context) -> Html:
    title = tag("h3", "Netlist = integer model")
    content = context.get("netlist")
    if not content:
        return html([title, context.missing("netlist")])
    wrong, defect = content["wrong"] + content["lessons_wrong"], content["defect"]
    same = content["cycles"] == content["rtl_cycles"]
    words = (
        f"{sum(content['images'].values()):,} images in {len(content['images'])} modes, {content['swaps']} changes of "
        f"bank, {content['naps']} sleeps of the GE and {content['lessons']} lessons, on the cells that synthesis "
        "made: "
    )
    return html(
        [
            title,
            paragraph(
                words,
                verdict(not wrong, "all equal", f"{wrong} WRONG"),
                f"; {content['cycles']:,} cycles, ",
                verdict(same, "as many as the RTL", f"the RTL {content['rtl_cycles']:,}"),
                f". Negative control: with a defect in the netlist {defect['wrong']} of {defect['images']} answers are "
                "wrong.",
                context.cite("netlist"),
            ),
        ]
    )


def _agreement(context: Context) -> Html:
    title = tag("h3", "Counters, switching record and golden model count the same")
    content = context.get("proxies")
    if not content:
        return html([title, context.missing("proxies")])
    # One count alone agrees with nothing.
    rows = [row for row in content.get("agreement", []) if sum(row.get(key) is not None for key in _COUNTS) > 1]
    bad = [row for row in rows if not row["equal"]]
    wrong = sum(case["wrong"] for case in content["cases"])
    words = paragraph(
        "Weight reads, buffer writes, cycles with supply, wake-ups and answers, case by case: ",
        f"{len(rows):,} comparisons, ",
        verdict(not bad, "all equal", f"{len(bad)} unequal") if rows else "none",
        f"; {wrong:,} wrong answers.",
        context.cite("proxies"),
    )
    if not rows:
        return html([title, words])
    name = next((row["case"] for row in rows if row["case"].startswith("MOE_GATED")), rows[0]["case"])
    shown = bad or [row for row in rows if row["case"] == name]
    lines = [
        [f"{row['case']}: {row['what']}" if bad else row["what"], *(_count(row.get(key)) for key in _COUNTS)]
        + [verdict(row["equal"], "equal", "UNEQUAL")]
        for row in shown
    ]
    caption = html(
        ["The unequal ones" if bad else f"For example {name}, all images of the case", context.cite("proxies")]
    )
    return html([title, words, table(["what", *_COUNTS.values(), "verdict"], lines, caption)])


def _count(value: float | None) -> Html:
    """A count, or a dash where this side does not count it."""
    return html("–") if value is None else number(value)


def _plan(context: Context) -> Html:
    title = tag("h3", "Test plan of the power control")
    content = context.get("power")
    if not content:
        return html([title, context.missing("power")])
    items = content["items"]
    rows = [
        [
            item["name"],
            "control" if item["control"] else "",
            verdict(item["word"] == "ok", item["word"], item["word"]),
            number(item["passed"]),
        ]
        for item in items
    ]
    held = sum(item["word"] == "ok" for item in items)
    words = f"{held} of {len(items)} items hold. A control shows that a check can fail."
    head = ["what must hold", "", "verdict", "tests"]
    return html([title, table(head, rows, html([words, context.cite("power")]), text_columns=3)])


def _proofs(context: Context) -> Html:
    title = tag("h3", "Proofs")
    content = context.get("formal")
    if not content:
        return html([title, context.missing("formal")])
    proofs, defects = content["proofs"], content["defects"]
    rows = []
    for proof in proofs:
        found = [defect["good"] for defect in defects if defect["name"].startswith(f"{proof['name']}: ")]
        result = verdict(proof["good"], "proven", f"NOT PROVEN ({proof['status']})")
        controls = f"{sum(found)} of {len(found)}" if found else "–"
        rows.append([proof["name"], proof["claim"], proof["method"], result, controls])
    good, seen = sum(proof["good"] for proof in proofs), sum(defect["good"] for defect in defects)
    words = f"{good} of {len(proofs)} proven; {seen} of {len(defects)} defects, put in on purpose, found."
    head = ["proof", "claim", "method", "verdict", "defects found"]
    return html([title, table(head, rows, html([words, context.cite("formal")]), text_columns=4)])
