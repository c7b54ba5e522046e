# SPDX-License-Identifier: Apache-2.0
"""Verilog of a netlist, with a model of every cell in it: those of Yosys, and those of ``hw/cells``."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from hw.cells import CELLS
from hw.place.netlist import Netlist
from spec.errors import CheckFailed
from spec.files import locked, new_directory, write_text
from tools.manifest import read_manifest
from tools.mutants import Replacement
from tools.yosys import run_yosys, simulation_cells

OWN = tuple(CELLS / f"{name}.sv" for name in read_manifest(CELLS)["netlist"])
VERILOG, FROM_YOSYS = "netlist.v", "yosys_cells.v"
_MODULE = re.compile(r"^module +(\\\S+|\w+)", re.M)


def verilog(found: Netlist) -> Path:
    """The netlist as Verilog, written by Yosys from the file that is placed; made once and kept beside it."""
    kept = found.path.parent / "verilog"
    with locked(kept.with_suffix(".lock")):
        if not kept.is_dir():
            with new_directory(kept) as staging:
                # Yosys sees only the directory it runs in.
                (staging / found.path.name).hardlink_to(found.path)
                run_yosys(staging, f"read_json {found.path.name}; write_verilog -noattr {VERILOG}")
                (staging / found.path.name).unlink()
                write_text(staging / FROM_YOSYS, simulation_cells())
    return kept / VERILOG


def netlist_sources(found: Netlist, change: Replacement | None = None) -> list[Path]:
    """Everything to simulate the netlist: models of cells first.

    Args:
        change: of the netlist's Verilog: a defect.

    Raises:
        CheckFailed: a cell has no model.
        InputError: the text to change does not occur exactly once.
    """
    path = verilog(found)
    text = path.read_text()
    check_cells(found, [*OWN, path.with_name(FROM_YOSYS)])
    if change:
        text = change.applied(text)
        path = path.parents[1] / f"changed_{hashlib.sha256(text.encode()).hexdigest()[:16]}" / VERILOG
        if not path.exists():
            write_text(path, text)
    return [*OWN, verilog(found).with_name(FROM_YOSYS), path]


def cell_types(found: Netlist) -> dict[str, int]:
    """How many cells of each type the netlist has, without its own modules."""
    modules = json.loads(found.path.read_text())["modules"]
    own = {name: one for name, one in modules.items() if not {"blackbox", "whitebox"} & set(one["attributes"])}
    kinds = Counter(cell["type"] for one in own.values() for cell in one.get("cells", {}).values())
    return {kind: count for kind, count in sorted(kinds.items()) if kind not in own and kind != "$scopeinfo"}


def check_cells(found: Netlist, models: Iterable[Path]) -> None:
    """Every cell of the netlist has a model.

    Raises:
        CheckFailed: one has none.
    """
    known = {name.removeprefix("\\") for path in models for name in _MODULE.findall(path.read_text())}
    if missing := sorted(set(cell_types(found)) - known):
        raise CheckFailed(f"{found.design}: no model of the cells {', '.join(missing)}")
