# SPDX-License-Identifier: Apache-2.0
"""What convolutions and dense layers share: folding, types, and hls4ml's strategy and precisions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from hls.cpp import constants, cpp_type, struct
from hls.hls4ml_types import precision, reuse_factor, strategy
from hls.kinds import Cost, Graph, HlsKind
from spec.errors import InputError
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.matrix import MatrixLayer


class MatrixHls(HlsKind):
    """Kinds with weights."""

    hls4ml_class: ClassVar[str]

    @abstractmethod
    def sizes(self, layer: Any) -> dict[str, int]:
        """Members of the description that only this kind has."""

    @abstractmethod
    def comment(self, layer: Any) -> str:
        """The kind with its shapes."""

    @abstractmethod
    def product(self, graph: Graph, layer: Any, weights: LayerWeights, value: str, bias: str, output: str) -> str:
        """Write the product and its bias as QONNX; returns ``output``."""

    def description(self, layer: MatrixLayer, folding: LayerFolding | None, lanes: int) -> str:
        """See :class:`hls.kinds.HlsKind`."""
        numbers = {
            "kInLanes": lanes,
            "kInputs": layer.inputs - layer.extra_inputs,
            "kOutputs": layer.outputs,
            "kPositions": layer.positions,
            "kPe": folding.pe,
            "kSimd": folding.simd,
            "kWords": layer.input_words(folding),
            "kFolds": layer.output_words(folding),
            **self.sizes(layer),
        }
        types = {
            "input_t": cpp_type(layer.input, rounding=True),
            "weight_t": f"ap_int<{layer.weight.bits}>",
            "bias_t": f"ap_int<{layer.bias.bits}>",
            "acc_t": cpp_type(layer.accumulator),
            "output_t": cpp_type(layer.out_type, rounding=not layer.raw),
        }
        body = constants(numbers)
        body.append(f"  static const bool kLut = {'true' if folding.lut or folding.graph else 'false'};")
        body += [f"  typedef {value} {key};" for key, value in types.items()]
        comment = f"{self.comment(layer)}; weights {layer.weight}, biases {layer.bias}, as integers."
        return struct(layer.name, comment, body)

    def cost(self, layer: MatrixLayer, folding: LayerFolding | None, lanes: int) -> Cost:
        """See :class:`hls.kinds.HlsKind`."""
        bits = layer.weights * layer.weight.bits + layer.outputs * layer.bias.bits
        return Cost(
            folding.pe, folding.simd, str(layer.weight), str(layer.accumulator), folding.multiplier,
            layer.weights, bits, folding.multiplier_blocks,
        )  # fmt: skip

    def hls4ml_name(self, layer: MatrixLayer) -> str:
        """See :class:`hls.kinds.HlsKind`."""
        return f"{self.hls4ml_class}_{layer.name}"

    def nodes(self, graph: Graph, layer: MatrixLayer, weights: LayerWeights | None, value: str) -> str:
        """See :class:`hls.kinds.HlsKind`."""
        if not (layer.weight.contains(weights.weight) and layer.bias.contains(weights.bias)):
            raise InputError(f"layer {layer.name}: has weights outside {layer.weight} or biases outside {layer.bias}")
        bias = graph.parameter(f"{layer.name}_bias", weights.bias, layer.bias)
        value = self.product(graph, layer, weights, value, bias, f"{layer.name}_accumulator")
        return graph.quant(value, self.hls4ml_name(layer), layer.out_type, f"{layer.name}_quant")

    def settings(self, layer: MatrixLayer, folding: LayerFolding | None) -> dict[str, dict[str, Any]]:
        """See :class:`hls.kinds.HlsKind`."""
        settings = {
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
        return {layer.name: settings}

    def types(self, layer: MatrixLayer, folding: LayerFolding | None) -> Iterator[tuple[str, str, str]]:
        """See :class:`hls.kinds.HlsKind`.

        Weights and biases are constants that their types hold exactly, so their rounding modes, which hls4ml takes
        from the Quant nodes, are not part of the precision.
        """
        # hls4ml folds the constants of an adder graph into the generated code: no types are left to check.
        if not folding.graph:
            name = self.hls4ml_name(layer)
            yield name, "accum_t", precision(layer.accumulator)
            yield name, "weight_t", precision(layer.weight, "")
            yield name, "bias_t", precision(layer.bias, "")
