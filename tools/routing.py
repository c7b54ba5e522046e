# SPDX-License-Identifier: Apache-2.0
"""When a router will not end: nextpnr goes on for ever although several nets want the same wires of a full chip."""

from __future__ import annotations

import re

_ITERATION = re.compile(r"\biter=\d+ wires=\d+ overused=(\d+)")
EARLIEST, PATIENCE = 20, 6  # iterations: before the first nothing is given up; without a better one after so many
NEARLY, LONG = 200, 60  # wires: so few take many quick iterations, and are given up when so many brought nothing


def not_converging(log: str) -> str:
    """The sentence that says why router2 is not going to end; empty as long as it may.

    Args:
        log: nextpnr's so far; each iteration says how many wires more than one net wants.
    """
    overused = [int(count) for count in _ITERATION.findall(log)]
    patience = LONG if overused and overused[-1] <= NEARLY else PATIENCE
    if len(overused) < max(EARLIEST, patience + 1):
        return ""
    best = min(overused[:-patience])
    if min(overused[-patience:]) < best:
        return ""
    return f"routing does not end: {overused[-1]:,} wires are wanted twice after {len(overused)} passes, once {best:,}"
