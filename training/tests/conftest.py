# SPDX-License-Identifier: Apache-2.0
"""The small network, quantised, exported and read back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from golden.tests.small import GATE, PRESET, blobs
from golden.torch_model import build_float, quantise_from, to_pixels
from spec.network import Moe, Network, build_moe
from spec.qonnx_reader import read_qonnx
from training.export import export_network


@pytest.fixture(scope="session")
def quantised_model() -> torch.nn.Module:
    """An untrained quantised network of the small preset."""
    torch.manual_seed(0)
    model = quantise_from(PRESET, build_float(PRESET), to_pixels(blobs(2, 0).images))
    model.eval()
    return model


@pytest.fixture(scope="session")
def network_path(quantised_model, tmp_path_factory) -> Path:
    """The network as a QONNX file."""
    path = tmp_path_factory.mktemp("network") / "small.onnx"
    export_network(quantised_model, PRESET, path)
    return path


@pytest.fixture(scope="session")
def network(network_path) -> Network:
    """The network, read back."""
    return read_qonnx(network_path)


@pytest.fixture(scope="session")
def moe(network) -> Moe:
    """The network with one local expert and a gate with hidden layer and confidence inputs."""
    return build_moe(network, GATE)
