# SPDX-License-Identifier: Apache-2.0
"""Sections 2.1 and 2.3 of the paper: regions R1 to R4, the alternative training, and the soft gate."""

from __future__ import annotations

from report.context import Context, Section
from report.figures import regions as plots
from report.markup import Html, code, figure, html, paragraph, per_cent, points, table, tag

_REGIONS = ("r1", "r2", "r3", "r4")
_TRAININGS = {
    "usual": "usual",
    "alternative": "alternative",
    "alternative_generic": "alternative, generic images too",
}
_OUTPUTS = {"softmax": "soft, softmax of the experts", "logits": "soft, logits of the experts"}


def section(context: Context) -> Section:
    """Who is right where, what else could be trained, and what a binary gate costs."""
    return Section("regions", "Who is right where, and other gates", html([_regions(context), _soft(context)]))


def _regions(context: Context) -> Html:
    content = context.get("regions")
    title = tag("h3", "Regions R1 to R4")
    if not content:
        return html([title, context.missing("regions")])
    gates, paper = content["gates"], content["paper"]
    cases = []
    for gate, found in gates.items():
        cases += [
            (f"gate {gate}, {part}", found["mean"][key]) for part, key in (("training", "train"), ("test", "test"))
        ]
    cases.append(("paper's users, test", paper))
    alt = "Squares divided by who is right, in per cent: " + "; ".join(
        f"{name}: " + ", ".join(f"{region.upper()} {100 * shares[region]:.1f}" for region in _REGIONS)
        for name, shares in cases
    )
    words = "The paper's Fig. 2 with areas in proportion, means over the users: left the GE is right, below the LE is."
    picture = figure(plots.areas(cases), alt, html([words, context.cite("regions", "paper")]))
    rows = []
    for gate, found in gates.items():
        for name, shown in _TRAININGS.items():
            own = found["mean"][name]
            keys = ("overall", "overall_balanced", "generic_overall", "le_where_ge_wrong_seen")
            keys += ("le_where_ge_wrong_held_out", "le_where_ge_wrong_test", "wrong_to_le_test", "right_to_le_test")
            rows.append([f"{gate}: {shown}", *(per_cent(own[key]) for key in keys)])
    head = ["gate preset: training", "users", "users, classes alike", "EMNIST", "LE where GE wrong: learned from"]
    head += ["held out", "test", "test: GE wrong, to LE", "test: GE right, to LE"]
    caption = html(["In per cent, integer model, mean over the users.", context.cite("regions")])
    return html([title, picture, tag("h3", "Alternative training"), table(head, rows, caption), _words(gates)])


def _words(gates: dict) -> Html:
    words: list[object] = [
        "In the alternative of section 2.3 the LE learns only what the GE gets wrong, and the gate finds that. ",
        "The paper reports that it may overfit. ",
    ]
    for gate, found in gates.items():
        usual, other = (found["mean"][name] for name in ("usual", "alternative"))
        falls = [100 * (t["le_where_ge_wrong_seen"] - t["le_where_ge_wrong_test"]) for t in (usual, other)]
        gains = [points(other[key] - usual[key]) for key in ("overall", "generic_overall")]
        words += [
            code(gate),
            f": on images that the GE gets wrong its LE loses {falls[1]:.1f} points between those that it learned from "
            f"and test images, the usual one {falls[0]:.1f}; its gate sends more of these than of the rest, by "
            f"{_separation(other, 'seen')} points on images that it learned from and {_separation(other, 'test')} on "
            "test images. The whole changes by ",
            gains[0],
            " points on users and ",
            gains[1],
            " on EMNIST. ",
        ]
    return paragraph(*words)


def _separation(found: dict, where: str) -> str:
    return f"{100 * (found[f'wrong_to_le_{where}'] - found[f'right_to_le_{where}']):.1f}"


def _soft(context: Context) -> Html:
    content = context.get("soft_gate")
    title = tag("h3", "Soft gate")
    if not content:
        return html([title, context.missing("soft_gate")])
    rows = []
    for gate, found in content["gates"].items():
        binary = found["mean"]["binary"]
        for name, shown in {"binary": "binary", **_OUTPUTS}.items():
            own = found["mean"][name]
            shares = [per_cent(own[key]) for key in ("users", "users_balanced", "emnist")]
            gains = [points(own[key] - binary[key]) if name != "binary" else "" for key in ("users", "emnist")]
            rows.append([f"{gate}: {shown}", *shares, *gains])
    head = ["gate preset: gate", "users", "users, classes alike", "EMNIST", "users, against binary", "EMNIST"]
    caption = html(["In per cent and points, mean over the users.", context.cite("soft_gate")])
    words = (
        "The general gate of section 2.1 weights both experts' outputs; here in float, on the integer model's logits, "
        "with a temperature chosen on training and validation images. It needs both experts for every image, so it "
        "saves nothing in MOE_GATED."
    )
    return html([title, paragraph(words), table(head, rows, caption)])
