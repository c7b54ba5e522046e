# SPDX-License-Identifier: Apache-2.0
"""Verilog of a netlist, with a model of every cell in it: those of Yosys, and those of ``hw/cells``.

An instance for each of tens of thousands of cells is more than Verilator digests in reasonable time. So Yosys puts the
models of the simple cells in their places, and makes one module of wires of one bit: what is a loop only between the
bits of a vector would be iterated. No cell is optimised away; those that nobody reads are left out.
"""

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
from verif.netlist.routed import PACKED, PACKED_MEMORY

OWN = tuple(CELLS / f"{name}.sv" for name in read_manifest(CELLS)["netlist"])
VERILOG, FROM_YOSYS = "netlist.v", "yosys_cells.v"
IN_PLACE = ("CCU2C", "L6MUX21", "PFUMX", "TRELLIS_FF")  # models of Yosys that stand in the place of their cells
INSTANCES = ("TRELLIS_DPR16X4",)  # and those that do not: a memory
# Yosys' models choose bit by bit, eight operations for what is one; a test proves that these do the same.
LUTS = r"""
module LUT2(input A, B, output Z);
  parameter [3:0] INIT = 4'h0;
  \$lut #(.WIDTH(2), .LUT(INIT)) lut (.A({B, A}), .Y(Z));
endmodule
module LUT4(input A, B, C, D, output Z);
  parameter [15:0] INIT = 16'h0000;
  \$lut #(.WIDTH(4), .LUT(INIT)) lut (.A({D, C, B, A}), .Y(Z));
endmodule
"""
_MODULE = re.compile(r"^module +(\\\S+|\w+)", re.M)
_MAP = "map.v"
_FLAT = (
    "delete t:$scopeinfo; setattr -mod -unset keep_hierarchy A:keep_hierarchy; flatten; rename -hide w:*; splitnets; "
    f"techmap -autoproc -map {_MAP}; clean -purge; rename -hide w:*"
)


def yosys_models(names: Iterable[str]) -> str:
    """Yosys' own models of these cells.

    Raises:
        CheckFailed: this version of Yosys has no such model.
    """
    text = simulation_cells()
    found = {name: re.search(rf"^module {name}\b.*?^endmodule\n", text, re.M | re.S) for name in names}
    if missing := [name for name, one in found.items() if one is None]:
        raise CheckFailed(f"Yosys has no model of the cells {', '.join(missing)}")
    return "\n".join(one[0] for one in found.values())


def verilog(found: Netlist) -> Path:
    """The netlist as Verilog, written by Yosys from the file that is placed; made once and kept beside it.

    Raises:
        CheckFailed: a cell has no model.
        RuntimeError: Yosys failed.
    """
    models = {_MAP: LUTS + yosys_models(IN_PLACE), FROM_YOSYS: yosys_models(INSTANCES)}
    if "TRELLIS_COMB" in cell_types(found):
        models = {_MAP: models[_MAP] + PACKED, FROM_YOSYS: models[FROM_YOSYS] + PACKED_MEMORY}
    digest = hashlib.sha256((_FLAT + "".join(models.values())).encode()).hexdigest()[:16]
    kept = found.path.parent / f"verilog_{digest}"
    with locked(kept.with_suffix(".lock")):
        if not kept.is_dir():
            with new_directory(kept) as staging:
                for name, text in models.items():
                    write_text(staging / name, text)
                check_cells(found, [*OWN, *map(staging.joinpath, models)])
                # Yosys sees only the directory it runs in.
                (staging / found.path.name).hardlink_to(found.path)
                run_yosys(staging, f"read_json {found.path.name}; {_FLAT}; write_verilog -noattr {VERILOG}")
                (staging / found.path.name).unlink()
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
    models = path.with_name(FROM_YOSYS)
    if change:
        text = change.applied(path.read_text())
        path = path.parent / f"changed_{hashlib.sha256(text.encode()).hexdigest()[:16]}" / VERILOG
        if not path.exists():
            write_text(path, text)
    return [*OWN, models, path]


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


def torn_wire(found: Netlist, within: str = "u_local_expert") -> Replacement:
    """A defect: the first multiplier block of a unit never takes its operands, because the wire to its enable is torn.

    Args:
        within: a part of the path of the unit's instance.

    Raises:
        CheckFailed: the unit has no multiplier block.
    """
    path = verilog(found)
    block = re.search(rf"(^  \) \\\S*{within}\S*  \((?:(?!^  \);).)*\.CE0\()[^)]*\)", path.read_text(), re.M | re.S)
    if block is None:
        raise CheckFailed(f"{found.design}: no multiplier block in {within}")
    return Replacement(path.name, block[0], f"{block[1]}1'h0)")
