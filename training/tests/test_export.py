# SPDX-License-Identifier: Apache-2.0
"""The QONNX file says exactly what the quantised PyTorch model computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import torch

from golden.integer_model import NetworkModel
from golden.tests.small import blobs
from golden.torch_model import to_pixels
from spec.network import LayerWeights

IMAGES = blobs(4, 9).images


def integers(quantised) -> np.ndarray:
    return torch.round(quantised.value / quantised.scale).detach().numpy().astype(np.int64)


def test_integer_model_of_the_file_equals_pytorch(quantised_model, network) -> None:
    with torch.no_grad():
        logits = integers(quantised_model(to_pixels(IMAGES)))
        features = integers(quantised_model.features(to_pixels(IMAGES))).transpose(0, 2, 3, 1)
    model = NetworkModel(network)
    assert np.array_equal(model.features(IMAGES), features)
    assert np.array_equal(model.logits(IMAGES), logits)


def test_one_changed_weight_is_seen(quantised_model, network) -> None:
    weight = network.weights["fc2"].weight.copy()
    weight[3, np.abs(weight[3]).argmax()] = 0
    broken = {**network.weights, "fc2": LayerWeights(weight, network.weights["fc2"].bias)}
    with torch.no_grad():
        logits = integers(quantised_model(to_pixels(IMAGES)))
    assert not np.array_equal(NetworkModel(replace(network, weights=broken)).logits(IMAGES), logits)


def test_the_file_is_self_contained_and_readable(network_path) -> None:
    model = onnx.load(str(network_path), load_external_data=False)
    assert [tensor.name for tensor in model.graph.input] == ["input"]
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in model.graph.initializer)
    names = {tensor.name for tensor in model.graph.initializer}
    assert {"conv1.weight", "conv1.bias", "conv1.weight.scale", "fc2.weight.bits"} <= names
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
    assert b".py" not in network_path.read_bytes()


def test_weights_are_stored_quantised(network_path) -> None:
    graph = onnx.load(str(network_path)).graph
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    for layer in ("conv1", "fc1", "fc2"):
        steps = tensors[f"{layer}.weight"] / tensors[f"{layer}.weight.scale"]
        assert np.array_equal(steps, np.rint(steps))
