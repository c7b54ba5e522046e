# SPDX-License-Identifier: Apache-2.0
"""This project's rows: its RTL, and hls4ml's C simulation of the same network, compared layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hw.synth import load_resources
from spec import resources
from spec.bank import random_bank
from spec.network import Mode
from spec.paths import CONFIGS, MODELS
from tools.yosys import lut4_equivalents
from verif.compare.comparison import run_stage
from verif.compare.stage import Setup
from verif.compare.stages import STAGES
from verif.peers.request import Request, lines_between

NEEDS = {"rtl": "make setup: pip packages; g++, make, perl", "hls4ml": "pip: hls4ml, qonnx, brevitas; g++"}
WHAT = {"rtl": "RTL, whole device, in GE_ONLY", "hls4ml": "C simulation, whole network"}


def lines() -> int:
    """Lines that describe network and folding."""
    files = (CONFIGS / "networks" / "lenet5.toml", CONFIGS / "folding" / "ecp5_85.toml")
    return sum(lines_between(path, "", "\0") for path in files)


def measure(stage: str, request: Request, work: Path) -> dict[str, Any]:
    """The row of a stage of the comparison, in the mode in which the network alone answers.

    Raises:
        StageStopped: it did not answer every image.
    """
    design, count = request.design, len(request.images)
    setup = Setup(design, random_bank(design.moe, 0), MODELS / "ge.onnx", threads=1)
    made = STAGES[stage](setup)
    try:
        run_stage(setup, made, request.images[:4], Mode.GE_ONLY)  # what the first call alone costs
        report = run_stage(setup, made, request.images, Mode.GE_ONLY)
    finally:
        made.close()
    if report.stopped or report.run is None:
        raise RuntimeError(report.stopped)
    row = {
        "what": WHAT[stage],
        "images_per_second": count / report.run.seconds,
        "accuracy": float((report.classes == request.labels).mean()),
        "compared": count,
        "differing": max(report.mismatches.values()),
        "against": "integer model, every layer",
        "needs": NEEDS[stage],
    }
    if stage == "rtl":
        figures = report.run.figures
        counted = resources.domains(design.moe, design.folding)
        row |= {
            "cycles": figures["cycles_per_image"],
            "latency": figures["latency_cycles"],
            "multipliers": sum(part.multipliers for part in counted.values()),
            "multipliers_ge": sum(counted[name].multipliers for name in resources.GLOBAL),
            "lines": lines(),
            "cells": _cells(design),
        }
    return row


def _cells(design) -> dict[str, int] | None:
    """Of the record that ``make synth`` made or that is kept; None without one of these sources."""
    found = load_resources(design.name)
    if found is None:
        return None
    total = found["total"]
    names = {"ff": "TRELLIS_FF", "ebr": "DP16KD", "mult18": "MULT18X18D"}
    return {"lut4": lut4_equivalents(total), **{key: total.get(name, 0) for key, name in names.items()}}
