# SPDX-License-Identifier: Apache-2.0
"""Generated C++: types, shapes and the chain follow the specification."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from hls.cpp import cpp_type, type_name
from hls.gen import chain_header, generate, learn_header, network_header, taps, weights_header
from hls.report import layer_rows, summary
from spec import learning
from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.folding import build_folding, pack_weights
from spec.kinds.max_pool import MaxPool
from spec.presets import Accelerator
from spec.tiny import (
    FOLDING,
    averaged_accelerator,
    local_only_accelerator,
    max_averaged_accelerator,
    tiny_accelerator,
)


def struct_of(header: str, name: str) -> str:
    return re.search(rf"struct {name} \{{(.*?)\n\}};", header, re.S)[1]


def test_types_come_from_the_specification() -> None:
    accelerator = tiny_accelerator()
    header = network_header(accelerator)
    for layer in accelerator.moe.network.layers:
        body = struct_of(header, type_name(layer.name))
        if hasattr(layer, "accumulator"):
            a = layer.accumulator
            assert f"typedef ap_fixed<{a.bits}, {a.bits - a.fraction_bits}> acc_t;" in body
            assert f"typedef ap_int<{layer.weight.bits}> weight_t;" in body
    assert "AP_RND_CONV, AP_SAT> output_t;" in struct_of(header, "Fc1")
    assert "AP_RND_CONV" not in struct_of(header, "Fc2").split("acc_t;")[1]  # raw logits are not rounded


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FixedPoint(8, False, 7), "ap_ufixed<8, 1>"),
        (FixedPoint(18, True, 10), "ap_fixed<18, 8>"),
        (FixedPoint(4, True, 6), "ap_fixed<4, -2>"),
    ],
)
def test_cpp_type(kind: FixedPoint, text: str) -> None:
    assert cpp_type(kind) == text


def test_rule_of_learning_is_that_of_the_specification() -> None:
    numbers = {name: int(value) for name, value in re.findall(r"unsigned (\w+) = (\d+);", learn_header(True))}
    assert numbers == {
        "kLfsrTaps": learning.LFSR_TAPS,
        "kLfsrSteps": learning.LFSR_STEPS,
        "kDitherBits": learning.DITHER_BITS,
        "kWeyl": learning.WEYL,
        "kSmallestShift": learning.SMALLEST_SHIFT,
        "kShiftBits": 4,
        "kMarginBits": learning.MARGIN_BITS,
        "kRandomStart": 1,
    }
    assert "#define ACCEL_LEARN 1\n" in learn_header(True) and "#define ACCEL_LEARN 0\n" in learn_header(False)


def test_chain_has_every_layer_in_order() -> None:
    accelerator = tiny_accelerator()
    tail = chain_header("tail", accelerator.moe.network.tail, accelerator, ("FeatureBeat", "LogitBeat"))
    calls = re.findall(r"^  (\w+)<(\w+)>\((\w+), (\w+)", tail, re.M)
    assert [c[:2] for c in calls] == [("conv2d", "Conv2"), ("max_pool", "Pool2"), ("dense", "Fc1"), ("dense", "Fc2")]
    assert calls[0][2] == "in" and calls[-1][3] == "out"
    assert all(a[3] == b[2] for a, b in zip(calls, calls[1:], strict=False))


def test_the_pools_of_expert_and_gate_are_named_and_included() -> None:
    averaged, both = averaged_accelerator().moe, max_averaged_accelerator().moe
    mixed = replace(averaged, gate=replace(averaged.gate, pool=MaxPool(**vars(averaged.gate.pool))))
    for moe, expected in (
        (averaged, ("average_pool", "average_pool")),
        (mixed, ("average_pool", "max_pool")),
        (both, ("max_average_pool", "max_average_pool")),
    ):
        header = network_header(Accelerator(moe, build_folding(FOLDING, moe)))
        assert tuple(re.findall(r"^#define ACCEL_(?:LE|GATE)_POOL (\w+)$", header, re.M)) == expected
        assert set(re.findall(r'^#include "(\w+_pool)\.hpp"$', header, re.M)) == set(expected)


def test_adder_graph_layer_takes_a_whole_window() -> None:
    moe = tiny_accelerator().moe
    accelerator = Accelerator(moe, build_folding(FOLDING | {"conv1": {"multiplier": "graph"}}, moe))
    front = chain_header("front", moe.network.front_end, accelerator, ("PixelBeat", "FeatureBeat"))
    assert "conv2d_unrolled<Conv1>" in front
    assert "kSimd = 9;" in struct_of(network_header(accelerator), "Conv1")


def test_weight_table_holds_the_packed_integers() -> None:
    accelerator = tiny_accelerator()
    layer = accelerator.moe.network.layers[2]
    text = weights_header(layer, accelerator)
    table = text[text.index("_weight_rom[") : text.index("_bias_rom[")]
    numbers = [int(x) for row in re.findall(r"^  \{([-\d,]+)\}", table, re.M) for x in row.split(",")]
    expected = pack_weights(
        layer, accelerator.folding.layers[layer.name], accelerator.moe.network.weights[layer.name].weight
    )
    assert np.array_equal(np.array(numbers), expected.ravel())


def test_generation_is_repeatable_and_leaves_unchanged_files_alone(tmp_path) -> None:
    accelerator = tiny_accelerator()
    generated = generate(accelerator, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in generated.headers}
    assert {path: path.stat().st_mtime_ns for path in generate(accelerator, tmp_path).headers} == before


def test_taps_name_every_layer_of_the_integer_model() -> None:
    names = [tap.name for tap in taps(tiny_accelerator("general", 2).moe)]
    assert names == [
        *("conv1", "pool1", "conv2", "pool2", "fc1", "fc2"),
        *("le_pool", "le0", "le1", "gate_pool", "gate_hidden", "gate_out"),
    ]


def test_a_device_of_local_experts_is_refused() -> None:
    with pytest.raises(InputError, match="folding 'local_only' is local_only, which is made in SystemVerilog only"):
        generate(local_only_accelerator())


def test_summary_adds_up() -> None:
    accelerator = tiny_accelerator("general", 2)
    data = summary(accelerator)
    assert data["multipliers"] == accelerator.folding.multipliers(accelerator.moe)
    frozen = sum(w.weight.size for w in accelerator.moe.network.weights.values())
    assert sum(r.weights for r in layer_rows(accelerator) if "frozen" in r.kind) == frozen
    assert data["cycles_per_image"] == max(row["cycles"] for row in data["layers"])
