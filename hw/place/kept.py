# SPDX-License-Identifier: Apache-2.0
"""What is kept of whole devices that were routed: the records of a design, and the one clock that each can run at."""

from __future__ import annotations

from collections.abc import Mapping


def of_design(kept: Mapping[str, Mapping], design: str) -> list[Mapping]:
    """Records of a whole device, alone or on a board, the fastest first."""
    names = (one for one in kept.values() if one["module"] is None)
    found = [one for one in names if one["design"] == design or one["design"].startswith(f"{design}.")]
    return sorted(found, key=system_mhz, reverse=True)


def system_mhz(result: Mapping) -> float:
    """The highest frequency of the one clock of a device, MHz.

    All its clocks are gated copies of it, so none of the best seed's, and no way from one to another, may take longer
    than its period.
    """
    return min(
        [one["mhz"] for one in result["clocks"]] + [1000 / one["ns"] for one in result["crossings"] if one["ns"]]
    )


def where(result: Mapping) -> str:
    """Device and speed grade, in words."""
    board = f", board {result['board']}" if result.get("board") else ""
    return f"{result['device']}, speed grade {result['grade']}{board}"


def microseconds(cycles: float, result: Mapping) -> float:
    """Time of so many cycles at that clock."""
    return cycles / system_mhz(result)
