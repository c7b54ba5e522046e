# SPDX-License-Identifier: Apache-2.0
"""A routed netlist as nextpnr writes it, in cells that have a model: those of the packer become those of synthesis.

The packer turns LUTs, carries and distributed memories into ``TRELLIS_COMB`` and ``TRELLIS_RAMW``, constants and
inverters of inputs into parameters (``CEMUX``), and puts pads and clock buffers around. Here that is undone cell by
cell, from what the packer wrote and nothing else. Not shown are wires and the bitstream: the router may exchange the
inputs of a LUT, which only the bitstream knows.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from spec.errors import CheckFailed
from spec.files import write_text

# Outputs of the writing side of a distributed memory, and the inputs that they repeat.
_RAMW = {"WDO": "CADB", "WADO": "DBCA"}
_GROUP = {"WDO": 1, "WADO": 0}
# Models of what the packer makes. Yosys' TRELLIS_COMB loses its carry: the output is declared a second time inside.
PACKED = """
module TRELLIS_COMB(input A, B, C, D, M, FCI, F1, FXA, FXB, output F, FCO, OFX);
  parameter MODE = "LOGIC";
  parameter [15:0] INITVAL = 16'h0000;
  parameter CCU2_INJECT1 = "NO";
  parameter IS_Z1 = 0;
  wire all, low;
  LUT4 #(.INIT(INITVAL)) lut4 (.A(A), .B(B), .C(C), .D(D), .Z(all));
  LUT2 #(.INIT(INITVAL[3:0])) lut2 (.A(A), .B(B), .Z(low));
  assign F = (MODE == "CCU2" && CCU2_INJECT1 != "YES") ? all ^ FCI : all;
  assign FCO = all ? FCI : CCU2_INJECT1 != "YES" && low;
  assign OFX = IS_Z1 ? (M ? FXB : FXA) : (M ? F1 : F);
endmodule
"""
PACKED_MEMORY = """
module TRELLIS_DPRAM(input A, B, C, D, WD, WAD0, WAD1, WAD2, WAD3, WRE, WCK, output F);
  parameter [15:0] INITVAL = 16'h0000;
  reg [15:0] ram = INITVAL;
  always @(posedge WCK) if (WRE) ram[{WAD3, WAD2, WAD1, WAD0}] <= WD;
  assign F = ram[{A, C, B, D}];
endmodule
"""


def unpacked(routed: Path, top: str, path: Path) -> Path:
    """Write the netlist of ``routed`` (nextpnr's ``--write``) for :func:`verif.netlist.sources.verilog`.

    Args:
        top: name of the top, which nextpnr forgets.
        path: where it goes.

    Raises:
        CheckFailed: the packer made something that is not known here.
    """
    (module,) = json.loads(routed.read_text())["modules"].values()
    unpacking = _Unpacking(module)
    content = {"attributes": {}, "ports": unpacking.ports, "cells": unpacking.cells, "netnames": {}}
    write_text(path, json.dumps({"modules": {top: content}}))
    return path


class _Unpacking:
    """``ports`` and ``cells`` as Yosys has them."""

    def __init__(self, module: dict) -> None:
        self.same: dict[int, int | str] = {}  # nets by what they are a copy of
        self.cells: dict[str, dict] = {}
        self.last = max((bit for cell in module["cells"].values() for bits in cell["connections"].values()
                         for bit in bits), default=1)  # fmt: skip
        for name, cell in module["cells"].items():
            self._cell(name, cell["type"], cell)
        for cell in self.cells.values():
            cell["connections"] = {pin: [self._net(bit) for bit in bits] for pin, bits in cell["connections"].items()}
        self.ports = {
            name: {**port, "bits": [self._net(bit) for bit in port["bits"]]} for name, port in module["ports"].items()
        }

    def _net(self, bit: int | str) -> int | str:
        while bit in self.same:
            bit = self.same[bit]
        return bit

    def _cell(self, name: str, kind: str, cell: dict) -> None:
        wires = {pin: bits[0] for pin, bits in cell["connections"].items() if bits}
        parameters = dict(cell["parameters"])
        mode = parameters.get("MODE", "LOGIC")
        if kind == "TRELLIS_IO":
            self._pad(name, wires, parameters["DIR"])
            return
        if kind == "TRELLIS_RAMW":
            for output, inputs in _RAMW.items():
                for i, pin in enumerate(inputs):
                    if f"{output}{i}" in wires:
                        self.same[wires[f"{output}{i}"]] = wires.get(f"{pin}{_GROUP[output]}", "1")
            return
        if mode == "RAMW_BLOCK":
            return
        if kind == "TRELLIS_COMB":
            if mode not in ("LOGIC", "CCU2", "DPRAM"):
                raise CheckFailed(f"{name}: a TRELLIS_COMB of mode {mode}, known are LOGIC, CCU2 and DPRAM")
            kind = "TRELLIS_DPRAM" if mode == "DPRAM" else kind
            parameters["IS_Z1"] = "1" if cell["attributes"]["NEXTPNR_BEL"].endswith(".K1") else "0"
        named = {key.removesuffix("MUX") for key in parameters if key.endswith("MUX")}
        inputs = {pin for pin, way in cell["port_directions"].items() if way == "input"} | named
        inputs |= set(_NEEDED.get(kind, "").split())
        pins = {
            pin: self._input(name, kind, pin, wires.get(pin), parameters.pop(f"{pin}MUX", pin).strip())
            for pin in inputs
        }
        if kind == "TRELLIS_FF":
            if parameters.pop("SD", "1").strip() == "0":
                pins["DI"] = pins["M"]
            parameters["CEMUX"] = "CE"
        pins |= {pin: bit for pin, bit in wires.items() if pin not in pins}
        if kind in _KNOWN:
            known_pins, known_parameters = _KNOWN[kind]
            pins = {pin: bit for pin, bit in pins.items() if re.fullmatch(known_pins, pin)}
            parameters = {key: value for key, value in parameters.items() if re.fullmatch(known_parameters, key)}
        self._add(name, kind, parameters, pins, cell["port_directions"])

    def _pad(self, name: str, wires: dict, direction: str) -> None:
        if direction == "INPUT" and "O" in wires:
            self.same[wires["O"]] = wires["B"]
        elif direction == "OUTPUT":
            self.same[wires["B"]] = wires.get("I", "1")
        elif direction != "INPUT":
            raise CheckFailed(f"{name}: a pad of direction {direction}, known are INPUT and OUTPUT")

    def _input(self, name: str, kind: str, pin: str, wire: int | None, mux: str) -> int | str:
        """What an input sees: without a wire it is high, but for some resets."""
        if mux in ("0", "1"):
            return mux
        if mux not in (pin, "INV"):
            raise CheckFailed(f"{name}: {pin}MUX is {mux}, known are {pin}, INV, 0 and 1")
        bit = ("0" if (kind, pin) in _NO_RESET else "1") if wire is None else wire
        if mux != "INV":
            return bit
        if bit in ("0", "1"):
            return "1" if bit == "0" else "0"
        self.last += 1
        self._add(f"{name}${pin}", "$_NOT_", {}, {"A": bit, "Y": self.last}, {"A": "input", "Y": "output"})
        return self.last

    def _add(self, name: str, kind: str, parameters: dict, pins: dict, ways: dict) -> None:
        self.cells[name] = {
            "hide_name": 0,
            "type": kind,
            "parameters": parameters,
            "attributes": {},
            "port_directions": {pin: ways.get(pin, "input") for pin in pins},
            "connections": {pin: [bit] for pin, bit in pins.items()},
        }


_NO_RESET = {("TRELLIS_FF", "LSR"), ("MULT18X18D", "RST0")}  # which do nothing without a wire
# Inputs of the models that the packer leaves out when nothing is at them.
_NEEDED = {
    "TRELLIS_COMB": "A B C D M FCI F1 FXA FXB",
    "TRELLIS_DPRAM": "A B C D WD WAD0 WAD1 WAD2 WAD3 WRE WCK",
    "TRELLIS_FF": "CE LSR DI M",
    "DCCA": "CE",
}
# Pins and parameters that the models have; the others are not in use or say what is a constant.
_KNOWN = {
    "TRELLIS_COMB": (r"[ABCDM]|FCI|F1|FX[AB]|F|FCO|OFX", "MODE|INITVAL|CCU2_INJECT1|IS_Z1"),
    "TRELLIS_DPRAM": (r"[ABCD]|WD|WAD\d|WRE|WCK|F", "INITVAL"),
    "TRELLIS_FF": ("CLK|LSR|CE|DI|M|Q", "CEMUX|SRMODE|REGSET|LSRMODE|GSR"),
    "MULT18X18D": (r"[ABP]\d+|SIGNED[AB]|SOURCE[AB]|CLK0|CE[01]|RST0", "REG_INPUT[AB]_CLK|REG_OUTPUT_C(LK|E)"),
    "DP16KD": (r"(DI|DO|AD)[AB]\d+|(CE|OCE|CLK|WE|RST)[AB]|CS[AB]\d", ".*"),
    "DCCA": ("CLKI|CLKO|CE", ""),
}
