# SPDX-License-Identifier: Apache-2.0
"""Energy proxies by mode, by share of local images and of learning, and the paper's Table 3."""

from __future__ import annotations

from collections.abc import Callable

from golden import paper_tables
from golden.energy.operations import ASSUMPTIONS
from golden.energy.paper import global_expert, personal_experts, table_3
from golden.energy.ratios import Ratio, operations_ratio, switching_ratio
from golden.energy.switching_weights import ASSUMPTIONS as SWITCHING_ASSUMPTIONS
from golden.energy.switching_weights import UNIT
from report.context import Context, Section
from report.figures import energy as plots
from report.key_figures import REFERENCE, local_shares, switching
from report.markup import MISSING, Html, bullets, code, figure, grid, html, number, paragraph, percent, table, tag
from report.sections.learning_energy import learning

_PROXIES = ("operations", "switching")
_WEIGHTS = {"ON_CHIP": "all weights on chip", "GE_DRAM": "GE weights from DRAM", "ALL_DRAM": "all weights from DRAM"}


def section(context: Context) -> Section:
    """Both proxies by mode, their disagreements, the share of local images, learning, Table 3, assumptions."""
    words = (
        "A proxy compares modes and designs; it is not a measurement. The first counts operations (products, words of "
        "memories) by the device's own counters and costs them in pJ of a 45 nm process. The second counts what "
        f"switches in a simulation, weighted by the cells that synthesis made of it; its unit is {UNIT}. Lines at the "
        "bars, and brackets in the table, are the bounds of a ratio, whatever the unit costs are within theirs."
    )
    parts = [paragraph(words), _modes(context), _orders(context, "proxies"), _share(context), _designs(context)]
    parts += [learning(context), _table_3(context), _assumptions()]
    return Section("energy", "Energy, by two proxies", html(parts))


def _modes(context: Context) -> Html:
    content = context.get("proxies")
    if not content:
        return html([tag("h3", "By mode"), context.missing("proxies")])
    cases = content["cases"]
    views = {f"Operations, {words}": [c["energy"][key] for c in cases] for key, words in _WEIGHTS.items()}
    (first, *others) = [(title, records, operations_ratio) for title, records in views.items()]
    ordered = [first, ("Switching activity", [switching(case) for case in cases], switching_ratio), *others]
    figures = [_mode_figure(context, title, cases, records, ratio) for title, records, ratio in ordered]
    shares = local_shares(context)
    sentence = paragraph(
        "A local image in ",
        code("MOE_GATED"),
        " costs ",
        percent(shares["ON_CHIP"], 1),
        " of GE_ONLY by operations on chip, ",
        percent(shares["GE_DRAM"], 2),
        " with the GE's weights in DRAM, and ",
        percent(shares["switching"], 1),
        " by switching.",
    )
    return html([tag("h3", "By mode"), sentence, grid(*figures), _mode_table(context, content)])


def _mode_figure(
    context: Context, title: str, cases: list[dict], records: list[dict | None], ratio: Callable[[dict, dict], Ratio]
) -> Html:
    known = [record for record in records if record]
    if len(known) < len(records):
        return tag("p", f"{title}: ", tag("span", "not measured", class_="missing"), class_="absent")
    whole = next(r for c, r in zip(cases, known, strict=True) if (c["mode"], c["kind"]) == REFERENCE)
    names = [f"{case['mode']}\n{case['kind']}" for case in cases]
    alt = f"{title}, per cent of GE_ONLY with generic images: " + ", ".join(
        f"{name.replace(chr(10), ' ')} {100 * record['total'] / whole['total']:.3g}"
        for name, record in zip(names, known, strict=True)
    )
    return figure(plots.modes(names, known, whole, ratio, title), alt, html([f"{title}.", context.cite("proxies")]))


def _mode_table(context: Context, content: dict) -> Html:
    cases = {(case["mode"], case["kind"]): case for case in content["cases"]}
    reference = cases[REFERENCE]
    whole = switching(reference)
    rows = []
    for case in content["cases"]:
        row = [f"{case['mode']}, {case['kind']}", number(case["cycles"] / case["images"])]
        for weights in _WEIGHTS:
            total = case["energy"][weights]["total"]
            kinds, of_whole = (c["energy"][weights]["by_kind"] for c in (case, reference))
            ratio = operations_ratio(kinds, of_whole)
            row += [number(total / 1000), _bounded(ratio) if weights == "ON_CHIP" else percent(ratio.value, 1)]
        proxy = switching(case)
        share = switching_ratio(proxy["by_kind"], whole["by_kind"]) if proxy and whole else None
        row += [number(proxy and proxy["total"] / 1e6, 1), _bounded(share) if share else MISSING]
        rows.append(row)
    head = ["mode, images", "cycles", "on chip, nJ", "%", "GE from DRAM, nJ", "%", "all from DRAM, nJ", "%"]
    head += ["switching, 10⁶", "%"]
    about = f"{content['images_per_case']} images a case, {content['data']['user']} and {content['data']['generic']}."
    words = f"Work of one image, filling and draining included; per cent of GE_ONLY with generic images. {about}"
    return table(head, rows, html([words, context.cite("proxies")]))


def _bounded(ratio: Ratio) -> Html:
    """Per cent with the bounds, which are left out when they are the same to the digit."""
    value, low, high = (f"{100 * bound:.1f}" for bound in ratio)
    return html(
        [percent(ratio.value, 1), [] if low == value == high else [tag("br"), tag("small", f"({low} to {high})")]]
    )


def _designs(context: Context) -> Html:
    content = context.get("designs")
    title = tag("h3", "Between designs")
    if not content:
        return html([title, context.missing("designs")])
    names = list(dict.fromkeys(case["design"] for case in content["cases"]))
    cases = {(case["design"], case["mode"], case["kind"]): case for case in content["cases"]}
    modes = list(dict.fromkeys((case["mode"], case["kind"]) for case in content["cases"]))
    reference = cases[names[0], *REFERENCE]
    rows = []
    for mode in modes:
        row = [", ".join(mode)]
        for name in names:
            case = cases[name, *mode]
            row.append(
                percent(operations_ratio(*(c["energy"]["ON_CHIP"]["by_kind"] for c in (case, reference))).value, 1)
            )
            row.append(percent(switching_ratio(*(switching(c)["by_kind"] for c in (case, reference))).value, 1))
        rows.append(row)
    head = ["mode, images", *(f"{name.removeprefix('ge-')}, {proxy}" for name in names for proxy in _PROXIES)]
    caption = html(
        [f"Per cent of {names[0]}, GE_ONLY with generic images, on chip; images of {content['data']['user']} and "]
        + [f"{content['data']['generic']}.", context.cite("designs")]
    )
    quantities = content["quantities"]
    agreed = paragraph(
        f"Counters, switching activity and golden counts agree in {quantities['equal']:,} of "
        f"{quantities['compared']:,} quantities of these designs.",
        context.cite("designs"),
    )
    return html([title, table(head, rows, caption), _orders(context, "designs"), agreed])


def _orders(context: Context, key: str) -> Html:
    orders = (context.get(key) or {}).get("orders")
    if not orders or not (orders["agree"] or orders["disagree"]):
        return html("")
    disagree, tied = orders["disagree"], orders.get("tied", 0)
    words = f"Of {orders['agree'] + len(disagree) + tied} pairs of cases the proxies agree on the order of "
    words += f"{orders['agree']}, {tied} are equal by one of them, and they disagree on {len(disagree) or 'none'}"
    text = paragraph(words, ":" if disagree else ".", context.cite(key))
    rows = [
        [p["a"], p["b"], f"{p['operations']:.3f}", f"{p['switching']:.3f}", "yes" if p["sure"] else "no"]
        for p in disagree
    ]
    head = ["a", "b", "a / b, operations", "a / b, switching", "beyond all bounds"]
    return html([text, table(head, rows, text_columns=2)]) if disagree else text


def _share(context: Context) -> Html:
    content = context.get("sweep")
    title = tag("h3", "By share of local images")
    if not content:
        return html([title, context.missing("sweep")])
    network = context.design.moe.network
    ge, personal = global_expert(network).energy, personal_experts(network, 3).energy
    paper = {
        "ON_CHIP": 1 + (personal.mac + personal.sram) / (ge.mac + ge.sram),
        "GE_DRAM": 1 + paper_tables.TABLE_3["total"] / 100,
    }
    figures = [_share_figure(context, content["points"], weights, share) for weights, share in paper.items()]
    words = paragraph(
        "The paper's MoE runs both experts for every image, so it costs the GE and a little more, whoever writes. ",
        code("MOE_GATED"),
        " pays the GE only for images that need it. Measured on ",
        code(content["design"]),
        f", user {content['user']}, with images of {content['generic']} strewn in. The paper's line on chip is its ",
        "own model without DRAM.",
        context.cite("sweep", "model"),
    )
    return html([title, words, grid(*figures)])


def _share_figure(context: Context, points: list[dict], weights: str, paper: float) -> Html:
    title = _WEIGHTS[weights].capitalize().replace("Ge ", "GE ").replace("dram", "DRAM")
    whole = next(p for p in points if p["mode"] == "GE_ONLY")["energy"][weights]["total"]
    gated = ", ".join(
        f"{100 * p['energy'][weights]['total'] / whole:.3g} % at {100 * (1 - p['generic']):g} % of the user's images"
        for p in points
        if p["mode"] == "MOE_GATED"
    )
    alt = (
        f"{title}: energy proxy of a mean image relative to GE_ONLY. MOE_GATED: {gated}. The paper's MoE is always at "
        f"{100 * paper:.1f} %."
    )
    cited = context.cite("sweep", "paper" if weights == "GE_DRAM" else "model")
    return figure(plots.shares(points, weights, paper, title), alt, html([f"{title}.", cited]))


def _table_3(context: Context) -> Html:
    ours, printed = table_3(context.design.moe.network), paper_tables.TABLE_3
    kinds = ("size", "mac", "sram", "dram", "total")
    rows = [
        ["paper", *(f"{printed[kind]:.2f}" for kind in kinds)],
        ["computed here", *(f"{100 * ours[kind]:.2f}" for kind in kinds)],
    ]
    head = ["LE and GN over GE, %", "network size", "MAC", "SRAM", "DRAM", "total"]
    caption = html(["32-bit floating point, every weight from DRAM once an image.", context.cite("paper", "model")])
    return html([tag("h3", "Table 3: overhead by the paper's own model"), table(head, rows, caption)])


def _assumptions() -> Html:
    lists = [
        tag("div", tag("h4", name), bullets(texts))
        for name, texts in (("Operations", ASSUMPTIONS), ("Switching", SWITCHING_ASSUMPTIONS))
    ]
    return html([tag("h3", "What the proxies assume"), grid(*lists)])
