# SPDX-License-Identifier: Apache-2.0
"""What learning on the device costs, one lesson and a course, beside retraining: part of the section on energy."""

from __future__ import annotations

from report.context import Context
from report.markup import Html, html, number, paragraph, percent, table, tag

_KINDS = ("mac", "weights", "buffers")


def learning(context: Context) -> Html:
    """Two tables and the course in a sentence."""
    content = context.get("learning_energy")
    title = tag("h3", "Learning on the device")
    if not content:
        return html([title, context.missing("learning_energy")])
    return html([title, _course(context, content), _lesson(context, content), _retraining(context, content)])


def _course(context: Context, content: dict) -> Html:
    course, users = content["course"], len(content["users"])
    learned, answered = (sum(course[part].values()) for part in ("learning", "inference"))
    words = (
        f"A course of {course['images']:,.0f} labelled images ({content['passes']} passes, mean of {users} users) "
        f"moves the local expert {course['local_moves']:,.0f} times and the gate {course['gate_moves']:,.0f} times. It "
        f"takes {course['cycles'] / course['images']:.1f} cycles an image on the RTL, which differs from the golden "
        f"learner in {course['mismatches']:,} places. Learning adds "
    )
    return paragraph(
        words,
        percent(learned / answered, 2),
        f" to the {answered / 1e9:.2f} mJ of answering, all weights on chip.",
        context.cite("learning_energy"),
    )


def _lesson(context: Context, content: dict) -> Html:
    rows = []
    for name, row in content["lesson"].items():
        cells = [number(row["by_kind"][kind] / 1000, 3) for kind in _KINDS]
        rows.append([name, *cells, number(row["total"] / 1000, 3), percent(row["of_ge"][0], 3)])
    head = ["one of", "sums and products", "weights", "buffers", "together", "of GE_ONLY"]
    return table(head, rows, html(["nJ by operations.", context.cite("learning_energy")]))


def _retraining(context: Context, content: dict) -> Html:
    rows = []
    for row in content["retraining"]:
        value, low, high = row["by_learned"]
        rows.append(
            [
                f"{row['arithmetic']}, trunk {'once an image' if row['trunk_kept'] else 'in every pass'}, weights "
                f"{'in DRAM' if row['dram'] else 'on chip'}",
                number(row["total"] / 1e9, 1),
                f"{value:.1f} ({low:.1f} to {high:.1f})",
                number(row["cycles"] / 1e6),
                number(row["cycles_by_learned"], 1),
            ]
        )
    head = ["retraining of fc1 and fc2", "mJ", "times learning", "10⁶ cycles", "times learning"]
    words = (
        f"The same images, plain gradient descent, counted in its favour; cycles as if {content['multipliers']} "
        "multipliers were busy all the time."
    )
    return table(head, rows, html([words, context.cite("learning_energy")]))
