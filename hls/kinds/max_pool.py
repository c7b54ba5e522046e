# SPDX-License-Identifier: Apache-2.0
"""Max pooling: ``max_pool``."""

from __future__ import annotations

from hls.kinds.pool import PoolHls

KIND = PoolHls("max_pool", "MaxPool")
