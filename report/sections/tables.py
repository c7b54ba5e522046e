# SPDX-License-Identifier: Apache-2.0
"""The paper's Tables 1, 4 and 5 beside ours."""

from __future__ import annotations

import numpy as np

from golden import paper_tables
from golden.energy.paper import table_1
from report.context import Context, Section
from report.figures import accuracy as plots
from report.markup import Html, figure, html, number, paragraph, per_cent, points, table, tag
from spec.presets import DEFAULT_GATE, TRAINED_GATES

_MODELS = {
    "moe": tuple(f"moe_{gate}" for gate in TRAINED_GATES),
    "harris": ("harris",),
    "fine_tuning": ("fine_tuning",),
}
_NAMES = {
    "moe": "MoE",
    **{f"moe_{gate}": f"MoE, gate {gate}" for gate in TRAINED_GATES},
    "harris": "[7], Harris et al.",
    "fine_tuning": "fine-tuning of fc1 and fc2",
}
_PHASES = ("before_customised", "before_emnist", "after_customised", "after_emnist")


def section(context: Context) -> Section:
    """Size, training, users."""
    parts = [_table_1(context), _table_4(context), _table_5(context)]
    return Section("tables", "Size of the personal part, and other ways to personalize", html(parts))


def _table_1(context: Context) -> Html:
    content = context.get("table1")
    ours = {row["pooled"]: row for row in content["rows"]} if content else {}
    counted = table_1(context.design.moe.network)
    rows = []
    for row in paper_tables.TABLE_1:
        own, side = ours.get(row["pooled"], {}), row["pooled"]
        size = [f"{row['weights']:.2f}", per_cent(counted[side])]
        users = [f"{row['customised']:.2f}", per_cent(own.get("overall"))]
        generic = [f"{row['emnist']:.2f}", per_cent(own.get("generic_overall"))]
        rows.append([f"{side} x {side} x 20", *size, *users, *generic])
    head = ["maps that LE and GN see"]
    head += [f"{what}, {who}" for what in ("size", "users", "EMNIST") for who in ("paper", "ours")]
    words = "In per cent. Size: weights of LE and GN over those of the GE, without biases. Linear gate, n = m."
    parts = [
        tag("h3", "Table 1: size against accuracy"),
        table(head, rows, html([words, context.cite("paper", "model", "table1")])),
    ]
    parts.append(tag("div", _sizes(context, content), class_="half") if content else context.missing("table1"))
    return html(parts)


def _sizes(context: Context, content: dict) -> Html:
    ours = [{"size": r["share"], "users": r["overall"], "generic": r["generic_overall"]} for r in content["rows"]]
    paper = [
        {"size": r["weights"] / 100, "users": r["customised"] / 100, "generic": r["emnist"] / 100}
        for r in paper_tables.TABLE_1
    ]
    alt = "Accuracy on users' and on generic images over the relative size of LE and GN, ours: " + "; ".join(
        f"{100 * r['size']:.2f} %: {100 * r['users']:.1f} and {100 * r['generic']:.1f} %" for r in ours
    )
    return figure(plots.sizes(ours, paper), alt, html(["The same as curves.", context.cite("table1", "paper")]))


def _table_4(context: Context) -> Html:
    content = context.get("table4")
    ours = {row["model"]: row for row in content["rows"]} if content else {}
    rows = []
    for printed in paper_tables.TABLE_4:
        rows.append([f"paper: {_NAMES[printed['model']]}", "", *(f"{printed[phase]:.2f}" for phase in _PHASES)])
        for model in _MODELS[printed["model"]]:
            own = ours.get(model, {})
            figures = [per_cent(own.get(phase)) for phase in _PHASES]
            rows.append([f"ours: {_NAMES[model]}", number(own.get("weights_per_user")), *figures])
    head = ["model", "weights of a user", "users, before", "EMNIST, before", "users, after", "EMNIST, after"]
    caption = html(["Accuracy of the whole, in per cent.", context.cite("paper", "table4")])
    parts = [tag("h3", "Table 4: before and after training on a user"), table(head, rows, caption)]
    if not content:
        return html([*parts, context.missing("table4")])
    words = (
        f"Before training LE and GN are random; ours is the mean of {content['random_starts']} random starts. The MoE "
        "is the integer model; [7] and fine-tuning are of the float GE, in float32. [7] is built as the paper "
        "describes it and in the size that it prints; its layers, which it does not give, are ours."
    )
    return html([*parts, paragraph(words)])


def _table_5(context: Context) -> Html:
    content = context.get("table4")
    if not content:
        return html("")
    names = (f"moe_{DEFAULT_GATE}", "moe_paper", "harris", "fine_tuning")
    keys = [f"{name}_{data}" for name in names for data in ("customised", "emnist")]
    rows = [[row["user"], *(per_cent(row.get(key)) for key in keys)] for row in content["users"]]
    means = {key: float(np.mean([row[key] for row in content["users"]])) for key in keys}
    rows.append(["mean", *(per_cent(means[key]) for key in keys)])
    head = _head_5((f"MoE {DEFAULT_GATE}", "MoE paper", "[7]", "fine-tuning"))
    ours = table(head, rows, html(["Ours, after training, in per cent.", context.cite("table4")]), last=True)
    words: list[object] = []
    for other, name in (("harris", "[7]"), ("fine_tuning", "fine-tuning")):
        gaps = [means[f"moe_{DEFAULT_GATE}_{data}"] - means[f"{other}_{data}"] for data in ("customised", "emnist")]
        words += [
            f"MoE with gate {DEFAULT_GATE} minus {name}: ",
            points(gaps[0]),
            " points on users' images, ",
            points(gaps[1]),
        ]
        words += [" on EMNIST. "]
    return html([tag("h3", "Table 5: the same by user"), ours, paragraph(*words), _printed_5(context)])


def _printed_5(context: Context) -> Html:
    keys = [f"{name}_{data}" for name in ("moe", "harris", "fine_tuning") for data in ("customised", "emnist")]
    rows = [[row["user"], *(f"{row[key]:.2f}" for key in keys)] for row in paper_tables.TABLE_5]
    rows.append(["mean", *(f"{paper_tables.TABLE_5_MEAN[key]:.2f}" for key in keys)])
    caption = html(["The paper's, whose users are other people.", context.cite("paper")])
    return table(_head_5(("MoE", "[7]", "fine-tuning")), rows, caption, last=True)


def _head_5(models: tuple[str, ...]) -> list[str]:
    return ["user", *(f"{model}, {data}" for model in models for data in ("own", "EMNIST"))]
