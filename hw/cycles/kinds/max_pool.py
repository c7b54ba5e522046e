# SPDX-License-Identifier: Apache-2.0
"""Max pooling: ``max_pool``."""

from __future__ import annotations

from hw.cycles.kinds.pool import PoolCycles
from hw.cycles.pools import pool

KIND = PoolCycles(pool)
