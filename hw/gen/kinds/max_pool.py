# SPDX-License-Identifier: Apache-2.0
"""Max pooling: ``max_pool``."""

from __future__ import annotations

from hw.gen.kinds.pool import PoolRtl

KIND = PoolRtl("max_pool", 0)
