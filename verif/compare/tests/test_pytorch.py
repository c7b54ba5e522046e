# SPDX-License-Identifier: Apache-2.0
"""The PyTorch stage: equal to the integers on the QONNX file, to Brevitas on its own model, and able to differ."""

import numpy as np
import pytest
import torch

from golden.integer_model import NetworkModel
from spec.bank import random_bank
from spec.errors import InputError
from spec.network import Mode, build_moe
from spec.presets import Accelerator
from spec.qonnx_reader import read_qonnx
from spec.qonnx_writer import QonnxWriter
from spec.tiny import GATES, tiny_images
from verif.compare.comparison import run_stage
from verif.compare.qonnx_torch import QonnxModel
from verif.compare.stage import Setup
from verif.compare.stages.pytorch import TorchStage
from verif.compare.tests.setup import IMAGES, image_set, tiny_setup

MODES = [mode for mode in Mode if mode != Mode.OFF]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("gate", "experts"), [("deep", 2), ("linear", 3)])
def test_every_layer_equals_the_integer_model(tmp_path, gate, experts, mode):
    setup = tiny_setup(tmp_path, gate, experts, local_expert=experts - 1)
    report = run_stage(setup, TorchStage(setup), image_set().images, mode)
    assert not report.differs, report.first
    assert len(report.mismatches) >= 5 and report.answered.all()


@pytest.mark.parametrize(
    ("constant", "layer"), [("conv1.weight", "conv1"), ("fc1.activation.scale", "fc1"), ("fc2.bias", "fc2")]
)
def test_another_ge_than_the_specifications_is_seen(tmp_path, constant, layer):
    """Negative control: the QONNX file changes after the integer model was read from it."""
    setup = tiny_setup(tmp_path)
    writer = QonnxWriter(setup.accelerator.moe.network)
    tensor = next(t for t in writer.model.graph.initializer if t.name == constant)
    writer.set_constant(constant, _doubled(tensor))
    writer.save(setup.ge)
    report = run_stage(setup, TorchStage(setup), image_set().images, Mode.GE_ONLY)
    assert report.first.layer == layer and report.mismatches[layer] > IMAGES // 2


def _doubled(tensor) -> np.ndarray:
    from onnx import numpy_helper

    return numpy_helper.to_array(tensor) * 2


def test_a_wrong_bank_is_seen(tmp_path):
    setup = tiny_setup(tmp_path)
    other = Setup(setup.accelerator, random_bank(setup.accelerator.moe, 1), setup.ge, None, setup.theta)
    report = run_stage(setup, TorchStage(other), image_set().images, Mode.LE_ONLY)
    assert report.first.layer == "le0_hidden"


def test_unknown_operators_are_refused(tmp_path):
    writer = QonnxWriter(tiny_setup(tmp_path).accelerator.moe.network)
    writer.find("conv2.relu").op_type = "Softmax"
    with pytest.raises(InputError, match="no operator Softmax"):
        QonnxModel(writer.save(tmp_path / "bad.onnx"))
    with pytest.raises(InputError, match="not a readable QONNX file"):
        QonnxModel(tmp_path / "none.onnx")


PRESET = {
    "name": "small_brevitas",
    "tap": "pool1",
    "image": {"height": 14, "width": 14, "channels": 1, "bits": 8},
    "arithmetic": {"activation_bits": 8, "bias_bits": 16},
    "layer": [
        {"name": "conv1", "kind": "conv", "channels": 4, "kernel": 3, "weight_bits": 6},
        {"name": "pool1", "kind": "pool", "size": 2},
        {"name": "conv2", "kind": "conv", "channels": 6, "kernel": 3, "weight_bits": 4},
        {"name": "pool2", "kind": "pool", "size": 2},
        {"name": "fc1", "kind": "dense", "features": 8, "weight_bits": 3},
        {"name": "fc2", "kind": "dense", "features": 7, "weight_bits": 4},
    ],
}


def test_brevitas_qonnx_pytorch_and_integers_agree(tmp_path):
    """The whole chain on a random Brevitas network: its own forward pass, the exported file, and the integers."""
    from golden.torch_model import build_float, quantise_from, to_pixels
    from training.export import export_network

    torch.manual_seed(0)
    images = tiny_images(IMAGES)
    pixels = to_pixels(images)
    model = quantise_from(PRESET, build_float(PRESET), pixels)
    model.eval()
    path = tmp_path / "brevitas.onnx"
    export_network(model, PRESET, path)
    with torch.no_grad():
        brevitas = model(pixels).value.double()
        brevitas_features = model.features(pixels).value.double()
    outputs = QonnxModel(path).run(pixels.double())
    assert torch.equal(outputs[-1].value, brevitas) and torch.equal(outputs[1].value, brevitas_features)
    network = read_qonnx(path)
    integers = NetworkModel(network).logits(images)
    assert (brevitas.numpy() / network.layers[-1].accumulator.scale == integers).all()
    moe = build_moe(network, GATES["general"], 1)
    setup = Setup(Accelerator(moe, None), random_bank(moe, 0), path)
    report = run_stage(setup, TorchStage(setup), images, Mode.MOE_PARALLEL)
    assert not report.differs, report.first
