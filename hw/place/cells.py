# SPDX-License-Identifier: Apache-2.0
"""Where the cells of a routed netlist are, which part of the design each belongs to, and which clocks it has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from hw.hierarchy import domain_of
from hw.place import scan

USED = {"TRELLIS_COMB": "LUT4", "TRELLIS_FF": "flip-flops", "DP16KD": "EBR", "MULT18X18D": "multipliers"}
"""Kinds of cells that are counted, and what the tables call them."""

FORMAT = 1  # of what placed_cells returns: results of another are made anew
OTHER, OWN, SCAN = "(no name)", "(own)", "(scan registers)"  # parts that are no instance
BOARD = "(board)"  # what stands around the device on a board
_BEL = re.compile(r"X(\d+)/Y(\d+)/")
_CLOCK = re.compile(r"CLK[A-Z0-9]?|WCK")
_NOT_CLOCKED = frozenset({"DCCA", "TRELLIS_IO", "DCSC", "EHXPLLL"})
# What Yosys appends to the name of a net when it names the cell that drives or takes it.
_MADE = re.compile(r"_(TRELLIS_FF|TRELLIS_DPR16X4|TRELLIS_IO|LUT4|CCU2C|PFUMX|L6MUX21|MULT18X18D|DP16KD)(_|$).*")
_GLOBAL = re.compile(r"^\$glbnet\$|\$TRELLIS_IO_(IN|OUT)$|\$tr_io$|\$CCU2_COMB[01]$|\$DPRAM_COMB\d$")
_BLOCK = re.compile(r"(\.\d+)+$")  # of a memory that is many cells
_WIDE = 8  # cells on a net that still says where a cell belongs


def readable(name: str) -> str:
    """Name of a cell or net as it is in the source, as far as synthesis lets one know."""
    plain = _BLOCK.sub("", _GLOBAL.sub("", _GLOBAL.sub("", name)))
    head, dot, tail = plain.rpartition(".")
    return head + dot + (_MADE.sub("", tail) or tail)


def placed_cells(routed: Mapping) -> dict:
    """What is kept of nextpnr's ``--write``.

    Cells that the packer made (of carry chains) have no path; they belong to whom most of their nets go.

    Returns:
        ``cells``: for each placed cell of :data:`USED` its kind, the path it belongs to (None when unknown), x and y;
        ``clocks``: number of cells that each clock net goes to, by name.
    """
    top = routed["modules"]["top"]
    cells = top["cells"]
    paths = {name: None if name.startswith("$") else readable(name).rpartition(".")[0] for name in cells}
    sinks: dict[int, list[str]] = {}
    for name, cell in cells.items():
        for bits in cell["connections"].values():
            for bit in bits:
                if isinstance(bit, int):
                    sinks.setdefault(bit, []).append(name)
    _adopt(cells, paths, sinks)
    names = {bit: name for name, net in top["netnames"].items() for bit in net["bits"]}
    clocks = Counter[str]()
    placed = []
    for name, cell in cells.items():
        if cell["type"] not in _NOT_CLOCKED:
            bits = {bit for port, found in cell["connections"].items() if _CLOCK.fullmatch(port) for bit in found}
            clocks.update(names[bit] for bit in bits if isinstance(bit, int) and bit in names)
        at = _BEL.match(cell["attributes"].get("NEXTPNR_BEL", ""))
        if cell["type"] in USED and at:
            placed.append([cell["type"], paths[name], int(at[1]), int(at[2])])
    return {"cells": placed, "clocks": dict(sorted(clocks.items()))}


def _adopt(cells: Mapping, paths: dict[str, str | None], sinks: Mapping[int, list[str]]) -> None:
    """Give cells without a path that of their neighbours; a second round reaches those behind a first one."""
    for _ in range(2):
        found: dict[str, str] = {}
        for name in (name for name, path in paths.items() if path is None):
            near_by = Counter[str]()
            for bits in cells[name]["connections"].values():
                for bit in bits:
                    users = sinks.get(bit, ()) if isinstance(bit, int) else ()
                    if len(users) <= _WIDE:
                        near_by.update(path for user in users if (path := paths[user]) is not None)
            if near_by:
                found[name] = near_by.most_common(1)[0][0]
        paths.update(found)


def part_of_device(path: str | None) -> str:
    """Power domain of a path in the device."""
    return OTHER if path is None else domain_of(path)


def part_of_board(device: str) -> Callable[[str | None], str]:
    """Power domain of a path in a board's top, in which the device is at the path ``device``."""

    def part(path: str | None) -> str:
        if path is None:
            return OTHER
        inside = f"{path}.".startswith(f"{device}.")
        return part_of_device(path[len(device) + 1 :]) if inside else BOARD

    return part


def part_of_module(children: Iterable[str]) -> Callable[[str | None], str]:
    """The instance just below a module that was placed alone; :data:`OWN` is the module's own logic.

    Args:
        children: paths of the instances just below the module, which begin below it. Those that differ by an index
            are one part.
    """
    known = frozenset(children)

    def part(path: str | None) -> str:
        if path is None:
            return OTHER
        first, *names = path.split(".")
        if first != scan.INSTANCE:
            return SCAN
        child = next((one for n in range(len(names)) if (one := ".".join(names[: n + 1])) in known), OWN)
        return re.sub(r"\[\d+\]", "[*]", child)

    return part


def used_by_part(cells: Iterable, part: Callable[[str | None], str]) -> dict[str, dict[str, int]]:
    """Number of cells of each kind in each part."""
    found: dict[str, Counter[str]] = {}
    for kind, path, _, _ in cells:
        found.setdefault(part(path), Counter())[kind] += 1
    return {name: dict(sorted(kinds.items())) for name, kinds in sorted(found.items())}
