# SPDX-License-Identifier: Apache-2.0
"""Switching activity of a run: the SAIF 2.0 (IEEE 1801) that Verilator writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spec.errors import InputError

_NET = re.compile(r"\((\S+?)((?:\\\[\d+\\\])*) \(T0 (\d+)\) \(T1 (\d+)\) .*\(TC (\d+)\)\)")
_INSTANCE = re.compile(r"\(INSTANCE (\S+)")
_DURATION = re.compile(r"\(DURATION (\d+)\)")


@dataclass
class NetActivity:
    """All bits of one net, or of one memory.

    ``toggles``: changes of all bits together. Verilator takes every bit to be 0 before the first sample: a bit that is
    1 then and changes later counts one too many; one that never changes counts 0 here. ``high``: time at 1, of all
    bits together, in the file's unit of time. ``ones``: the bits that are 1 all the time, as a number, which is
    the value of a parameter: Verilator lists them among the nets.
    """

    scope: str
    name: str
    bits: int = 0
    toggles: int = 0
    high: int = 0
    ones: int = 0

    @property
    def base(self) -> str:
        """The name without the index of an element of an array."""
        return self.name.partition("[")[0]


@dataclass(frozen=True)
class Activity:
    """A whole file: its duration, and every net by scope (names joined by ``/``, as in UPF) and name."""

    duration: int
    nets: dict[tuple[str, str], NetActivity]

    def below(self, instance: str) -> Iterator[NetActivity]:
        """Nets of an instance and of everything in it."""
        for net in self.nets.values():
            if net.scope == instance or net.scope.startswith(instance + "/"):
                yield net


def read_saif(path: Path, top: str) -> Activity:
    """Read a SAIF file.

    Args:
        path: the file.
        top: instance below which paths begin, for example ``TOP/moe_accelerator``; nets outside are left out.

    Raises:
        InputError: the file is not complete, or has no such instance.
    """
    scopes: list[str] = []
    nets: dict[tuple[str, str], NetActivity] = {}
    duration, closed = None, False
    with path.open() as lines:
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if match := _NET.fullmatch(text):
                if duration is None or not scopes:
                    raise InputError(
                        f"{path.name}:{number}: a net stands before the duration or outside of an instance"
                    )
                scope = "/".join(scopes[:-1])
                if scope == top or scope.startswith(top + "/"):
                    key = (scope[len(top) + 1 :], match[1])
                    net = nets.setdefault(key, NetActivity(*key))
                    low, high, toggles = int(match[3]), int(match[4]), int(match[5])
                    net.ones |= (not low) << net.bits
                    net.bits += 1
                    net.high += high
                    net.toggles += toggles if low and high else 0
            elif match := _INSTANCE.fullmatch(text):
                scopes.append(match[1].replace("\\", ""))
            elif text == "(NET":
                scopes.append("")
            elif text == ")":
                closed = not scopes
                if scopes:
                    scopes.pop()
            elif match := _DURATION.fullmatch(text):
                duration = int(match[1])
    if duration is None or not closed:
        raise InputError(f"{path.name} is not a complete SAIF file")
    if not nets:
        raise InputError(f"{path.name} has no instance {top}")
    return Activity(duration, nets)
