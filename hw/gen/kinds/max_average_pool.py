# SPDX-License-Identifier: Apache-2.0
"""Maximum and average of each window: ``max_average_pool``."""

from __future__ import annotations

from hw.gen.kinds.pool import PoolRtl

KIND = PoolRtl("max_average_pool", 2)
