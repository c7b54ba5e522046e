# SPDX-License-Identifier: Apache-2.0
"""cocotb bench with an assertion that fails and says nothing by itself."""

from __future__ import annotations

from typing import Any

import cocotb


@cocotb.test()
async def fails(dut: Any) -> None:
    """Two numbers differ."""
    found, expected = 17 + 2, 23
    assert found == expected
