# SPDX-License-Identifier: Apache-2.0
"""The QONNX graphs that hls4ml reads, executed by the qonnx package itself, equal the integer model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from golden.integer_model import MoeModel, confidence
from hls.hls4ml_flow import bank_parts, frozen_parts
from hls.hls4ml_qonnx import EXTRA_INPUT, INPUT, part_to_qonnx
from spec.bank import random_bank
from spec.errors import InputError
from spec.fixedpoint import FixedPoint
from spec.network import Mode
from spec.tiny import tiny_accelerator, tiny_images

IMAGES = 6


@pytest.fixture(autouse=True)
def _graph_version_that_onnxruntime_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """qonnx runs standard nodes in onnxruntime, which lags behind the newest version of the onnx package."""
    import onnx

    monkeypatch.setattr(onnx, "IR_VERSION", 8)


def execute(part, features: np.ndarray, extra: np.ndarray | None = None) -> np.ndarray:
    """Integers (N, values) that the part's last layer gives for integers, computed by qonnx in floating point."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx

    model = ModelWrapper(part_to_qonnx(part.layers, part.weights, part.name))
    shape = part.layers[0].in_shape
    features = features.reshape(-1, shape.height, shape.width, shape.channels)
    rows = []
    for i in range(len(features)):
        inputs = {INPUT: features[i : i + 1].astype(np.float32) * np.float32(part.layers[0].input.scale)}
        if extra is not None:
            kind = next(layer.input for layer in part.layers if getattr(layer, "extra_inputs", 0))
            inputs[EXTRA_INPUT] = extra[i : i + 1].astype(np.float32) * np.float32(kind.scale)
        rows.append(execute_onnx(model, inputs)[model.graph.output[0].name].ravel())
    return np.array(rows, np.float64) / part.layers[-1].out_type.scale


@pytest.mark.parametrize("gate", ["linear", "general", "deep"])
def test_qonnx_executes_like_the_integer_model(gate: str) -> None:
    accelerator = tiny_accelerator(gate)
    moe = accelerator.moe
    bank = random_bank(moe, 1)
    images = tiny_images(IMAGES)
    expected = MoeModel(moe).run(images, Mode.MOE_PARALLEL, bank, keep_layers=True).layers
    front_end, tail = frozen_parts(accelerator)
    le, gating = bank_parts(accelerator, bank)
    features = expected[moe.network.tap]
    extra = None
    if moe.confidence_shift is not None:
        extra = confidence(expected["le0"], moe.confidence_shift, moe.network.feature_type.bits)
    for part, inputs in ((front_end, (images,)), (tail, (features,)), (le, (features,)), (gating, (features, extra))):
        wanted = expected[part.layers[-1].name].reshape(IMAGES, -1)
        assert np.ptp(wanted) > 0, "the test must see different values"
        assert np.array_equal(execute(part, *inputs), wanted), part.name


def test_a_wrong_scale_is_seen() -> None:
    """Negative control: half the weights' scale gives other features."""
    accelerator = tiny_accelerator()
    images = tiny_images(IMAGES)
    expected = MoeModel(accelerator.moe).ge.features(images).reshape(IMAGES, -1)
    front_end, _ = frozen_parts(accelerator)
    conv = front_end.layers[0]
    finer = FixedPoint(conv.weight.bits, True, conv.weight.fraction_bits + 1)
    wrong = replace(front_end, layers=(replace(conv, weight=finer), *front_end.layers[1:]))
    assert not np.array_equal(execute(wrong, images), expected)


def test_refusals_are_one_sentence() -> None:
    front_end, _ = frozen_parts(tiny_accelerator())
    with pytest.raises(InputError, match="part empty: has no layers"):
        part_to_qonnx((), {}, "empty")
    with pytest.raises(InputError, match="there are no weights for the layer conv1"):
        part_to_qonnx(front_end.layers, {})
    narrow = replace(front_end.layers[0], weight=FixedPoint(2, True, 1))
    with pytest.raises(InputError, match=r"layer conv1: has weights outside ap_fixed<2,1>"):
        part_to_qonnx((narrow,), front_end.weights)
