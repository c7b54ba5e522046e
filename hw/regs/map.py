# SPDX-License-Identifier: Apache-2.0
"""Registers by name, straight from ``moe_regs.rdl``; there is no second list of addresses.

A name is the path in the description, with the index of an array: ``mode``, ``ge_hash[1]``,
``counters.answers_le[0].lo``, ``domain[2].macs.hi``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hw.regs.files import MAP, RDL, register_files
from spec.errors import InputError


@dataclass(frozen=True)
class Field:
    """Bits ``lsb`` to ``lsb + width - 1`` of a register.

    ``reset`` is None for a status that the hardware drives; ``onwrite`` names a write that is not a plain one
    (``woclr``: writing 1 clears); ``pulse``: reads back 0 and is high for one cycle after a write. ``encoding`` is a
    key of ``encodings()``. ``inputs`` and ``outputs`` are the members in ``hwif_in`` and ``hwif_out``.
    """

    name: str
    lsb: int
    width: int
    desc: str
    reset: int | None
    readable: bool
    writable: bool
    onwrite: str | None
    pulse: bool
    signed: bool
    encoding: str | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def mask(self) -> int:
        """The field's bits within the register."""
        return ((1 << self.width) - 1) << self.lsb


@dataclass(frozen=True)
class Register:
    """One 32-bit register at byte ``address``."""

    name: str
    address: int
    desc: str
    fields: tuple[Field, ...]

    def __getitem__(self, field: str) -> Field:
        """Field by name.

        Raises:
            InputError: there is no such field.
        """
        for candidate in self.fields:
            if candidate.name == field:
                return candidate
        names = ", ".join(candidate.name for candidate in self.fields)
        raise InputError(f"register {self.name} has no field {field!r}; it has {names}")

    @property
    def readable(self) -> bool:
        """Whether a read is answered with data."""
        return any(field.readable for field in self.fields)

    @property
    def writable(self) -> bool:
        """Whether a write is accepted."""
        return any(field.writable for field in self.fields)

    @property
    def reset(self) -> int:
        """Value after reset of the fields that have one."""
        return sum((field.reset or 0) << field.lsb for field in self.fields)

    def pack(self, **values: int) -> int:
        """Word with the given fields, and 0 in all others.

        Raises:
            InputError: there is no such field, or the value does not fit it.
        """
        word = 0
        for name, value in values.items():
            field = self[name]
            low = -(1 << field.width - 1) if field.signed else 0
            high = (1 << field.width - field.signed) - 1
            if not low <= value <= high:
                raise InputError(f"{self.name}.{name} is {value}, allowed are {low} to {high}")
            word |= value << field.lsb & field.mask
        return word

    def unpack(self, word: int) -> dict[str, int]:
        """Value of every field in a word."""
        values = {}
        for field in self.fields:
            value = (word & field.mask) >> field.lsb
            values[field.name] = value - (1 << field.width) if field.signed and value >> field.width - 1 else value
        return values


@functools.cache
def registers(rdl: Path = RDL) -> Mapping[str, Register]:
    """All registers by name, in order of address."""
    table = {}
    for entry in json.loads(register_files(rdl)[MAP])["registers"]:
        fields = (field | {key: tuple(field[key]) for key in ("inputs", "outputs")} for field in entry["fields"])
        table[entry["name"]] = Register(**entry | {"fields": tuple(Field(**field) for field in fields)})
    return table


@functools.cache
def encodings(rdl: Path = RDL) -> Mapping[str, Mapping[str, int]]:
    """Names and values of the enumerations that fields use: ``encodings()["mode"]["MOE_GATED"]``."""
    return json.loads(register_files(rdl)[MAP])["encodings"]


def register(name: str, rdl: Path = RDL) -> Register:
    """Register by name.

    Raises:
        InputError: there is no such register.
    """
    table = registers(rdl)
    if name not in table:
        raise InputError(f"there is no register {name!r}; see hw/regs/moe_regs.rdl")
    return table[name]
