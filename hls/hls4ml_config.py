# SPDX-License-Identifier: Apache-2.0
"""hls4ml's configuration of one part, from the specification and the folding, and the check that hls4ml kept it.

hls4ml infers what is not given (accumulators from types, results from Quant nodes) and changes some of what is given
(reuse factors). So every type is set here, and after the conversion every type is read back and compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hls.hls4ml_qonnx import EXTRA_INPUT, INPUT, hls4ml_name
from hls.hls4ml_types import REQUANTISED, precision
from hls.kinds import hls_kind
from spec.fixedpoint import FixedPoint
from spec.kinds import weighted
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer

if TYPE_CHECKING:
    import onnx
    from hls4ml.model import ModelGraph

_WIRING = ("Input", "Reshape", "Repack", "Clone", "Concatenate")  # hls4ml's layers that only move values


class PrecisionError(RuntimeError):
    """hls4ml generated another type than the specification's."""


@dataclass(frozen=True)
class Part:
    """One hls4ml project: consecutive layers with constant weights, and the folding of its matrix layers by name.

    ``name`` is a C identifier; the generated function is called ``hls4ml_<name>``.
    """

    name: str
    layers: tuple[Layer, ...]
    weights: dict[str, LayerWeights] = field(repr=False)
    folding: dict[str, LayerFolding]

    @property
    def function(self) -> str:
        """Name of the generated top function."""
        return f"hls4ml_{self.name}"

    @property
    def matrix_layers(self) -> tuple[MatrixLayer, ...]:
        """The layers with weights."""
        return weighted(self.layers)

    @property
    def extra_inputs(self) -> int:
        """Values of the second input, 0 without one."""
        return sum(layer.extra_inputs for layer in self.matrix_layers)


def configure(part: Part, model: onnx.ModelProto) -> dict:
    """The configuration (``hls_config``) of a part, with every precision, strategy and reuse factor set.

    Args:
        part: what to generate.
        model: the part as QONNX.
    """
    from hls4ml.utils import config_from_onnx_model

    config = config_from_onnx_model(model, granularity="name", backend="Vitis", default_reuse_factor=1)
    config["Model"]["Strategy"] = "Resource"
    by_name = config["LayerName"]
    for settings in by_name.values():  # constants, Quant nodes: their types follow from the Quant nodes
        settings["Precision"] = dict.fromkeys(settings["Precision"], "auto")
    for name in (INPUT, EXTRA_INPUT) if part.extra_inputs else (INPUT,):
        # Equal to the input's Quant node, which hls4ml then removes as having no effect.
        kind = part.layers[0].input if name == INPUT else _extra_type(part)
        by_name[name]["Precision"]["result"] = precision(kind, REQUANTISED)
    for layer in part.layers:
        by_name[layer.name]["Trace"] = True
        for name, settings in hls_kind(layer).settings(layer, part.folding.get(layer.name)).items():
            by_name[name] |= settings
    return config


def _extra_type(part: Part) -> FixedPoint:
    return next(layer.input for layer in part.matrix_layers if layer.extra_inputs)


def expected_types(part: Part) -> Iterator[tuple[Layer, str, str, str]]:
    """What must be found in the converted model: (layer, hls4ml's names of layer and type, precision)."""
    for layer in part.layers:
        yield layer, hls4ml_name(layer), "result_t", precision(layer.out_type, REQUANTISED)
        for name, kind, expected in hls_kind(layer).types(layer, part.folding.get(layer.name)):
            yield layer, name, kind, expected


def check_precisions(part: Part, model: ModelGraph) -> None:
    """Compare every type of a converted model with the specification.

    Raises:
        PrecisionError: names the first layer that differs, the type found and the type of the specification; or a
            layer that hls4ml added and that the specification does not have.
    """
    layers = {layer.name: layer for layer in model.get_layers()}
    known = set()
    for layer, name, kind, expected in expected_types(part):
        known.add(name)
        if name not in layers:
            raise PrecisionError(f"layer {layer.name}: hls4ml generated no {name}, only {', '.join(layers)}")
        found = _found(layers[name], kind, with_modes="RND" in expected or "TRN" in expected)
        if found != expected:
            raise PrecisionError(f"layer {layer.name}: {kind} is {found} in hls4ml, {expected} in the specification")
    added = [x.name for x in layers.values() if x.name not in known and x.class_name not in _WIRING]
    if added:
        raise PrecisionError(f"part {part.name}: hls4ml added the layer {added[0]}, which the specification lacks")


def _found(layer, kind: str, with_modes: bool) -> str:
    if kind not in layer.types:
        return "missing"
    found = layer.types[kind].precision
    point = FixedPoint(found.width, found.signed, found.width - found.integer)
    return precision(point, f",{found.rounding_mode},{found.saturation_mode}" if with_modes else "")
