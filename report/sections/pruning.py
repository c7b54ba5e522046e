# SPDX-License-Identifier: Apache-2.0
"""Oracle pruning: what the loss just after pruning tells, and fewer inputs of the local experts."""

from __future__ import annotations

from report.context import Context, Section
from report.markup import Html, html, number, paragraph, per_cent, points, table, tag

_PARTS = {"le": "inputs of the LE", "ge": "units of the GE's first dense layer"}
_OUTCOMES = {
    "retrained": "loss after retraining, images learned from",
    "held_out": "loss after retraining, held-out training images",
    "held_out_error": "error after retraining, held-out training images",
}
_RULES = {
    "pruned": "loss just after pruning",
    "retrained": "loss after retraining",
    "weights": "weights times mean input",
}


def section(context: Context) -> Section:
    """Correlations, candidates, and what the chosen one costs on test images."""
    content = context.get("pruning")
    body = _body(context, content) if content else context.missing("pruning")
    return Section("pruning", "Oracle pruning", body)


def _body(context: Context, content: dict) -> Html:
    return html(
        [
            _correlations(context, content),
            tag("h3", "Fewer inputs of the LE"),
            _inputs(context, content),
            _cost(content),
        ]
    )


def _correlations(context: Context, content: dict) -> Html:
    rows = []
    for part, found in content["correlations"].items():
        for key, shown in _OUTCOMES.items():
            cells = [f"{one['mean']:.2f}" if one else None for one in (found.get(key), found.get(f"{key}_alike"))]
            rows.append([_PARTS[part], shown, *cells])
    words = (
        "Kendall's rank correlation (tau-b) of the loss just after pruning with what it is to tell, mean over "
        f"{len(content['users'])} users. As many: among prunings that remove as many of the same kind."
    )
    caption = html([words, context.cite("pruning")])
    return table(["random prunings of", "against", "all pairs", "as many"], rows, caption, text_columns=2)


def _inputs(context: Context, content: dict) -> Html:
    rows = [_row("nothing", "", content["unpruned"])]
    rows += [_row(f"{len(one['removed'])} {one['kind']}", _RULES[one["rule"]], one) for one in content["candidates"]]
    head = ["without", "by", "held-out training images", "cycles", "weight memory (bits)", "block RAMs", "multipliers"]
    caption = html(
        [
            f"First layer of the LE of preset {content['gate']}, folding {content['folding']}, all banks: by formula, "
            "not synthesised. Accuracy in per cent.",
            context.cite("pruning"),
        ]
    )
    return table(head, rows, caption, text_columns=2)


def _row(what: str, rule: str, one: dict) -> list[object]:
    figures = [number(one[key]) for key in ("cycles", "bits", "block_rams", "multipliers")]
    return [what, rule, per_cent(one["accuracy"]), *figures]


def _cost(content: dict) -> Html:
    best, test = content["chosen"], content["test"]
    limit = f"{100 * content['tolerance']:.1f} points"
    if best is None:
        return paragraph(f"None loses at most {limit} on training images, so nothing is pruned.")
    words: list[object] = [f"Chosen on training images, at most {limit} lost: without {len(best['removed'])} "]
    words += [f"{best['kind']}, by {_RULES[best['rule']]}. On test images, in points:"]
    for key, name in (("le", "LE alone"), ("overall", "users"), ("generic_overall", "EMNIST")):
        words += [f" {name} ", points(test["pruned"][key] - test["unpruned"][key]), ";"]
    return paragraph(*words[:-1], ".")
