# SPDX-License-Identifier: Apache-2.0
"""Dense layer with frozen weights: ``dense_layer``."""

from __future__ import annotations

from hw.gen.kinds import Instance
from hw.gen.kinds.matrix import MatrixRtl, matrix_parameters
from spec.kinds.data import LayerFolding
from spec.kinds.dense import Dense


class _Dense(MatrixRtl):
    def instance(self, layer: Dense, folding: LayerFolding | None, lanes: int) -> Instance:
        parameters = {
            "Inputs": layer.inputs,
            "Outputs": layer.outputs,
            "Requant": f"1'b{int(layer.output is not None)}",
            "Shift": layer.shift,
            "OutW": layer.out_type.bits,
            **matrix_parameters(layer, folding, lanes),
        }
        return Instance("dense_layer", parameters)


KIND = _Dense()
