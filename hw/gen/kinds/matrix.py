# SPDX-License-Identifier: Apache-2.0
"""What the modules of convolutions and dense layers share: folding, types and memories."""

from __future__ import annotations

from hw.gen.kinds import RtlKind
from hw.gen.memory import hex_lines
from spec.folding import pack_bias, pack_weights
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.matrix import MatrixLayer

MULTIPLIER = {"dsp": 0, "lut": 1, "dsp_pair": 2}  # as numbered by mvu_products


def memory_files(name: str, layer: MatrixLayer, folding: LayerFolding, weights: LayerWeights) -> dict[str, str]:
    """File name and $readmemh text of the weight and the bias memory ``name``."""
    return {
        f"{name}_weight.mem": hex_lines(pack_weights(layer, folding, weights.weight), layer.weight.bits),
        f"{name}_bias.mem": hex_lines(pack_bias(layer, folding, weights.bias), layer.bias.bits),
    }


def matrix_parameters(layer: MatrixLayer, folding: LayerFolding, lanes: int) -> dict[str, object]:
    """Parameters that conv_layer and dense_layer have in common."""
    return {
        "InLanes": lanes,
        "Pe": folding.pe,
        "Simd": folding.simd,
        "ActW": layer.input.bits,
        "WgtW": layer.weight.bits,
        "BiasW": layer.bias.bits,
        "AccW": layer.accumulator.bits,
        "Multiplier": MULTIPLIER[folding.multiplier],
        "WeightFile": f'"{layer.name}_weight.mem"',
        "BiasFile": f'"{layer.name}_bias.mem"',
    }


class MatrixRtl(RtlKind):
    """A kind whose weights stand in memories, except in an adder graph."""

    def memories(
        self, layer: MatrixLayer, folding: LayerFolding | None, weights: LayerWeights | None
    ) -> dict[str, str]:
        """See :class:`hw.gen.kinds.RtlKind`."""
        return {} if folding.graph else memory_files(layer.name, layer, folding, weights)
