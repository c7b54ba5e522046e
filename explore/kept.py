# SPDX-License-Identifier: Apache-2.0
"""Measured points that are kept with the project, and the cost model that is fitted on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from explore.fit import BLOCKS, REGISTERS, SITES, CostModel, Sample, fit, left_out, real, summed
from explore.parts import measured, structures
from explore.points import Point, load_points
from explore.structure import Structure
from hw.gen.digest import digest_of
from spec.errors import InputError
from spec.files import as_json, write_if_changed
from spec.markdown import markdown_table
from spec.paths import RESULTS

KEPT = RESULTS / "costs.json"
_HIDDEN = ("work",)  # attributes of a point that do not describe it


def record(point: Point, row: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a measured point: its description, its cells, and what it was counted to consist of."""
    told = {f.name: getattr(point, f.name) for f in fields(Point) if f.name not in _HIDDEN and getattr(point, f.name)}
    design = point.accelerator()
    made = structures(design)
    parts = [
        {
            "domain": part.domain,
            "name": part.name,
            "cells": {kind: count for kind, count in sorted(cells.items()) if count},
            "sites": dict(sorted((+made[part].all_sites).items())),
            "registers": dict(sorted((+made[part].registers).items())),
            "blocks": made[part].blocks,
        }
        for part, cells in measured(design, row).items()
    ]
    multipliers = [row["total"].get("MULT18X18D", 0), design.folding.multipliers(design.moe)]
    return {"point": told, "sources": row["sources"], "multipliers": multipliers, "parts": parts}


class Counted(Structure):
    """A structure as it was counted when its point was measured."""

    def __init__(self, part: Mapping[str, Any]) -> None:
        super().__init__()
        self.sites.update(part["sites"])
        self.registers.update(part["registers"])
        self._blocks = part["blocks"]

    @property
    def blocks(self) -> int:
        """Block RAMs."""
        return self._blocks


def samples(records: Iterable[Mapping[str, Any]]) -> list[Sample]:
    """The parts of kept points, to fit a model on."""
    found = []
    for kept in records:
        for part in kept["parts"]:
            name = f"{part['domain']}.{part['name']}"
            found.append(Sample(kept["point"]["name"], name, Counted(part), part["cells"]))
    return found


def load(path: Path = KEPT) -> dict[str, Any]:
    """The kept file.

    Raises:
        InputError: there is none, or it is no such file.
    """
    try:
        kept = json.loads(path.read_text())
        return {"tool": kept["tool"], "points": list(kept["points"])}
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: there are no measured points; python scripts/explore.py --points makes them"
        ) from None


def outdated(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of the points that were measured on other hardware than is generated now."""
    return [
        one["point"]["name"] for one in records if digest_of([Point(**one["point"]).accelerator()]) != one["sources"]
    ]


def missing(records: Iterable[Mapping[str, Any]], points: Iterable[Point]) -> list[str]:
    """Names of the points that are described and not kept."""
    there = {one["point"]["name"] for one in records}
    return [point.name for point in points if point.name not in there]


def unknown(model: CostModel, points: Iterable[Point]) -> list[str]:
    """Kinds of bits that the points consist of now and no kept one was counted to have: they count as a cell each."""
    parts = (structure for point in points for structure in structures(point.accelerator()).values())
    return sorted(set().union(*map(model.unknown, parts)))


def about(records: Sequence[Mapping[str, Any]], points: Sequence[Point] | None = None) -> str | None:
    """Sentences if these are not all points, or are older than the hardware.

    Args:
        points: that there should be; None: all that are described.
    """
    points = load_points() if points is None else points
    said = []
    if old := outdated(records):
        said.append(
            f"{len(old)} of the {len(records)} points that cost models are fitted on were synthesised from older "
            "sources."
        )
    if absent := missing(records, points):
        said.append(f"Not synthesised yet: {', '.join(absent)}.")
    if kinds := unknown(fit(samples(records)), points):
        said.append(f"No cost is fitted of {', '.join(kinds)}: a bit of those counts as one cell.")
    return " ".join([*said, "python scripts/explore.py --points --keep measures them."]) if said else None


def state(path: Path = KEPT) -> str | None:
    """The same of the points that are kept."""
    return about(load(path)["points"])


@cache
def cost_model(path: Path = KEPT) -> CostModel:
    """The model fitted on all kept points."""
    return fit(samples(load(path)["points"]))


def model_digest(path: Path = KEPT) -> str:
    """16 hex digits of the measurements that the model is fitted on: what is estimated carries them."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def save(records: Sequence[Mapping[str, Any]], tool: str, sources: str, path: Path = KEPT) -> None:
    """Write the kept file and its page; ``sources`` is the digest of the hardware."""
    write_if_changed(path, as_json({"tool": tool, "sources": sources, "points": list(records)}))
    write_if_changed(path.with_suffix(".md"), page(records, tool, sources))


# ---- Errors of points that the model has not seen -------------------------------------------------------------------
def errors(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, tuple[float, float]]]:
    """Point -> kind of cell -> (measured, estimated by the model fitted without the point)."""
    parts = samples(records)
    models = left_out(parts)
    found = {}
    for name, model in models.items():
        own = [sample for sample in parts if sample.point == name]
        made, told = summed(real(s.cells) for s in own), summed(model.cost(s.structure) for s in own)
        found[name] = {kind: (made[kind], told[kind]) for kind in (SITES, REGISTERS, BLOCKS)}
    return found


@cache
def largest_error(kind: str, path: Path = KEPT) -> float:
    """Of points that a model has not seen, relative."""
    return max(abs(off(point[kind])) for point in errors(load(path)["points"]).values())


def off(measured_and_estimated: tuple[float, float]) -> float:
    """Relative error of an estimate."""
    made, told = measured_and_estimated
    return told / made - 1 if made else 0.0


def rows(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Heading, points, worst and mean error."""
    kinds = (SITES, REGISTERS, BLOCKS)
    table = [("point", *(cell for kind in kinds for cell in (kind, "estimated", "error")), "multipliers", "counted")]
    found = errors(records)
    for kept in records:
        name = kept["point"]["name"]
        cells = []
        for kind in kinds:
            made, told = found[name][kind]
            cells += [f"{made:,.0f}", f"{told:,.0f}", f"{100 * off((made, told)):+.1f} %"]
        table.append((name, *cells, *(str(count) for count in kept["multipliers"])))
    for title, of in (("largest error", max), ("mean error", lambda values: sum(values) / len(values))):
        spread = [of([abs(off(point[kind])) for point in found.values()]) for kind in kinds]
        table.append((title, *(cell for value in spread for cell in ("", "", f"{100 * value:.1f} %")), "", ""))
    return table


def page(records: Sequence[Mapping[str, Any]], tool: str, sources: str) -> str:
    """The page ``docs/results/costs.md``; ``sources`` is the digest of the hardware."""
    head, *lines = rows(records)
    model = fit(samples(records))
    kinds = sorted({*model.sites, *model.registers})
    costs = [[kind, *(str(of.get(kind, "")) for of in (model.sites, model.registers))] for kind in kinds]
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Cost models",
        f"Written by `python scripts/explore.py --points --keep`; {tool}. Sources {sources}. What each model means "
        "stands in [explore](../explore.md#cost-models). Each point is a whole device of "
        "`configs/explore/points.toml`, estimated by the model that was fitted on the **other** points. Block RAMs and "
        "multipliers are not fitted, they are counted by rule.",
        *([old] if (old := about(records)) else []),
        markdown_table(head, lines).rstrip(),
        "## What a counted bit costs\n\nFitted on all points.",
        markdown_table(["bits", "LUT4 sites", "flip-flops"], costs).rstrip(),
    ]
    return "\n\n".join(parts) + "\n"
