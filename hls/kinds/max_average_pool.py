# SPDX-License-Identifier: Apache-2.0
"""Maximum and average of each window: ``max_average_pool``, and in hls4ml both pools and a concatenation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hls.hls4ml_types import REQUANTISED, precision
from hls.kinds import Cost, Graph, hls_kind
from hls.kinds.pool import PoolHls, Process
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.max_average_pool import MaxAveragePool
from spec.kinds.pool import PoolLayer

CHANNELS = 3  # the axis of (image, row, column, channel)


class _MaxAveragePool(PoolHls):
    def processes(self) -> tuple[Process, ...]:
        return (
            Process("_copy", "copy_features", outputs=("to_max", "to_average")),
            Process("_max", "max_pool", ("to_max",), ("maxima",)),
            Process("_average", "average_pool", ("to_average",), ("averages",)),
            Process("_append", "append_windows", ("maxima", "averages")),
        )

    def numbers(self, layer: MaxAveragePool) -> dict[str, int]:
        return hls_kind(layer.average).numbers(layer.average)

    def cost(self, layer: MaxAveragePool, folding: LayerFolding | None, lanes: int) -> Cost:
        return hls_kind(layer.average).cost(layer.average, folding, lanes)

    def nodes(self, graph: Graph, layer: MaxAveragePool, weights: LayerWeights | None, value: str) -> str:
        halves = [hls_kind(half).nodes(graph, half, weights, value) for half in _halves(layer)]
        return graph.node(self.operator, halves, layer.name, layer.name, [1, *layer.dims], axis=CHANNELS)

    def settings(self, layer: MaxAveragePool, folding: LayerFolding | None) -> dict[str, dict[str, Any]]:
        result = {layer.name: {"Precision": {"result": precision(layer.out_type, REQUANTISED)}}}
        for half in _halves(layer):
            result |= hls_kind(half).settings(half, folding)
        return result

    def types(self, layer: MaxAveragePool, folding: LayerFolding | None) -> Iterator[tuple[str, str, str]]:
        for half in _halves(layer):
            yield half.name, "result_t", precision(half.out_type, REQUANTISED)
            yield from hls_kind(half).types(half, folding)


def _halves(layer: MaxAveragePool) -> tuple[PoolLayer, PoolLayer]:
    """The pools in the order of their channels."""
    return layer.maximum, layer.average


KIND = _MaxAveragePool("max_average_pool", "Concat")
