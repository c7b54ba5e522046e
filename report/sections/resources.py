# SPDX-License-Identifier: Apache-2.0
"""What the device takes of the FPGA, by power domain and layer."""

from __future__ import annotations

from golden import paper_tables
from report.context import Context, Section
from report.figures import resources as plots
from report.figures.resources import CAPACITY, KINDS
from report.figures.style import DOMAINS
from report.key_figures import overheads
from report.markup import Html, figure, grid, html, number, percent, table, tag
from spec.resources import GLOBAL, PERSONAL

_COUNTED = {
    "weights": "weights",
    "macs": "MACs an image",
    "lane_macs": "with idle lanes",
    "weight_memory_bits": "bits of weight memory",
    "buffer_bits": "bits of buffers",
    "multipliers": "multipliers",
}


def section(context: Context) -> Section:
    """Plots, the table by domain, by layer, and sizes by counting."""
    content = context.get("resources")
    if not content:
        return Section("resources", "Resources", context.missing("resources"))
    figures = grid(_device(context, content), _overhead(context, content))
    parts = [figures, _domains(context, content), _layers(context, content), _counted(context, content)]
    return Section("resources", "Resources", html(parts))


def _device(context: Context, content: dict) -> Html:
    capacity = content["device"]
    used = [
        f"{name} {100 * content['total'].get(key, 0) / capacity[CAPACITY[key]]:.0f} %" for key, name in KINDS.items()
    ]
    alt = f"Share of an {capacity['name']} by power domain, in all: {', '.join(used)}"
    caption = html([f"{content['tool']}, before placement.", context.cite("resources")])
    return figure(plots.device(content["cells"], capacity), alt, caption)


def _overhead(context: Context, content: dict) -> Html:
    ratios, paper = overheads(content), paper_tables.TABLE_3["size"] / 100
    alt = "LE and GN over front end and GE: " + ", ".join(f"{name} {100 * s:.1f} %" for name, s in ratios.items())
    words = (
        f"The paper counts weights, {100 * paper:.2f} % with its linear gate. In hardware two banks of loadable 8-bit "
        "weights stand beside a GE of constants of 3 to 6 bits."
    )
    return figure(plots.overhead(ratios, paper), alt, html([words, context.cite("resources", "paper")]))


def _row(name: object, part: dict) -> list[object]:
    return [name, *(number(part.get(key, 0)) for key in KINDS)]


def _domains(context: Context, content: dict) -> Html:
    cells, capacity, total = content["cells"], content["device"], content["total"]
    rows = [_row(name, cells[domain]) for domain, (_, _, name) in DOMAINS.items()]
    rows.append(_row("total", total))
    rows.append([capacity["name"], *(number(capacity[CAPACITY[key]]) for key in KINDS)])
    rows.append(["used", *(percent(total.get(key, 0) / capacity[CAPACITY[key]], 1) for key in KINDS)])
    shares = []
    for key in KINDS:
        personal, whole = (sum(cells[domain].get(key, 0) for domain in names) for names in (PERSONAL, GLOBAL))
        shares.append(percent(personal / whole, 1) if whole else "")
    rows.append(["LE and GN over front end and GE", *shares])
    caption = html([content["tool"], context.cite("resources")])
    return html([tag("h3", "Cells by power domain"), table(["domain", *KINDS.values()], rows, caption)])


def _layers(context: Context, content: dict) -> Html:
    layers = content.get("layers")
    if not layers:
        return html("")
    rows = [_row(name, part) for name, part in layers.items()]
    caption = html(["The rest of a domain is pooling, queues and control.", context.cite("resources")])
    return html([tag("h3", "Cells by layer"), table(["layer", *KINDS.values()], rows, caption)])


def _counted(context: Context, content: dict) -> Html:
    counted = content["counted"]
    rows = [[DOMAINS[name][2], *(number(part.get(key, 0)) for key in _COUNTED)] for name, part in counted.items()]
    caption = html(["From specification and folding alone.", context.cite("resources")])
    return html([tag("h3", "Sizes by counting"), table(["domain", *_COUNTED.values()], rows, caption)])
