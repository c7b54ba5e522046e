# SPDX-License-Identifier: Apache-2.0
"""The adder-graph writer: clean SystemVerilog for any weights. (Its sums are checked through the RTL comparison.)"""

from __future__ import annotations

import numpy as np
import pytest

from hw.gen.adder_graph import adder_graph
from hw.lint import verilator_lint
from spec.fixedpoint import FixedPoint, signed_bits
from spec.kinds.data import LayerWeights
from spec.kinds.matrix import accumulator_for_weights

PIXEL = FixedPoint(8, False, 8)


def random_graph(outputs: int, inputs: int, bits: int, seed: int):
    """An adder graph of uniformly random weights, with biases that shift the sums off centre."""
    rng = np.random.default_rng(seed)
    limit = 1 << (bits - 1)
    weight = rng.integers(-limit, limit, (outputs, inputs))
    weights = LayerWeights(weight, rng.integers(-2000, 2000, outputs))
    low, high = accumulator_for_weights(weights, PIXEL)
    return adder_graph("graph", weights, PIXEL, FixedPoint(signed_bits(low, high), True, 14))


@pytest.mark.parametrize(("outputs", "inputs", "bits"), [(3, 9, 4), (8, 25, 6), (20, 25, 6), (4, 18, 8), (2, 4, 2)])
def test_generated_graphs_pass_lint_with_every_warning_on(tmp_path, outputs, inputs, bits):
    for seed in range(3):
        graph = random_graph(outputs, inputs, bits, seed)
        path = tmp_path / "graph.sv"
        path.write_text(graph.text)
        assert verilator_lint([path], "graph") == ""


def test_the_lint_sees_an_unused_bit(tmp_path):
    graph = random_graph(3, 9, 4, 0)
    line = next(x for x in graph.text.splitlines() if "automatic logic signed" in x)
    wider = line.replace("signed [", "signed [1+")
    path = tmp_path / "graph.sv"
    path.write_text(graph.text.replace(line, wider, 1))
    assert "Warning" in verilator_lint([path], "graph")


def test_more_stages_for_deeper_sums():
    shallow, deep = random_graph(2, 4, 2, 0), random_graph(20, 25, 6, 0)
    assert deep.stages > shallow.stages
    assert deep.adder_bits > shallow.adder_bits
