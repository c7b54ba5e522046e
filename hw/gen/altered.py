# SPDX-License-Identifier: Apache-2.0
"""Copies of the RTL with defects, for negative controls; the originals are never touched."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from hw.gen.build import RTL
from spec.files import new_directory
from spec.paths import BUILD
from tools.mutants import Replacement

DIRECTORY = BUILD / "faults"


def altered_sources(
    edits: Sequence[Replacement], name: str = "altered", source: Path = RTL, directory: Path = DIRECTORY
) -> Path:
    """A directory like ``source`` with some text replaced; its path depends on the content, so that it can be reused.

    Raises:
        InputError: a text does not occur exactly once.
    """
    originals = sorted(source.rglob("*.sv"))
    digest = hashlib.sha256(repr(edits).encode())
    for path in originals:
        digest.update(path.relative_to(source).as_posix().encode() + b"\0" + path.read_bytes())
    tree = directory / f"{name}-{digest.hexdigest()[:16]}" / "rtl"
    if tree.exists():
        return tree
    with new_directory(tree) as work:
        for path in originals:
            copy = work / path.relative_to(source)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
        for edit in edits:
            edit.apply(work)
    return tree
