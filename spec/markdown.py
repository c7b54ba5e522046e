# SPDX-License-Identifier: Apache-2.0
"""Tables that commands write: for pages, and for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, with a line feed at its end."""
    return "\n".join(["| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *lines)]) + "\n"


def aligned(rows: Sequence[Sequence[str]], names: int = 1) -> str:
    """Rows for a terminal: the first columns, as many as ``names``, to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        sized = enumerate(zip(row, widths, strict=True))
        cells = [cell.ljust(width) if i < names else cell.rjust(width) for i, (cell, width) in sized]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
