# SPDX-License-Identifier: Apache-2.0
"""The figures at the top of the page, each with what it is taken from, and the sums that sections share with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from golden import paper_tables
from report.context import Context
from report.markup import MISSING, THIN, Html, html, number, percent, points
from spec.presets import DEFAULT_GATE
from spec.resources import GLOBAL, PERSONAL

GATE = DEFAULT_GATE
REFERENCE = ("GE_ONLY", "generic")  # the case that is 100 %
LOCAL = ("MOE_GATED", "local")


@dataclass(frozen=True)
class KeyFigure:
    """``value`` large, ``detail`` below it, ``cited``: keys of the evidence."""

    key: str
    name: str
    value: Html
    detail: Html
    cited: tuple[str, ...]


def mean(rows: list[dict], column: str) -> float:
    """Mean of a column over the users."""
    return float(np.mean([row[column] for row in rows]))


def switching(case: dict) -> dict | None:
    """Second proxy of a case, None when there is none."""
    return (case.get("switching") or {}).get("proxy")


def local_shares(context: Context) -> dict[str, float | None] | None:
    """A local image in MOE_GATED by a generic one in GE_ONLY: ``ON_CHIP``, ``GE_DRAM`` and ``switching``."""
    content = context.get("proxies")
    if content is None:
        return None
    cases = {(case["mode"], case["kind"]): case for case in content["cases"]}
    local, whole = cases[LOCAL], cases[REFERENCE]
    shares = {name: local["energy"][name]["total"] / whole["energy"][name]["total"] for name in ("ON_CHIP", "GE_DRAM")}
    parts = [switching(case) for case in (local, whole)]
    return {**shares, "switching": parts[0]["total"] / parts[1]["total"] if all(parts) else None}


def overheads(content: dict) -> dict[str, float]:
    """LE and GN by front end and GE, for each quantity of which these have any."""
    quantities = (
        ("weights (one user)", "counted", "weights"),
        ("products", "counted", "macs"),
        ("LUT4 sites", "cells", "lut4_sites"),
        ("flip-flops", "cells", "TRELLIS_FF"),
        ("block RAM", "cells", "DP16KD"),
        ("multipliers", "cells", "MULT18X18D"),
    )
    shares = {}
    for name, part, key in quantities:
        personal, whole = (sum(content[part][domain].get(key, 0) for domain in names) for names in (PERSONAL, GLOBAL))
        if whole:
            shares[name] = personal / whole
    return shares


def compared_outputs(compared: dict) -> tuple[int, int]:
    """Differing outputs (an image's layer or field) of the RTL, and how many were compared, over all modes."""
    wrong = sum(sum(mode["mismatches"].values()) for mode in compared["modes"].values())
    fields = sum(len(mode["mismatches"]) for mode in compared["modes"].values())
    return wrong, fields * compared["images"]


def gated_rows(context: Context) -> dict[str, dict] | None:
    """Rows of the MOE_GATED table, by the name of the images."""
    content = context.get("gated")
    return {name: row for name, row in content.items() if isinstance(row, dict)} if content else None


def gated_users(context: Context) -> dict[str, dict]:
    """Those that are about one user's own images."""
    rows = gated_rows(context) or {}
    return {name: row for name, row in rows.items() if name.removeprefix("user ").isdigit()}


def _accuracy(context: Context) -> KeyFigure:
    tables, key = context.table_2()
    value = MISSING
    if tables:
        value = html([percent(mean(tables[GATE], "ge")), " → ", percent(mean(tables[GATE], "overall"))])
    before, after = (percent(paper_tables.TABLE_2_MEAN[column] / 100) for column in ("ge", "overall"))
    detail = html(["users' images, GE alone → MoE. Paper: ", before, " → ", after, ", on its own users"])
    return KeyFigure("accuracy", "Right answers, personalized", value, detail, (key, "paper"))


def _loss(context: Context) -> KeyFigure:
    tables, key = context.table_2()
    value = MISSING
    if tables:
        rows = tables[GATE]
        value = html([points(mean(rows, "generic_overall") - mean(rows, "generic_ge")), f"{THIN}points"])
    printed = (paper_tables.TABLE_2_MEAN["generic_overall"] - paper_tables.GE_ON_EMNIST) / 100
    detail = html(["on EMNIST, MoE minus GE alone. Paper: ", points(printed)])
    return KeyFigure("loss", "Price on generic images", value, detail, (key, "paper"))


def _energy(context: Context) -> KeyFigure:
    shares = local_shares(context)
    value, detail = MISSING, html("an image that the LE answers in MOE_GATED, by GE_ONLY")
    if shares:
        value = html([percent(shares["ON_CHIP"], 1), " of GE_ONLY"])
        by_switching = percent(shares["switching"], 1)
        paper = percent(1 + paper_tables.TABLE_3["total"] / 100)
        detail = html(["by counted operations, weights on chip; by switching ", by_switching, ". Paper's MoE: ", paper])
    return KeyFigure("energy", "Energy proxy of a local image", value, detail, ("proxies", "paper"))


def _cycles(context: Context) -> KeyFigure:
    compared, users = context.get("compare"), gated_users(context)
    value, parts, cited = MISSING, ["GE_ONLY → LE_ONLY"], ["compare"]
    if compared:
        ge, le = (compared["modes"][mode]["cycles_per_image"] for mode in ("GE_ONLY", "LE_ONLY"))
        value = html([number(ge), " → ", number(le)])
    if users:
        cited.append("gated")
        cycles = [row["cycles"] for row in users.values()]
        parts += ["; MOE_GATED on users' images ", number(min(cycles)), " to ", number(max(cycles))]
    parts.append("; an image has 784 pixels, one a cycle")
    return KeyFigure("cycles", "Clock cycles an image", value, html(parts), tuple(cited))


def _resources(context: Context) -> KeyFigure:
    content = context.get("resources")
    paper = percent(paper_tables.TABLE_3["size"] / 100)
    value, detail = MISSING, html(["LE and GN over front end and GE. Paper, weights: ", paper])
    if content:
        shares = overheads(content)
        value = html([percent(shares["LUT4 sites"], 1), " of LUTs"])
        others = ((key, shares[key], 2 if key.startswith("weights") else 1) for key in shares if key != "LUT4 sites")
        listed = [html([f"{key} ", percent(share, digits), ", "]) for key, share, digits in others]
        detail = html(["LE and GN over front end and GE; ", *listed, "paper's weights ", paper])
    return KeyFigure("resources", "Hardware of the personal part", value, detail, ("resources", "paper"))


def _exact(context: Context) -> KeyFigure:
    compared, gated = context.get("compare"), gated_rows(context)
    value, parts, cited = MISSING, ["RTL against the integer model"], ["compare"]
    if compared:
        wrong, outputs = compared_outputs(compared)
        value = html([number(wrong), " mismatches"])
        about = f" outputs of layers and result fields ({compared['images']:,} images, {len(compared['modes'])} modes)"
        parts = ["RTL against the integer model in ", number(outputs), about]
    if gated:
        cited.append("gated")
        wrong, images = (sum(row[key] for row in gated.values()) for key in ("wrong", "images"))
        parts += ["; ", number(wrong), " of ", number(images), " answers of the device in MOE_GATED differ"]
    return KeyFigure("exact", "Bit-exactness", value, html(parts), tuple(cited))


KEY_FIGURES: tuple[Callable[[Context], KeyFigure], ...] = (_accuracy, _loss, _energy, _cycles, _resources, _exact)
