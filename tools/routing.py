# SPDX-License-Identifier: Apache-2.0
"""When a router will not end: nextpnr goes on for ever although several nets want the same wires of a full chip."""

from __future__ import annotations

import re

_ITERATION = re.compile(r"\biter=\d+ wires=\d+ overused=(\d+)")
EARLIEST, PATIENCE = 20, 6  # iterations: before the first nothing is given up; without a better one after so many
NEARLY = 200  # wires: so few it will still resolve, in whatever number of iterations


def not_converging(log: str) -> str:
    """The sentence that says why router2 is not going to end; empty as long as it may.

    Args:
        log: nextpnr's so far; each iteration says how many wires more than one net wants.
    """
    overused = [int(count) for count in _ITERATION.findall(log)]
    if len(overused) < max(EARLIEST, PATIENCE + 1) or overused[-1] <= NEARLY:
        return ""
    best = min(overused[:-PATIENCE])
    if min(overused[-PATIENCE:]) < best:
        return ""
    return f"routing does not end: {overused[-1]:,} wires are wanted twice after {len(overused)} passes, once {best:,}"
