# SPDX-License-Identifier: Apache-2.0
"""hls4ml's configuration of one part, from the specification and the folding, and the check that hls4ml kept it.

hls4ml infers what is not given (accumulators from types, results from Quant nodes) and changes some of what is given
(reuse factors). So every type is set here, and after the conversion every type is read back and compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hls.hls4ml_qonnx import EXTRA_INPUT, INPUT, hls4ml_name, input_type
from spec.fixedpoint import FixedPoint
from spec.folding import LayerFolding, input_words, output_words
from spec.network import Layer, LayerWeights, MatrixLayer, PoolLayer, activation_type

if TYPE_CHECKING:
    import onnx
    from hls4ml.model import ModelGraph

_REQUANTISED = ",RND_CONV,SAT"  # the specification's requantisation: round half to even, saturate
_EXACT = ",TRN,WRAP"  # a type that is wide enough never to round or overflow needs no logic for it
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
        return tuple(layer for layer in self.layers if isinstance(layer, MatrixLayer))

    @property
    def extra_inputs(self) -> int:
        """Values of the second input, 0 without one."""
        return sum(layer.extra_inputs for layer in self.matrix_layers)


def precision(kind: FixedPoint, modes: str = _EXACT) -> str:
    """hls4ml's name of a type, for example ``ufixed<8,1,RND_CONV,SAT>``."""
    return f"{'' if kind.signed else 'u'}fixed<{kind.bits},{kind.bits - kind.fraction_bits}{modes}>"


def reuse_factor(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Products that one multiplier forms for one output position: the initiation interval asked for, in cycles."""
    return 1 if folding.graph else input_words(layer, folding) * output_words(layer, folding)


def strategy(folding: LayerFolding) -> str:
    """hls4ml's strategy: an adder graph is distributed arithmetic; folded layers share multipliers."""
    return "distributed_arithmetic" if folding.graph else "Resource"


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
        kind = input_type(part.layers[0]) if name == INPUT else _extra_type(part)
        by_name[name]["Precision"]["result"] = precision(kind, _REQUANTISED)
    for layer in part.layers:
        by_name[layer.name]["Trace"] = True
        if isinstance(layer, PoolLayer):
            continue
        folding = part.folding[layer.name]
        by_name[layer.name] |= {
            "Strategy": strategy(folding),
            "ReuseFactor": reuse_factor(layer, folding),
            "Precision": {
                "weight": precision(layer.weight),
                "bias": precision(layer.bias),
                "accum": precision(layer.accumulator),
                # Comes from the Quant node: hls4ml merges it, and the bias, only into a layer with an open result.
                "result": "auto",
            },
        }
    return config


def _extra_type(part: Part) -> FixedPoint:
    return next(layer.input for layer in part.matrix_layers if layer.extra_inputs)


def expected_types(part: Part) -> Iterator[tuple[Layer, str, str]]:
    """What must be found in the converted model: (layer, hls4ml's name of the type, precision).

    Weights and biases are constants that their types hold exactly, so their rounding modes, which hls4ml takes from
    the Quant nodes, are not part of the precision.
    """
    for layer in part.layers:
        yield layer, "result_t", precision(activation_type(layer), _REQUANTISED)
        # hls4ml folds the constants of an adder graph into the generated code: no types are left to check.
        if isinstance(layer, MatrixLayer) and not part.folding[layer.name].graph:
            yield layer, "accum_t", precision(layer.accumulator)
            yield layer, "weight_t", precision(layer.weight, "")
            yield layer, "bias_t", precision(layer.bias, "")


def check_precisions(part: Part, model: ModelGraph) -> None:
    """Compare every type of a converted model with the specification.

    Raises:
        PrecisionError: names the first layer that differs, the type found and the type of the specification; or a
            layer that hls4ml added and that the specification does not have.
    """
    layers = {layer.name: layer for layer in model.get_layers()}
    for layer, kind, expected in expected_types(part):
        name = hls4ml_name(layer)
        if name not in layers:
            raise PrecisionError(f"layer {layer.name}: hls4ml generated no {name}, only {', '.join(layers)}")
        found = _found(layers[name], kind, with_modes="RND" in expected or "TRN" in expected)
        if found != expected:
            raise PrecisionError(f"layer {layer.name}: {kind} is {found} in hls4ml, {expected} in the specification")
    known = {hls4ml_name(layer) for layer in part.layers}
    added = [x.name for x in layers.values() if x.name not in known and x.class_name not in _WIRING]
    if added:
        raise PrecisionError(f"part {part.name}: hls4ml added the layer {added[0]}, which the specification lacks")


def _found(layer, kind: str, with_modes: bool) -> str:
    if kind not in layer.types:
        return "missing"
    found = layer.types[kind].precision
    point = FixedPoint(found.width, found.signed, found.width - found.integer)
    return precision(point, f",{found.rounding_mode},{found.saturation_mode}" if with_modes else "")
