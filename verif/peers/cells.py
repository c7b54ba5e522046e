# SPDX-License-Identifier: Apache-2.0
"""Cells of a peer's Verilog by the project's Yosys and the command that its own modules are synthesised with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tools.yosys import lut4_equivalents, run_yosys, take

NAMES = {"ff": "TRELLIS_FF", "ebr": "DP16KD", "mult18": "MULT18X18D"}


def cells(directory: Path, sources: Sequence[str], top: str, seconds: float) -> dict[str, int]:
    """LUT4 sites, flip-flops, block RAMs and multiplier blocks.

    Args:
        sources: below ``directory``.
        seconds: after which synthesis is given up.

    Raises:
        RuntimeError: synthesis failed or took longer.
    """
    # Deferred: what a peer ships and does not use need not elaborate.
    script = f"read_verilog -defer -sv {' '.join(sources)}; synth_ecp5 -top {top} -noflatten; flatten; "
    run_yosys(directory, f"{script}tee -q -o cells.json stat -top {top} -json", seconds=seconds)
    found = json.loads(take(directory / "cells.json"))["design"]["num_cells_by_type"]
    counts = {name: int(count) for name, count in found.items()}
    return {"lut4": lut4_equivalents(counts), **{key: counts.get(name, 0) for key, name in NAMES.items()}}
