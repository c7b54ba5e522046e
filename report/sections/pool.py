# SPDX-License-Identifier: Apache-2.0
"""The pool of experts: a bank for any groups of classes, put together without training."""

from __future__ import annotations

import numpy as np

from report.context import Context, Section
from report.markup import Html, html, paragraph, per_cent, points, table


def section(context: Context) -> Section:
    """Accuracy beside training from scratch, and time from query to answer."""
    content = context.get("pool")
    body = _body(context, content) if content else context.missing("pool")
    return Section("pool", "A pool of experts: banks without training", body)


def _body(context: Context, content: dict) -> Html:
    times = {row["query"]: row for row in content["times"] or ()}
    rows = []
    for row in content["rows"]:
        mean = {name: float(np.mean(row[name])) for name in ("pool", "scratch", "slice")}
        total = times.get(row["query"], {}).get("total")
        rows.append(
            [
                row["query"],
                row["classes"],
                per_cent(row["ge"]),
                per_cent(mean["scratch"]),
                per_cent(mean["pool"]),
                points(mean["pool"] - mean["scratch"]),
                per_cent(mean["slice"]),
                None if total is None else f"{1000 * total:.0f}",
            ]
        )
    head = ["query", "classes", "GE", "LE from scratch", "pool", "difference", "slices", "first answer after (ms)"]
    caption = html(
        [
            f"Accuracy in per cent on EMNIST test images of the query's classes, mean of {content['seeds']} seeds; "
            "times on the open simulated device.",
            context.cite("pool"),
        ]
    )
    words = (
        "Output rows of each group of classes were distilled from the GE once; a query is answered by the rows of its "
        "groups side by side on a shared hidden layer. Slices are the rows of that layer's own training."
    )
    return html([paragraph(words), table(head, rows, caption)])
