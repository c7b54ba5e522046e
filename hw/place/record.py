# SPDX-License-Identifier: Apache-2.0
"""One record a placed design: every seed's clocks, the best seed's figures, findings, tables, and what is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from hw.board.boards import DEVICE_PATH
from hw.parts import LOGIC_PS
from hw.place.cells import USED, part_of_board, part_of_device, part_of_module, used_by_part
from hw.place.netlist import Netlist
from hw.place.seeds import CELLS
from hw.place.timing import Timing, findings, read_timing
from spec.errors import InputError
from spec.files import as_json, write_bytes, write_if_changed
from spec.markdown import aligned, markdown_table
from spec.paths import RESULTS
from tools import nextpnr, yosys
from tools.nextpnr import DEVICES, Target

KEPT = RESULTS / "fpga.json"
Row = tuple[str, ...]


def tool() -> str:
    """What made the figures."""
    return f"yosys {yosys.version()} read_slang, synth_ecp5, logic target {LOGIC_PS} ps; {nextpnr.version()}"


def read_seed(directory: Path, seed: int, target: Target) -> tuple[Timing, dict]:
    """Timing and placed cells of a finished seed."""
    place = directory / f"seed_{seed}"
    timing = read_timing(json.loads((place / nextpnr.REPORT).read_text()), target)
    return timing, json.loads((place / CELLS).read_text())


def part_of(netlist: Netlist) -> Callable[[str | None], str]:
    """The part of a netlist that a path belongs to: power domains of the device, instances of a module."""
    if netlist.module:
        return part_of_module(netlist.children)
    return part_of_board(DEVICE_PATH) if netlist.board else part_of_device


def record(
    netlist: Netlist, target: Target, directory: Path, seeds: Mapping[int, str | None], sources: str, flat: bool = False
) -> dict:
    """Everything known about a placed design.

    Args:
        seeds: None for each finished seed, otherwise why there is no result; one at least is finished.
        sources: digest of the hardware.
    """
    done = {seed: read_seed(directory, seed, target) for seed, failure in seeds.items() if failure is None}
    best = max(done, key=lambda seed: done[seed][0].margin)
    timing, placed = done[best]
    part = part_of(netlist)
    said = [why for why in seeds.values() if why] + findings(timing, placed["clocks"], netlist.clock)
    return {
        "design": netlist.design,
        "module": asdict(netlist.module)["module"] if netlist.module else None,
        "board": netlist.board,
        "sources": sources,
        "tool": tool(),
        "device": DEVICES[target.device],
        "package": target.package,
        "grade": target.grade,
        "target_mhz": target.mhz,
        "clock_targets": dict(target.clocks),
        "flat": flat,
        "seeds": {str(seed): {one.name: one.mhz for one in found.clocks} for seed, (found, _) in sorted(done.items())},
        "best_seed": best,
        "clocks": [asdict(one) for one in timing.clocks],
        "crossings": [asdict(one) for one in timing.crossings],
        "paths": [asdict(one) for one in timing.paths],
        "used": {kind: {"used": timing.used.get(kind, 0), "available": timing.available.get(kind, 0)} for kind in USED},
        "parts": used_by_part(placed["cells"], part),
        "findings": said,
    }


# ---- Tables ----------------------------------------------------------------------------------------------------------
def clock_rows(result: Mapping) -> list[Row]:
    """Clocks with the best seed's frequency and the spread over seeds, then crossings."""
    rows: list[Row] = [("clock", "MHz", "target", "seeds, MHz")]
    for one in result["clocks"]:
        spread = sorted(clocks[one["name"]] for clocks in result["seeds"].values() if one["name"] in clocks)
        seeds = f"{spread[0]:.1f} to {spread[-1]:.1f} ({len(spread)})" if len(spread) > 1 else "1 seed"
        rows.append((one["name"], f"{one['mhz']:.1f}", f"{one['target']:g}", seeds))
    for one in result["crossings"]:
        rows.append((f"{one['source']} to {one['sink']}", f"{one['ns']:.2f} ns", f"{one['limit']:.2f} ns", ""))
    return rows


def used_rows(result: Mapping) -> list[Row]:
    """Cells of each part, of everything, and of the device."""
    rows: list[Row] = [("used", *USED.values())]
    for name, cells in result["parts"].items():
        rows.append((name, *(f"{cells.get(kind, 0):,}" for kind in USED)))
    used = result["used"]
    rows.append(("total", *(f"{used[kind]['used']:,}" for kind in USED)))
    return [*rows, (f"of the {result['device']}", *(_percent(used[kind]) for kind in USED))]


def path_rows(result: Mapping) -> list[Row]:
    """The worst paths; the longest of a clock with its start."""
    rows: list[Row] = [("worst paths, ns", "of it wires", "levels", "from", "to")]
    for path in result["paths"]:
        routing = "" if path["routing"] is None else f"{path['routing']:.2f}"
        levels = "" if path["levels"] is None else str(path["levels"])
        rows.append((f"{path['ns']:.2f}", routing, levels, path["start"] or "", path["end"]))
    return rows


def _percent(use: Mapping[str, int]) -> str:
    return f"{100 * use['used'] / use['available']:.1f} %" if use["available"] else "none"


def title(result: Mapping) -> str:
    """One line that says what was placed on what, and for which clocks: it tells kept records apart."""
    alone = f", {result['module']} alone" if result["module"] else ", flat" if result["flat"] else ""
    alone += f", board {result['board']}" if result.get("board") else ""
    clocks = "".join(f", {name} {mhz:g}" for name, mhz in sorted(result["clock_targets"].items()))
    part = f"{result['device']}-{result['grade']} {result['package']}"
    return f"{result['design']}{alone} on {part} for {result['target_mhz']:g} MHz{clocks}"


def terminal(result: Mapping) -> str:
    """Tables of one design for a terminal."""
    head = f"{title(result)}, routed, best of {len(result['seeds'])} seed(s): {result['best_seed']} ({result['tool']})"
    tables = [aligned(clock_rows(result)), aligned(used_rows(result)), aligned(path_rows(result), names=5)]
    return "\n\n".join([head, *tables, "\n".join(f"Differs: {text}." for text in result["findings"])]).rstrip()


def picture_digest(picture: bytes) -> str:
    """What a record says of its floor plan: 16 hex digits."""
    return hashlib.sha256(picture).hexdigest()[:16]


def page(results: Iterable[Mapping], picture: Path) -> str:
    """The page ``docs/results/fpga.md``.

    Args:
        picture: the kept floor plan in docs/images, if there is one; it stands with the record it was drawn from.
    """
    drawn = picture_digest(picture.read_bytes()) if picture.exists() else None
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Place and route",
        "Written by `python scripts/fpga.py --keep`; [what the figures mean](../fpga.md). Each design is that of its "
        "best seed; a module was placed alone between registers.",
    ]
    for result in results:
        tables = clock_rows(result), used_rows(result), path_rows(result)
        parts += [
            f"## {title(result)}\n\nSources {result['sources']}; {result['tool']}; seed {result['best_seed']} of "
            f"{len(result['seeds'])}.",
            f"![{title(result)}: floor plan by power domain](../images/{picture.name})" * (result["picture"] == drawn),
            *(markdown_table(head, rows).rstrip() for head, *rows in tables),
            "\n".join(f"* Differs: {text}." for text in result["findings"]),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def keep(result: Mapping, drawn: bytes, picture: Path) -> None:
    """Write ``docs/results/fpga.{json,md}``, with the other kept designs that are of the same sources and tool.

    Args:
        drawn: its floor plan, to which ``picture`` of the result belongs.
        picture: where the floor plan of a device is kept.

    Raises:
        InputError: of the same design on the same target more seeds are kept.
    """
    old = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    same = ("sources", "tool")
    others = {name: one for name, one in old.items() if all(one[k] == result[k] for k in same)}
    name, count = title(result), len(result["seeds"])
    if name in others and (more := len(others[name]["seeds"])) > count:
        raise InputError(f"{KEPT.name} has {name} with {more} seeds; not replaced by one with {count}")
    kept = dict(sorted({**others, name: dict(result)}.items()))
    if not result["module"]:
        write_bytes(picture, drawn)
    write_if_changed(KEPT, as_json(kept))
    write_if_changed(KEPT.with_suffix(".md"), page(kept.values(), picture))
