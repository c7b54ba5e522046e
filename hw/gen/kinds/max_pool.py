# SPDX-License-Identifier: Apache-2.0
"""Max pooling: ``max_pool``."""

from __future__ import annotations

from dataclasses import replace

from hw.gen.kinds import Instance
from hw.gen.kinds.pool import PoolRtl


class MaxPoolRtl(PoolRtl):
    """Has time for a register when words come apart."""

    def behind_words_apart(self, instance: Instance) -> Instance:
        """See :class:`hw.gen.kinds.RtlKind`."""
        return replace(instance, parameters=instance.parameters | {"Apart": 1})


KIND = MaxPoolRtl("max_pool", 0)
