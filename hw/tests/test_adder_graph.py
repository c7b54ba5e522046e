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
    return graph_of(LayerWeights(weight, rng.integers(-2000, 2000, outputs)))


def graph_of(weights: LayerWeights):
    """The adder graph of these weights."""
    low, high = accumulator_for_weights(weights, PIXEL)
    return adder_graph("graph", weights, PIXEL, FixedPoint(signed_bits(low, high), True, 14))


@pytest.mark.parametrize(("outputs", "inputs", "bits"), [(3, 9, 4), (8, 25, 6), (20, 25, 6), (4, 18, 8), (2, 4, 2)])
def test_generated_graphs_pass_lint_with_every_warning_on(tmp_path, outputs, inputs, bits):
    for seed in range(3):
        graph = random_graph(outputs, inputs, bits, seed)
        path = tmp_path / "graph.sv"
        path.write_text(graph.text)
        assert verilator_lint([path], "graph") == ""


@pytest.mark.parametrize("bits", [2, 3])
def test_inputs_and_outputs_without_weights_pass_lint_too(tmp_path, bits):
    """verif/unit/test_graph_layer.py compares the sums of such a graph."""
    rng = np.random.default_rng(bits)
    limit = 1 << (bits - 1)
    dense = rng.integers(-limit, limit, (5, 9))
    column, row, corner = dense.copy(), dense.copy(), dense.copy()
    column[:, [0, 4]] = 0
    row[[1, 4]] = 0
    corner[1:], corner[:, 1:] = 0, 0
    for weight in (column, row, corner, 0 * dense):
        for bias in (rng.integers(-200, 200, 5), np.zeros(5, np.int64)):
            graph = graph_of(LayerWeights(weight, bias))
            path = tmp_path / "graph.sv"
            path.write_text(graph.text)
            assert verilator_lint([path], "graph") == ""
            unused = int((~weight.any(0)).sum())
            assert graph.text.partition("unused_inputs = ")[2].partition(";")[0].count("in_data_i") == unused


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
