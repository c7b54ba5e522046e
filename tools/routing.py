# SPDX-License-Identifier: Apache-2.0
"""When a router will not end: nextpnr goes on for ever although several nets want the same wires of a full chip."""

from __future__ import annotations

import re

_ITERATION = re.compile(r"\biter=\d+ wires=\d+ overused=(\d+)(?:.*\btmgfail=(\d+))?")
EARLIEST, PATIENCE = 20, 6  # iterations: before the first nothing is given up; without a better one after so many
NEARLY, LONG = (
    200,
    60,
)  # wires or late ends: so few take many quick iterations, and are given up when so many brought nothing


def _passes(log: str) -> list[tuple[int, int]]:
    """Of each iteration, how many wires more than one net wants, and at how many ends of nets a signal is late."""
    return [(int(overused), int(late or 0)) for overused, late in _ITERATION.findall(log)]


def not_converging(log: str) -> str:
    """The sentence that says why router2 is not going to end; empty as long as it may.

    Args:
        log: nextpnr's so far.
    """
    passes = _passes(log)
    left = [sum(one) for one in passes]
    patience = LONG if left and left[-1] <= NEARLY else PATIENCE
    if len(left) < max(EARLIEST, patience + 1):
        return ""
    best = min(left[:-patience])
    if min(left[-patience:]) < best:
        return ""
    overused, late = passes[-1]
    ends = f" and {late:,} ends of nets late" if late else ""
    return f"routing does not end: {overused:,} wires are wanted twice{ends} after {len(left)} passes, once {best:,}"


def late(log: str) -> bool:
    """Whether router2 was still taking nets up again because of their timing."""
    passes = _passes(log)
    return bool(passes) and passes[-1][1] > 0
