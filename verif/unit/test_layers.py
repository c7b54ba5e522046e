# SPDX-License-Identifier: Apache-2.0
"""dense_layer and conv_layer: lanes that are split, gathered and passed on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found
from verif.unit.memory_data import BIAS_FILE, WEIGHT_FILE, layer, layer_files

BENCH = "verif.unit.bench_layer"
COMMON = {
    "ActW": 8,
    "WgtW": 4,
    "BiasW": 10,
    "AccW": 20,
    "OutW": 8,
    "WeightFile": WEIGHT_FILE,
    "BiasFile": BIAS_FILE,
}
DENSE = {
    "split-requantised": {
        "Inputs": 12,
        "Outputs": 6,
        "InLanes": 4,
        "Pe": 3,
        "Simd": 2,
        "Requant": 1,
        "Shift": 6,
    },
    "gather-raw": {"Inputs": 8, "Outputs": 5, "InLanes": 1, "Pe": 1, "Simd": 4, "Requant": 0, "Shift": 0},
}
IMAGE = {"Height": 6, "Width": 5, "Channels": 4, "Kernel": 3, "OutChannels": 6, "Shift": 7}
CONV = {
    "split": {**IMAGE, "InLanes": 4, "Pe": 3, "Simd": 2},
    "gather": {**IMAGE, "InLanes": 1, "Pe": 6, "Simd": 4},
}


def files(parameters: Mapping[str, int | str]) -> dict[str, str]:
    """Memory files of either kind of layer."""
    if "Kernel" in parameters:
        outputs, inputs = parameters["OutChannels"], parameters["Kernel"] ** 2 * parameters["Channels"]
    else:
        outputs, inputs = parameters["Outputs"], parameters["Inputs"]
    return layer_files(*layer(outputs, inputs, parameters["WgtW"], parameters["BiasW"]), parameters)


@pytest.mark.parametrize("shape", DENSE.values(), ids=DENSE)
def test_dense_layer(shape: dict[str, int]) -> None:
    parameters = COMMON | shape
    run("dense_layer", BENCH, parameters=parameters, files=files(parameters))


@pytest.mark.parametrize("shape", CONV.values(), ids=CONV)
def test_conv_layer(shape: dict[str, int]) -> None:
    parameters = COMMON | shape
    run("conv_layer", BENCH, parameters=parameters, files=files(parameters))


def test_a_wrong_weight_is_found() -> None:
    parameters = COMMON | CONV["split"]
    broken = files(parameters)
    lines = broken[WEIGHT_FILE].splitlines(keepends=True)
    lines[11] = f"{int(lines[11], 16) ^ 8:x}\n"
    results = run(
        "conv_layer",
        BENCH,
        parameters=parameters,
        files={**broken, WEIGHT_FILE: "".join(lines)},
        testcase="data/idle=none/stall=none",
        check=False,
    )
    assert results.failed


def test_swapped_rows_of_the_window_are_found() -> None:
    parameters = COMMON | CONV["split"]
    defect = Defect(
        "sliding_window",
        "RowWords - SpanWords + 1",
        "2 * RowWords - SpanWords + 1",
        "data/idle=none/stall=none",
    )
    check_found("conv_layer", BENCH, defect, parameters, files(parameters))
