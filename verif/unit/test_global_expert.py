# SPDX-License-Identifier: Apache-2.0
"""global_expert: the tail of a tiny network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hw.gen.build import generate, memory_files
from spec import tiny_variants as tiny
from tools.cocotb_run import PARAMETERS_VARIABLE, Results, run, with_mutant

BENCH = "verif.unit.bench_global_expert"


def simulate(variant: str, sources: list[Path], **options: Any) -> Results:
    """Run the bench on the tail of a tiny network."""
    env = {PARAMETERS_VARIABLE: json.dumps({"variant": variant})}
    files = memory_files(tiny.accelerator(variant))
    return run("global_expert", BENCH, sources=sources, files=files, env=env, **options)


@pytest.mark.parametrize("variant", ["one"])
def test_global_expert(variant: str) -> None:
    simulate(variant, generate(tiny.accelerator(variant)).synthesis_sources)


def test_a_defect_is_found() -> None:
    """The weakest class instead of the strongest."""
    sources = generate(tiny.accelerator("one")).synthesis_sources
    mutant = with_mutant(sources, "logit_arg_max", ".in_data_i   (signed'(logit))", ".in_data_i   (-logit)")
    assert simulate("one", mutant, testcase="data/idle=none/stall=none", check=False).failed
