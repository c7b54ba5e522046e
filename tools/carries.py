# SPDX-License-Identifier: Apache-2.0
"""Carry chains of an ECP5's netlist without the cells that place and route would put at their ends.

nextpnr puts a cell in front of each chain whose first carry is connected, be it a constant, and one behind each chain
whose last carry is connected, be it to nothing: four LUT4 sites a chain. So what nobody reads, and what a chain does
not depend on, is left open in the netlist that it gets.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping

CELL = "CCU2C"
OPEN = "x"  # a bit of a connection, in Yosys' JSON
_CONSTANTS = ("0", "1", OPEN)
_FIRST_HALF = ("A0", "B0", "C0", "D0")


def open_ends(netlist: dict) -> tuple[int, int]:
    """Leave the unused first and last carries of every chain open, in place.

    Args:
        netlist: what Yosys writes as JSON.

    Returns:
        How many first ones, and how many last ones.
    """
    first = last = 0
    for module in netlist["modules"].values():
        cells = [cell["connections"] for cell in module["cells"].values() if cell["type"] == CELL]
        if not cells:
            continue
        read = Counter(_read_bits(module))
        for pins, cell in ((c["connections"], c) for c in module["cells"].values() if c["type"] == CELL):
            if "COUT" in pins and not read[pins["COUT"][0]] and pins["COUT"] != [OPEN]:
                pins["COUT"] = [OPEN]
                last += 1
            if pins.get("CIN", [None])[0] in ("0", "1") and not read[pins["S0"][0]] and not depends_on_carry(cell):
                pins["CIN"] = [OPEN]
                first += 1
    return first, last


def depends_on_carry(cell: Mapping) -> bool:
    """Whether the carry out of a CCU2C's first half can be its CIN: its LUT is 1 for some input."""
    function = int(cell["parameters"]["INIT0"], 2)
    pins = [cell["connections"].get(name, [OPEN])[0] for name in _FIRST_HALF]
    values = [(int(bit),) if bit in ("0", "1") else (0, 1) for bit in pins]
    return any(
        function >> sum(value << place for place, value in enumerate(inputs)) & 1
        for inputs in itertools.product(*values)
    )


def _read_bits(module: Mapping) -> Iterator[int]:
    """Every bit that a cell takes or that leaves the module, once for each place."""
    for port in module["ports"].values():
        if port["direction"] != "input":
            yield from (bit for bit in port["bits"] if bit not in _CONSTANTS)
    for cell in module["cells"].values():
        directions = cell.get("port_directions", {})
        for name, bits in cell["connections"].items():
            if directions.get(name) != "output":
                yield from (bit for bit in bits if bit not in _CONSTANTS)
