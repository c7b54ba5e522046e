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

from golden.kinds import golden_kind
from spec.errors import InputError
from spec.kinds import kind_named
from spec.kinds.data import Shape
from spec.network import Network as NetworkSpec

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
    return _build(preset, None)


def build_quantised(preset: Preset) -> Network:
    """The quantisation-aware twin of :func:`build_float`: same layer names, so float weights load by name."""
    return _build(preset, _Quantisers(preset))


def preset_of(network: NetworkSpec) -> Preset:
    """The preset that a network could have been trained from: its layers' names, kinds and sizes, without widths."""
    shape = network.in_shape
    layers = [{"name": layer.name, **layer.entry()} for layer in network.layers]
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


class _Quantisers:
    """Quantisers of the quantisation-aware network; for the kinds of layers a :class:`golden.kinds.Quantisers`."""

    qnn = qnn

    def __init__(self, preset: Preset) -> None:
        self.activation_bits = preset["arithmetic"]["activation_bits"]
        self.bias_bits = preset["arithmetic"]["bias_bits"]
        # A constant full scale of 1.0 at b unsigned bits is the scale 2^-b.
        self.last: nn.Module = qnn.QuantIdentity(
            act_quant=Uint8ActPerTensorFixedPoint,
            bit_width=preset["image"]["bits"],
            scaling_impl_type="const",
            scaling_init=1.0,
            return_quant_tensor=True,
        )

    def relu(self) -> nn.Module:
        """A new ReLU, which from here on is the last quantiser."""
        self.last = qnn.QuantReLU(
            act_quant=Uint8ActPerTensorFixedPoint,
            bit_width=self.activation_bits,
            collect_stats_steps=CALIBRATION_BATCHES,
            return_quant_tensor=True,
        )
        return self.last

    def weights(self, entry: Preset) -> dict[str, Any]:
        """Arguments of a layer with weights."""
        return {
            "weight_quant": Int8WeightPerTensorFixedPoint,
            "weight_bit_width": entry["weight_bits"],
            "bias_quant": Int16Bias,
            "bias_bit_width": self.bias_bits,
            "return_quant_tensor": True,
        }


def _build(preset: Preset, quantisers: _Quantisers | None) -> Network:
    """Chain the preset's layers; ReLU follows every convolution and dense layer except the last."""
    network = Network(preset["tap"])
    if quantisers is not None:
        network.add_module("pixels", quantisers.last)
    image = preset["image"]
    shape, flat = Shape(image["height"], image["width"], image["channels"]), False
    layers = preset["layer"]
    for entry in layers:
        name = entry["name"]
        try:
            kind = kind_named(entry["kind"])
        except InputError as error:
            raise InputError(f"layer '{name}': {error}") from None
        if kind.image_only and flat:
            raise InputError(f"layer '{name}': a {entry['kind']} layer cannot follow a dense layer")
        if not kind.image_only and not flat:
            network.add_module("flatten", nn.Flatten())
            flat = True
        behind, golden = kind.shape_after(entry, shape), golden_kind(kind)
        if quantisers is None:
            network.add_module(name, golden.float_module(entry, shape))
        else:
            network.add_module(name, golden.quantised_module(entry, shape, quantisers))
        if golden.relu and entry is not layers[-1]:
            network.add_module(f"{name}_relu", nn.ReLU() if quantisers is None else quantisers.relu())
        shape = behind
    return network
