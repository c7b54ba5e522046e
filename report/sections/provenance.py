# SPDX-License-Identifier: Apache-2.0
"""Where every number comes from, and how to get it again."""

from __future__ import annotations

from report.context import Context, Section
from report.evidence import State
from report.markup import Html, bullets, code, html, paragraph, table, tag

_STATES = {
    State.NOW: "by this call of make report",
    State.HERE: "by an earlier command on this machine, on these very sources",
    State.KEPT: "in the repository, measured on these very sources",
    State.OTHER: "its sources have changed since; both digests are given",
    State.UNRECORDED: "by a version of the command that did not write down the sources",
    State.MISSING: "nothing is shown in its place",
}
_LIMITS = (
    "Nothing here was measured on an FPGA: cycles are of the simulated RTL, cells of open synthesis before placement.",
    "Cycles are no seconds: placed on an ECP5-85, the device is estimated far below 100 MHz (README.md).",
    "Energy is given by proxies; nothing was measured with a meter.",
    "Reference [7] is built from a description of two sentences: its layers are ours, only its size is the paper's.",
    "The training recipe was developed with test figures in view (models/README.md): accuracies are not a blind test.",
)


def section(context: Context) -> Section:
    """The table of evidence, this run, and what is not shown."""
    limits = html([tag("h3", "What is not shown"), bullets(_LIMITS)])
    parts = [_evidence(context), _steps(context), limits]
    return Section("provenance", "How each number was obtained", html(parts))


def _evidence(context: Context) -> Html:
    rows = []
    for number, row in enumerate(context.evidence, 1):
        name = tag("span", number, id=f"from-{row.key}", class_=f"from {row.state.short}")
        state = html([_state(row.state), f": {row.note}" if row.note else ""])
        rows.append([name, row.what, state, code(row.command) if row.command else "", code(row.file)])
    words = paragraph(
        "Each small number in this page leads to a row of this table. Commands run from the repository's root after ",
        code("make setup"),
        "; for real data set ",
        code("EMNIST_DIR"),
        " and ",
        code("USERS_NPZ"),
        ". State of the hardware's sources (RTL, generators, configurations, GE): ",
        code(context.digest),
        "; trained banks and the code of training and models are not part of it.",
    )
    head = ["", "numbers", "state", "command", "file"]
    states = bullets(html([_state(state), f": {text}"]) for state, text in _STATES.items())
    return html([words, table(head, rows, text_columns=5), states])


def _state(state: State) -> Html:
    return tag("span", state.words, class_=f"state {state.short}")


def _steps(context: Context) -> Html:
    if not context.steps:
        return paragraph("This page was made without new measurements (", code("--quick"), ").")
    rows = []
    for step in context.steps:
        result = tag("span", "FAILED" if step.problem else "ok", class_="bad" if step.problem else "good")
        rows.append([code(step.command), result, f"{step.seconds:.0f}"])
    title = tag("h3", "This run")
    return html([title, table(["command", "verdict", "seconds"], rows, "Two lanes side by side.", text_columns=2)])
