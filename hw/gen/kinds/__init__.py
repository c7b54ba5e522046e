# SPDX-License-Identifier: Apache-2.0
"""How each kind of layer stands in SystemVerilog.

One module for each entry of :data:`spec.kinds.KINDS`, with an object ``KIND``. Every module has the ports ``clk_i``,
``rst_ni``, ``in_valid_i``, ``in_ready_o``, ``in_data_i``, ``out_valid_o``, ``out_ready_i``, ``out_data_o``; a kind with
weights has ``activity_o`` besides, and is kept apart in synthesis.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from spec.kinds import implementation
from spec.kinds.data import LayerFolding, LayerWeights
from spec.kinds.layer import Layer


@dataclass(frozen=True)
class Instance:
    """A module and its parameters."""

    module: str
    parameters: dict[str, object]


class RtlKind(ABC):
    """One kind of layer. ``folding`` is None for a kind without weights, ``lanes`` the values of an input word."""

    @abstractmethod
    def instance(self, layer: Any, folding: LayerFolding | None, lanes: int) -> Instance:
        """What stands in the chain of layers."""

    def behind_words_apart(self, instance: Instance) -> Instance:
        """What stands there when the words that enter come every other cycle at most: the same."""
        return instance

    def modules(
        self, layer: Any, folding: LayerFolding | None, lanes: int, weights: LayerWeights | None
    ) -> dict[str, str]:
        """Name and text of modules that are generated for this very layer."""
        return {}

    def memories(self, layer: Any, folding: LayerFolding | None, weights: LayerWeights | None) -> dict[str, str]:
        """File name and $readmemh text of every constant memory."""
        return {}


def rtl_kind(layer: Layer) -> RtlKind:
    """What this floor knows of a layer's kind."""
    return implementation(__name__, type(layer))
