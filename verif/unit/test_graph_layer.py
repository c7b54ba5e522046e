# SPDX-License-Identifier: Apache-2.0
"""A convolution as an adder graph, as generated: exact sums, full speed, and no word lost when nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.cocotb_run import Results, rtl_sources, run, with_mutant
from verif.unit.graph_layer import sources

BENCH = "verif.unit.bench_graph_layer"


def simulate(tmp_path: Path, change: tuple[str, str] | None = None, **options) -> Results:
    """Run the bench on the generated layer, with a change in pipeline_stream or in the generated graph."""
    hand_written = rtl_sources("activity_pkg", "stream_width", "window_parallel", "pipeline_stream")
    texts = sources()
    if change and change[0] in texts["conv1_graph.sv"]:
        texts["conv1_graph.sv"] = texts["conv1_graph.sv"].replace(*change, 1)
    elif change:
        hand_written = with_mutant(hand_written, "pipeline_stream", *change)
    generated = [tmp_path / name for name in texts]
    for path in generated:
        path.write_text(texts[path.name])
    return run("conv1_layer", BENCH, sources=[*hand_written, *generated], **options)


def test_graph_layer(tmp_path: Path) -> None:
    simulate(tmp_path)


DEFECTS = {
    "no-credits": ("assign in_ready_o   = used_q != CreditW'(Depth);", "assign in_ready_o   = 1'b1;", "held"),
    "graph-stage-always-idle": ("if (valid_i[0])", "if (1'b0)", "data/idle=none/stall=none"),
    "wrong-sign": (" + ", " - ", "data/idle=none/stall=none"),
    "constant-output": ("'sd435;", "'sd35;", "data/idle=none/stall=none"),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(tmp_path: Path, defect: tuple[str, str, str]) -> None:
    results = simulate(tmp_path, defect[:2], testcase=defect[2], check=False)
    assert not results.passed
    assert results.failed
