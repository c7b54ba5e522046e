# SPDX-License-Identifier: Apache-2.0
"""Max pooling: ``max_pool``."""

from __future__ import annotations

from hw.cycles.engine import Stream
from hw.cycles.kinds.pool import PoolCycles
from hw.cycles.pools import pool
from hw.cycles.registers import taken_later
from hw.cycles.timing import Timing


class MaxPoolCycles(PoolCycles):
    """With ``Apart``, see ``max_pool.sv``."""

    def behind_words_apart(self, t: Timing, source: Stream) -> None:
        """See :class:`hw.cycles.kinds.CycleKind`."""
        taken_later(t, source)


KIND = MaxPoolCycles(pool)
