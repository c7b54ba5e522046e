# SPDX-License-Identifier: Apache-2.0
"""Maximum and average of each window: ``max_average_pool``."""

from __future__ import annotations

from hw.cycles.kinds.pool import PoolCycles
from hw.cycles.pools import max_average_pool

KIND = PoolCycles(max_average_pool)
