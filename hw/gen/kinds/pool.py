# SPDX-License-Identifier: Apache-2.0
"""What the modules of the pools share: ports, parameters, lanes and interval of ``max_pool``."""

from __future__ import annotations

from hw.gen.kinds import Instance, RtlKind
from spec.kinds.data import LayerFolding
from spec.kinds.pool import PoolLayer


class PoolRtl(RtlKind):
    """A pool is the module ``module``, and ``number`` where a parameter chooses among pools (see pooled_words)."""

    def __init__(self, module: str, number: int) -> None:
        self.module, self.number = module, number

    def instance(self, layer: PoolLayer, folding: LayerFolding | None, lanes: int) -> Instance:
        """See :class:`hw.gen.kinds.RtlKind`."""
        s = layer.in_shape
        parameters = {
            "Height": s.height,
            "Width": s.width,
            "WordsPerPixel": s.channels // lanes,
            "Lanes": lanes,
            "ActW": layer.activation.bits,
            "Size": layer.size,
        }
        return Instance(self.module, parameters)
