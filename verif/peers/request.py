# SPDX-License-Identifier: Apache-2.0
"""What every peer is measured on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spec.presets import Accelerator


@dataclass(frozen=True)
class Request:
    """Images, and the design of this project that peers stand beside.

    Attributes:
        images, labels: uint8 (N, H, W), (N,): accuracy is over all of them.
        simulated: of them so many go through a peer's RTL, which may take seconds an image.
        design: with the network that peers build.
    """

    images: np.ndarray
    labels: np.ndarray
    simulated: int
    design: Accelerator

    @staticmethod
    def digest(*parts: Any) -> str:
        """16 hexadecimal digits of settings and arrays."""
        h = hashlib.sha256()
        for part in parts:
            h.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
        return h.hexdigest()[:16]


def lines_between(path: Path, first: str, end: str) -> int:
    """Lines of code from the one that begins with ``first`` to one that begins with ``end``, or the file's last.

    Docstrings, comments and empty lines do not count.
    """
    count, inside, quoted = 0, False, False
    for line in path.read_text().splitlines():
        if not inside:
            inside = line.startswith(first)
        elif line.startswith(end):
            break
        text = line.strip()
        if inside and text.count('"""') == 1:
            quoted = not quoted
        elif inside and text and not quoted and not text.startswith(("#", '"""')):
            count += 1
    return count
