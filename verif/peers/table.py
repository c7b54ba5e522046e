# SPDX-License-Identifier: Apache-2.0
"""What a run of the benchmark says: rows, ratios of that run, targets, and published figures beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAME = "bench"
PUBLISHED = Path(__file__).with_name("published.json")
LICENCE = "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
TARGETS = {"NNgen default": 75.0, "NNgen tuned": 13.0}
"""How many times the cycles of this project a peer is to take, at least."""

MULTIPLIERS = 1.5  # of the peer's multipliers so many times, at most
_CELLS = {"lut4": "LUT4 sites", "ff": "flip-flops", "ebr": "EBR", "mult18": "MULT18X18D"}


def ratios(row: dict[str, Any], ours: dict[str, Any]) -> dict[str, float]:
    """A peer's cycles by ours, our multipliers by the peer's, and cycles times multipliers by ours."""
    cycles, multipliers = row["cycles"] / ours["cycles"], ours["multipliers"] / row["multipliers"]
    return {
        "cycles": cycles,
        "latency": row["latency"] / ours["latency"],
        "multipliers": multipliers,
        "cycles_times_multipliers": cycles / multipliers,
    }


def record(rows: Sequence[dict[str, Any]], ours: str, about: dict[str, Any]) -> dict[str, Any]:
    """The result as plain data; ``findings`` are sentences of what differs or misses its target.

    Args:
        rows: of :func:`verif.peers.bench.run`.
        ours: name of this project's row.
    """
    own = next(row for row in rows if row["name"] == ours)
    findings = [f"{row['name']}: {row['differing']} of {row['compared']} images differ from {row['against']}"
                for row in rows if row.get("differing")]  # fmt: skip
    findings += [f"{ours}: {own['failed']}"] if "failed" in own else []
    done = []
    for row in rows:
        row = dict(row)
        if row["name"] in TARGETS and "failed" not in row and "failed" not in own:
            row["ratios"] = found = ratios(row, own)
            wanted = TARGETS[row["name"]]
            if found["cycles"] < wanted:
                findings.append(
                    f"{row['name']}: {found['cycles']:.1f} times our cycles, {TARGETS[row['name']]:g} wanted"
                )
            if found["multipliers"] > MULTIPLIERS:
                findings.append(f"{row['name']}: we have {found['multipliers']:.2f} times its multipliers")
        done.append(row)
    targets = {"cycles": TARGETS, "multipliers": MULTIPLIERS}
    return {**about, "targets": targets, "findings": findings, "rows": done, "published": published()}


def published() -> list[dict[str, Any]]:
    """Figures of others, with source."""
    return json.loads(PUBLISHED.read_text())


def as_markdown(result: dict[str, Any]) -> str:
    """The tables for people."""
    head = ("", "what runs", "cycles an image", "latency, cycles", "multipliers", *_CELLS.values(), "images/s",
            "right, %", "differ from its model", "lines a user writes", "needs")  # fmt: skip
    lines = [_line(row) for row in result["rows"] if "failed" not in row]
    data = result["data"]
    parts = [
        f"{LICENCE}# Beside others\n\n{data['name']}, {data['images']} images; design `{result['design']}`. Peers were "
        "generated in this run and simulated by the same Verilator, one model on one thread; cells by the same Yosys, "
        "before placement. Accuracy is over all images by each peer's own model, which its RTL is compared with on the "
        "first of them.\n",
        f"| {' | '.join(head)} |\n{'|---' * len(head)}|\n" + "\n".join(lines) + "\n",
        *(f"{row['name']} could not be measured: {row['failed']}.\n" for row in result["rows"] if "failed" in row),
        *(f"Cells of {row['name']} are missing: {row['no_cells']}.\n" for row in result["rows"] if "no_cells" in row),
        *map(_ratio, (row for row in result["rows"] if "ratios" in row)),
        *(f"**{text}.**\n" for text in result["findings"]),
        "## Published, not measured here\n\nOther networks, data, devices and arithmetic: for orientation.\n",
        "| | device | images/s | latency, us | right, % | source |\n|---|---|---|---|---|---|\n"
        + "\n".join(map(_published, result["published"])),
        f"\nReproduce: `{result['command']}`.\n",
    ]
    return "\n".join(parts)


def _line(row: dict[str, Any]) -> str:
    cells = row.get("cells") or {}
    differ = f"{row['differing']} of {row['compared']} ({row['against']})"
    figures = [_number(row.get(key)) for key in ("cycles", "latency", "multipliers")]
    figures += [_number(cells.get(key)) for key in _CELLS]
    rest = [_number(row["images_per_second"], 3), _share(row["accuracy"]), differ, _number(row.get("lines"))]
    return f"| {' | '.join([row['name'], row['what'], *figures, *rest, row['needs']])} |"


def _ratio(row: dict[str, Any]) -> str:
    found = row["ratios"]
    return (
        f"{row['name']} takes {found['cycles']:.1f} times our cycles an image ({found['latency']:.1f} times the "
        f"latency), and we have {found['multipliers']:.2f} times its multipliers: multiplier for multiplier it takes "
        f"{found['cycles_times_multipliers']:.1f} times as long.\n"
    )


def _published(row: dict[str, Any]) -> str:
    figures = [_number(row["images_per_second"]), _number(row["latency_us"], 2), _share(row["accuracy"])]
    return f"| {' | '.join([row['name'], row['device'] or '-', *figures, row['source']])} |"


def _number(value: float | None, digits: int | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) or value >= 100 or digits is None else f"{value:.{digits}g}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"
