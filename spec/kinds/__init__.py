# SPDX-License-Identifier: Apache-2.0
"""The kinds of layers: the one place that lists them.

The key is the name of the kind's module in the packages ``kinds`` of every floor: ``spec.kinds`` (what it is),
``golden.kinds`` (what it computes), ``hw.gen.kinds``, ``hw.cycles.kinds``, ``hls.kinds`` and
``verif.compare.kinds``. A new kind is one line here and one module in each of them; docs/adding-a-layer.md has the
steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from spec.errors import InputError
from spec.kinds.average_pool import AveragePool
from spec.kinds.conv import Convolution
from spec.kinds.dense import Dense
from spec.kinds.layer import Layer
from spec.kinds.matrix import MatrixLayer
from spec.kinds.max_average_pool import MaxAveragePool
from spec.kinds.max_pool import MaxPool
from spec.kinds.pool import PoolLayer

KINDS: dict[str, type[Layer]] = {
    "conv": Convolution,
    "dense": Dense,
    "max_pool": MaxPool,
    "average_pool": AveragePool,
    "max_average_pool": MaxAveragePool,
}


def kind_named(name: str) -> type[Layer]:
    """The kind that a network description calls ``name``.

    Raises:
        InputError: there is none, or it is no layer of a network.
    """
    for kind in KINDS.values():
        if name in kind.names:
            if not kind.in_network:
                raise kind.not_in_network(f"kind '{name}'")
            return kind
    known = ", ".join(kind.names[-1] for kind in KINDS.values() if kind.in_network)
    raise InputError(f"kind '{name}' is not supported; allowed are {known}")


def kind_of_operator(operator: str) -> type[Layer] | None:
    """The kind that begins with an ONNX operator, None when there is none."""
    return next((kind for kind in KINDS.values() if operator in kind.operators), None)


def pool_named(name: str) -> type[PoolLayer]:
    """The kind that a gate preset calls ``name`` as a pool.

    Raises:
        InputError: there is none.
    """
    pools: dict[str, Any] = {kind.pool: kind for kind in KINDS.values() if kind.pool}
    if name not in pools:
        raise InputError(f"pool_kind is '{name}', allowed are {', '.join(pools)}")
    return pools[name]


def weighted(layers: Iterable[Layer]) -> tuple[MatrixLayer, ...]:
    """The layers with weights."""
    return tuple(layer for layer in layers if layer.weighted)  # type: ignore[misc]


@cache
def implementation(package: str, kind: type[Layer]) -> Any:
    """What a floor knows of a kind: the object ``KIND`` of the module ``<package>.<name of the kind>``."""
    name = next(name for name, known in KINDS.items() if known is kind)
    return import_module(f"{package}.{name}").KIND
