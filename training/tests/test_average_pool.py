# SPDX-License-Identifier: Apache-2.0
"""A network with average pools: its Brevitas twin, through QONNX, is the integer model bit for bit."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from golden.integer_model import NetworkModel
from golden.kinds.average_pool import Average
from golden.tests.small import GATE, PRESET, blobs
from golden.torch_model import Network, build_float, preset_of, quantise_from, to_pixels
from spec.errors import InputError
from spec.network import Network as NetworkSpec
from spec.network import build_moe
from spec.qonnx_reader import read_qonnx
from training.export import export_network
from training.features import extract

IMAGES = blobs(2, 9).images


def preset(**sizes: int) -> dict:
    """The small preset with an average pool of 2x2 behind conv1, and one of 4x4 behind that."""
    made = copy.deepcopy(PRESET)
    made["layer"][1]["kind"] = "average_pool"
    made["layer"].insert(2, {"name": "pool2", "kind": "average_pool", "size": 4} | sizes)
    return made


@pytest.fixture(scope="module")
def twin() -> Network:
    """Calibrated, then trained for a few steps, so that the scales are no longer those of the calibration."""
    torch.manual_seed(0)
    data = blobs(2, 1)
    model = quantise_from(preset(), build_float(preset()), to_pixels(data.images))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(3):
        optimiser.zero_grad()
        logits = model(to_pixels(data.images)).value
        functional.cross_entropy(logits, torch.from_numpy(data.labels).long()).backward()
        optimiser.step()
    assert model.conv1.weight.grad.abs().sum() > 0
    return model.eval()


@pytest.fixture(scope="module")
def network(twin: Network, tmp_path_factory: pytest.TempPathFactory) -> NetworkSpec:
    path: Path = tmp_path_factory.mktemp("average") / "ge.onnx"
    export_network(twin, preset(), path)
    return read_qonnx(path)


def differing(twin: Network, network: NetworkSpec) -> set[str]:
    """Layers in which the integer model differs from the twin."""
    taps: dict[str, np.ndarray] = {}
    model = NetworkModel(network)
    model.tail(model.front_end(IMAGES, taps), taps)
    found, value = set(), to_pixels(IMAGES)
    with torch.no_grad():
        for name, module in twin.named_children():
            value = module(value)
            layer = name.removesuffix("_relu")
            if layer in taps and f"{name}_relu" not in dict(twin.named_children()):
                integers = (value.value / value.scale).numpy()
                integers = integers.transpose(0, 2, 3, 1) if integers.ndim == 4 else integers
                if not np.array_equal(integers.reshape(len(IMAGES), -1), taps[layer].reshape(len(IMAGES), -1)):
                    found.add(layer)
    return found


def test_the_twin_equals_the_integer_model_in_every_layer(twin: Network, network: NetworkSpec) -> None:
    assert [layer.description() for layer in network.layers[1:3]] == ["average pool 2x2", "average pool 4x4"]
    assert network.tap == "pool1" and differing(twin, network) == set()


def test_another_rounding_is_seen(twin: Network, network: NetworkSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(Average, "activate", lambda self, total: (total * 2.0**-self.layer.shift + 0.5).floor_())
    assert "pool1" in differing(twin, network)


def test_the_description_comes_back(network: NetworkSpec) -> None:
    entries = [{key: value for key, value in layer.items() if key != "weight_bits"} for layer in preset()["layer"]]
    assert preset_of(network)["layer"] == entries


def test_features_for_local_expert_and_gate_are_averaged(network: NetworkSpec) -> None:
    gate = copy.deepcopy(GATE)
    gate["local_expert"] |= {"pool": 6, "pool_kind": "average"}
    data = blobs(1, 3)
    samples = extract(build_moe(network, gate), data)
    features = NetworkModel(network).features(data.images).astype(np.float64)
    windows = features.reshape(len(data), 6, 2, 6, 2, -1)
    assert np.array_equal(samples.local, np.rint(windows.mean((2, 4))).reshape(len(data), -1))
    assert np.array_equal(samples.gate, windows.max((2, 4)).reshape(len(data), -1))


def test_a_window_that_needs_a_divider_is_refused() -> None:
    with pytest.raises(InputError, match="layer 'pool2': average pooling by 3 is not supported.*one of 1, 2, 4, 8, 16"):
        build_float(preset(size=3))
