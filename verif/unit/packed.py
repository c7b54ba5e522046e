# SPDX-License-Identifier: Apache-2.0
"""Packed structs at the ports of a design: one integer for the simulator, names for a bench.

A wrapper made by ``flat_module`` names the members once, in SystemVerilog; nothing in a bench depends on where in a
struct a member lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """``name`` in the bench, ``bits`` wide; ``path`` is its expression in SystemVerilog."""

    name: str
    bits: int
    path: str


@dataclass(frozen=True)
class Packed:
    """Members of one vector, the first in the lowest bits."""

    members: tuple[Member, ...]

    @property
    def bits(self) -> int:
        return sum(member.bits for member in self.members)

    def pack(self, values: Mapping[str, int]) -> int:
        """The vector; a member that is not given is 0."""
        assert values.keys() <= {member.name for member in self.members}, f"no members: {sorted(values)}"
        vector = low = 0
        for member in self.members:
            value = values.get(member.name, 0)
            assert 0 <= value < 1 << member.bits, f"{member.name} has {member.bits} bits: {value}"
            vector |= value << low
            low += member.bits
        return vector

    def unpack(self, vector: int) -> dict[str, int]:
        """Name -> value."""
        values = {}
        for member in self.members:
            values[member.name] = vector & ((1 << member.bits) - 1)
            vector >>= member.bits
        return values


def flat_module(name: str, inputs: Packed, outputs: Packed, body: str) -> str:
    """SystemVerilog of a wrapper with ports ``clk_i``, ``rst_ni``, ``in_i`` and ``out_o``.

    Args:
        inputs, outputs: members whose paths are assigned from ``in_i``, and collected in ``out_o``.
        body: declares the signals of the paths, and connects them to an instance of the design.
    """
    assigns, low = [], 0
    for member in inputs.members:
        assigns.append(f"  assign {member.path} = in_i[{low}+:{member.bits}];\n")
        low += member.bits
    collected = ", ".join(f"{member.bits}'({member.path})" for member in reversed(outputs.members))
    return (
        f"module {name} (\n    input  logic clk_i,\n    input  logic rst_ni,\n"
        f"    input  logic [{inputs.bits - 1}:0] in_i,\n    output logic [{outputs.bits - 1}:0] out_o\n);\n"
        f"{body}{''.join(assigns)}  assign out_o = {{{collected}}};\nendmodule\n"
    )
