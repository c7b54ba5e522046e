# SPDX-License-Identifier: Apache-2.0
"""Accuracy: plots, and the paper's Table 2 beside ours."""

from __future__ import annotations

from golden import paper_tables
from report.context import Context, Section
from report.evidence import is_synthetic
from report.figures import accuracy as plots
from report.key_figures import GATE, mean
from report.markup import Html, code, figure, grid, html, paragraph, per_cent, percent, table, tag

COLUMNS = ("ge", "le", "gn", "overall", "le_where_ge_wrong", "generic_overall")
_HEAD = ("user", "GE", "LE", "GN", "overall", "LE where GE is wrong", "EMNIST overall")
_GATES = {GATE: "hidden layers and the LE's confidence", "paper": "one linear layer, as the paper's"}
_OTHERS = {"harris": "[7]", "fine_tuning": "fine-tuning"}
_PAPER_MODELS = {"moe": ("MoE", "MoE"), "harris": ("[7]", "[7]"), "fine_tuning": ("fine-tuning", "fine-tuning")}


def section(context: Context) -> Section:
    """Plots first, then the table, then what the data at hand say."""
    parts = [_plots(context), _table_2(context), _data_at_hand(context)]
    return Section("accuracy", "Accuracy", html(parts))


def _plots(context: Context) -> Html:
    tables, key = context.table_2()
    if not tables:
        return html("")
    rows, printed = tables[GATE], paper_tables.TABLE_2_MEAN
    columns = [[100 * row[key] for row in rows] for key in ("ge", "overall")]
    ranges = [f"{min(column):.0f} to {max(column):.0f} %" for column in columns]
    alt = (
        f"For each of {len(rows)} users two points joined by a line: right answers of the GE alone, {ranges[0]}, and "
        f"of the personalized MoE, {ranges[1]}. The paper's means, {printed['ge']} and {printed['overall']} %, as "
        "horizontal lines."
    )
    gains = sum(row["overall"] > row["ge"] for row in rows)
    caption = html([f"{gains} of {len(rows)} users gain; gate preset ", code(GATE), ".", context.cite(key, "paper")])
    means = (printed["ge"] / 100, printed["overall"] / 100)
    return grid(figure(plots.users(rows, means), alt, caption), _trade(context, tables, key))


def _trade(context: Context, tables: dict, key: str) -> Html:
    cited = [key, "paper"]
    found = [("ours: GE alone", "GE", False, mean(tables[GATE], "generic_ge"), mean(tables[GATE], "ge"))]
    for gate, kind in (("paper", "linear gate"), (GATE, "MoE")):
        rows = tables[gate]
        found.append((f"ours: MoE, gate {gate}", kind, False, mean(rows, "generic_overall"), mean(rows, "overall")))
    for row in (context.get("table4") or {"rows": []})["rows"]:
        if row["model"] in _OTHERS and row["after_customised"] is not None:
            cited = [key, "paper", "table4"]
            name = _OTHERS[row["model"]]
            found.append((f"ours: {name}", name, False, row["after_emnist"], row["after_customised"]))
    printed = paper_tables.TABLE_2_MEAN
    found.append(("paper: GE alone", "GE", True, paper_tables.GE_ON_EMNIST / 100, printed["ge"] / 100))
    for row in paper_tables.TABLE_4:
        name, kind = _PAPER_MODELS[row["model"]]
        found.append((f"paper: {name}", kind, True, row["after_emnist"] / 100, row["after_customised"] / 100))
    alt = "Accuracy on users' images over accuracy on generic images: " + "; ".join(
        f"{name} {100 * own:.1f} % at {100 * generic:.1f} %" for name, _, _, generic, own in found
    )
    caption = ["Filled: ours; open: the paper's, on other handwriting. Top right is best.", context.cite(*cited)]
    return figure(plots.trade(found), alt, html(caption))


def _table_2(context: Context) -> Html:
    tables, key = context.table_2()
    if not tables:
        return context.missing("table2")
    text = paragraph(
        "In per cent. All columns but the last are on the user's own test images; GN is how many of them the gate ",
        "sends to the local expert. The paper's users and its EMNIST split are others than ours: the tables stand ",
        "beside each other, not against each other. Alone on EMNIST our GE has ",
        percent(mean(tables[GATE], "generic_ge")),
        ", the paper's ",
        percent(paper_tables.GE_ON_EMNIST / 100),
        ".",
    )
    ours = {gate: _ours(context, tables[gate], gate, key) for gate in _GATES}
    printed = [[row["user"], *(f"{row[column]:.2f}" for column in COLUMNS)] for row in paper_tables.TABLE_2]
    printed.append(["mean", *(f"{paper_tables.TABLE_2_MEAN[column]:.2f}" for column in COLUMNS)])
    paper = table(_HEAD, printed, html(["The paper's", context.cite("paper")]), last=True)
    return html([tag("h3", "Table 2: accuracy of the parts"), text, grid(ours[GATE], paper, ours["paper"])])


def _ours(context: Context, table_rows: list[dict], gate: str, key: str) -> Html:
    rows = [[row["user"], *(per_cent(row[column]) for column in COLUMNS)] for row in table_rows]
    rows.append(["mean", *(per_cent(mean(table_rows, column)) for column in COLUMNS)])
    caption = html(["Ours, gate ", code(gate), f": {_GATES[gate]}", context.cite(key)])
    return table(_HEAD, rows, caption, last=True)


def _data_at_hand(context: Context) -> Html:
    """Live figures on built-in data, or how live figures compare with the kept ones."""
    here, kept = context.get("accuracy"), context.get("table2")
    if here is None:
        return context.missing("accuracy")
    if is_synthetic(here):
        note = paragraph(
            tag("strong", "Built-in synthetic handwriting. "),
            "No data were given (EMNIST_DIR, USERS_NPZ), so this table shows that the chain runs, not how well it ",
            "reads: the banks were trained on other people's handwriting.",
            class_="note",
        )
        return html([tag("h3", "The data at hand"), note, _ours(context, here[GATE], GATE, "accuracy")])
    if not kept:
        return html("")
    gaps = [
        abs(a[column] - b[column])
        for gate in _GATES
        for a, b in zip(here[gate], kept[gate], strict=False)
        for column in COLUMNS
    ]
    gap = max(gaps, default=0.0)
    words = "are those kept in the repository" if gap == 0 else f"differ from the kept ones by up to {100 * gap:.2f}"
    where = f"{here['data']['generic']} and {here['data']['users']}"
    return paragraph(f"On {where} the figures {words}.", context.cite("accuracy", "table2"))
