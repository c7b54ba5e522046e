# SPDX-License-Identifier: Apache-2.0
"""What ``scripts/amd.py`` measures, as data and as a page: ``docs/results/amd.{json,md}``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from hw.amd.cells import LATCHES, PARTS, cells, used
from hw.gen.build import generate
from hw.gen.digest import rtl_digest
from spec.files import as_json, write_if_changed
from spec.paths import RESULTS
from spec.presets import Accelerator
from tools.yosys import version

KEPT = RESULTS / "amd.json"  # by design
_NAMES = {"luts": "LUTs", "flip_flops": "flip-flops", "block_ram": "block RAM, 36 kbit", "multipliers": "DSP48E1"}


def measure(design: Accelerator, log: Path | None = None) -> dict:
    """Synthesise the device; ``findings`` has a sentence for everything that is not as it must be."""
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    found = cells(generate(design), log=log)
    return {
        "design": design.name,
        "sources": sources,
        "tool": f"yosys {version()} read_slang, synth_xilinx -family xc7",
        "cells": found,
        "used": asdict(used(found)),
        "findings": findings(design, found),
    }


def findings(design: Accelerator, found: Mapping[str, int]) -> list[str]:
    """Multipliers other than the folding's, and latches: a clock gate that is not the device's."""
    wanted = design.folding.multipliers(design.moe)
    said = []
    if (there := found.get("DSP48E1", 0)) != wanted:
        said.append(f"{there} DSP48E1 were made, the folding has {wanted} multipliers.")
    if latches := sum(found.get(name, 0) for name in LATCHES):
        said.append(f"{latches} latches were made, there must be none.")
    return said


def terminal(result: Mapping) -> str:
    """The table of one design, for people."""
    return "\n".join([*_table(result), "", *(f"* {finding}" for finding in result["findings"])]).strip()


def _table(result: Mapping) -> list[str]:
    lines = ["| | cells | " + " | ".join(PARTS) + " |", "|" + "---|" * (2 + len(PARTS))]
    for key, name in _NAMES.items():
        value = result["used"][key]
        shares = [f"{100 * value / getattr(part, key):.1f} %" for part in PARTS.values()]
        lines.append(f"| {name} | {value:,g} | " + " | ".join(shares) + " |")
    return lines


def keep(result: Mapping, path: Path = KEPT) -> None:
    """Write the page and its data, with the other kept designs that are of the same sources and tool."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    others = [other for other in kept.values() if all(other[key] == result[key] for key in ("sources", "tool"))]
    results = dict(sorted({other["design"]: other for other in [*others, result]}.items()))
    write_if_changed(path, as_json(results))
    write_if_changed(path.with_suffix(".md"), page(results.values()))


def page(results: Iterable[Mapping]) -> str:
    """The page of all designs."""
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# On AMD's seventh series\n\n"
        "The whole device (`moe_accelerator`) by open synthesis, before placement, written by "
        "`python scripts/amd.py --keep`. Vivado was not run: it packs and infers otherwise, and only it knows a clock. "
        "Shares are of the devices' own counts."
    ]
    for result in results:
        about = f"Sources {result['sources']}; {result['tool']}."
        notes = "".join(f"\n\n{finding}" for finding in result["findings"])
        parts.append(f"## `{result['design']}`\n\n{about}\n\n" + "\n".join(_table(result)) + notes)
    return "\n\n".join(parts) + "\n"
