# SPDX-License-Identifier: Apache-2.0
"""The global expert in PyTorch: a float module and its quantisation-aware twin, both built from a network
preset.

Arithmetic of the twin (the contract that the integer golden model and the RTL reproduce bit for bit):

* pixels are unsigned 8-bit with the constant scale 2^-8: value = byte / 256;
* weights are signed with one power-of-two scale per layer, at the preset's width;
* activations after ReLU are unsigned with one power-of-two scale per layer; max pooling keeps the scale;
* a bias lies on the accumulator's scale, scale_in * scale_weight;
* every rounding is half to even, every overflow saturates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.quant import Int8WeightPerTensorFixedPoint, Int16Bias, Uint8ActPerTensorFixedPoint
from torch import Tensor, nn

from spec import network as spec
from spec.errors import InputError

CALIBRATION_BATCHES = 8
"""Batches that set the initial activation scales; afterwards a scale is an ordinary learned parameter."""

Preset = Mapping[str, Any]


class Network(nn.Sequential):
    """A chain of named layers; ``tap`` names the child whose output the local experts and the gate read."""

    def __init__(self, tap: str) -> None:
        super().__init__()
        self.tap = tap

    def features(self, pixels: Tensor) -> Tensor:
        """Output of the tap layer: (N, channels, height, width); a QuantTensor for a quantised network."""
        value = pixels
        for name, layer in self.named_children():
            value = layer(value)
            if name == self.tap:
                return value
        raise InputError(f"the network preset taps '{self.tap}', which is none of its layers")


def build_float(preset: Preset) -> Network:
    """The float network of a preset: (N, channels, height, width) in [0, 1) to (N, classes) logits."""
    return _build(preset, _FloatLayers())


def build_quantised(preset: Preset) -> Network:
    """The quantisation-aware twin of :func:`build_float`: same layer names, so float weights load by name."""
    return _build(preset, _QuantisedLayers(preset))


def preset_of(network: spec.Network) -> Preset:
    """The preset that a network could have been trained from: its layers' names, kinds and sizes, without widths."""
    shape = network.in_shape
    layers: list[dict[str, Any]] = []
    for layer in network.layers:
        if isinstance(layer, spec.PoolLayer):
            layers.append({"name": layer.name, "kind": "pool", "size": layer.size})
        elif layer.kernel is None:
            layers.append({"name": layer.name, "kind": "dense", "features": layer.outputs})
        else:
            layers.append({"name": layer.name, "kind": "conv", "channels": layer.outputs, "kernel": layer.kernel})
    image = {"height": shape.height, "width": shape.width, "channels": shape.channels, "bits": network.pixel.bits}
    return {"name": network.name, "tap": network.tap, "image": image, "layer": layers}


def to_pixels(images: np.ndarray, bits: int = 8) -> Tensor:
    """uint8 images (N, 28, 28) as float32 (N, 1, 28, 28): byte / 2^bits, exact in float32."""
    return torch.from_numpy(np.ascontiguousarray(images)).unsqueeze(1).float() / 2**bits


def quantise_from(preset: Preset, float_model: nn.Module, calibration: Tensor) -> Network:
    """A quantised network that starts from float weights, its activation scales set from calibration data.

    Args:
        calibration: float32 (N, channels, height, width) pixels; split into ``CALIBRATION_BATCHES`` batches.
    """
    model = build_quantised(preset)
    missing, unexpected = model.load_state_dict(float_model.state_dict(), strict=False)
    lost = [name for name in missing if name.endswith((".weight", ".bias"))] + list(unexpected)
    if lost:
        raise InputError(f"the float model does not fit the network preset: {', '.join(lost)} differ")
    # The scales only collect statistics in training mode, and leave that state after this many batches.
    # Doing it here, before training, keeps the whole state of a later checkpoint in the state dictionary.
    model.train()
    with torch.no_grad():
        for batch in torch.chunk(calibration, CALIBRATION_BATCHES):
            model(batch)
    return model


class _FloatLayers:
    """Layer factory of the float network."""

    def input(self) -> nn.Module | None:
        return None

    def conv(self, channels_in: int, layer: Preset) -> nn.Module:
        return nn.Conv2d(channels_in, layer["channels"], layer["kernel"])

    def dense(self, features_in: int, layer: Preset) -> nn.Module:
        return nn.Linear(features_in, layer["features"])

    def relu(self) -> nn.Module:
        return nn.ReLU()


class _QuantisedLayers:
    """Layer factory of the quantisation-aware network."""

    def __init__(self, preset: Preset) -> None:
        self.pixel_bits = preset["image"]["bits"]
        self.activation_bits = preset["arithmetic"]["activation_bits"]
        self.bias_bits = preset["arithmetic"]["bias_bits"]

    def input(self) -> nn.Module:
        # A constant full scale of 1.0 at b unsigned bits is the scale 2^-b.
        return qnn.QuantIdentity(
            act_quant=Uint8ActPerTensorFixedPoint,
            bit_width=self.pixel_bits,
            scaling_impl_type="const",
            scaling_init=1.0,
            return_quant_tensor=True,
        )

    def conv(self, channels_in: int, layer: Preset) -> nn.Module:
        return qnn.QuantConv2d(channels_in, layer["channels"], layer["kernel"], bias=True, **self._weights(layer))

    def dense(self, features_in: int, layer: Preset) -> nn.Module:
        return qnn.QuantLinear(features_in, layer["features"], bias=True, **self._weights(layer))

    def relu(self) -> nn.Module:
        return qnn.QuantReLU(
            act_quant=Uint8ActPerTensorFixedPoint,
            bit_width=self.activation_bits,
            collect_stats_steps=CALIBRATION_BATCHES,
            return_quant_tensor=True,
        )

    def _weights(self, layer: Preset) -> dict[str, Any]:
        return {
            "weight_quant": Int8WeightPerTensorFixedPoint,
            "weight_bit_width": layer["weight_bits"],
            "bias_quant": Int16Bias,
            "bias_bit_width": self.bias_bits,
            "return_quant_tensor": True,
        }


def _build(preset: Preset, factory: _FloatLayers | _QuantisedLayers) -> Network:
    """Chain the preset's layers; ReLU follows every convolution and dense layer except the last."""
    network = Network(preset["tap"])
    quantiser = factory.input()
    if quantiser is not None:
        network.add_module("pixels", quantiser)
    image = preset["image"]
    channels, height, width = image["channels"], image["height"], image["width"]
    features: int | None = None  # set once the chain is flat
    layers = preset["layer"]
    for layer in layers:
        name, kind = layer["name"], layer["kind"]
        if kind in ("conv", "pool") and features is not None:
            raise InputError(f"layer '{name}': a {kind} layer cannot follow a dense layer")
        if kind == "conv":
            network.add_module(name, factory.conv(channels, layer))
            channels, height, width = (
                layer["channels"],
                height - layer["kernel"] + 1,
                width - layer["kernel"] + 1,
            )
        elif kind == "pool":
            if height % layer["size"] or width % layer["size"]:
                raise InputError(f"layer '{name}': a window of {layer['size']} does not divide {height}x{width}")
            network.add_module(name, nn.MaxPool2d(layer["size"]))
            height, width = height // layer["size"], width // layer["size"]
        elif kind == "dense":
            if features is None:
                network.add_module("flatten", nn.Flatten())
                features = channels * height * width
            network.add_module(name, factory.dense(features, layer))
            features = layer["features"]
        else:
            raise InputError(f"layer '{name}': kind '{kind}' is not supported; allowed are conv, pool and dense")
        if kind != "pool" and layer is not layers[-1]:
            network.add_module(f"{name}_relu", factory.relu())
    return network
