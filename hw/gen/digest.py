# SPDX-License-Identifier: Apache-2.0
"""A name for the state of the hardware: results that carry it can be told to be of these sources or of others.

It covers what is generated, and so every cause of a change: hand-written RTL and the map to carry chains, registers,
generators, specification, presets, frozen weights, and the versions of the tools that generate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache

from hw.gen.build import RTL, generated_files
from spec.presets import Accelerator, shipped_accelerators
from tools.yosys import CARRY_MAP


@cache
def rtl_digest() -> str:
    """16 hex digits of the hardware of every preset that the project ships; the same on every machine."""
    return digest_of(shipped_accelerators())


def digest_of(accelerators: Iterable[Accelerator]) -> str:
    """16 hex digits of all sources and memories of these accelerators, names included."""
    digest = hashlib.sha256()

    def add(name: str, text: str) -> None:
        digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(text.encode()).digest())

    for path in sorted(RTL.rglob("*.sv")):
        add(path.relative_to(RTL).as_posix(), path.read_text())
    add(CARRY_MAP.name, CARRY_MAP.read_text())
    for accelerator in accelerators:
        for name, text in sorted(generated_files(accelerator).items()):
            add(f"{accelerator.name}/{name}", text)
    return digest.hexdigest()[:16]
