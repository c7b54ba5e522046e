# SPDX-License-Identifier: Apache-2.0
"""Average pooling: ``average_pool``."""

from __future__ import annotations

from hw.gen.kinds.pool import PoolRtl

KIND = PoolRtl("average_pool", 1)
