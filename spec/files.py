# SPDX-License-Identifier: Apache-2.0
"""Files that are whole or absent: every file of the project is written under a temporary name and then renamed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary stream whose content becomes ``path`` when the block ends; when it raises, nothing changes.

    The directory is made if need be.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, atomically."""
    with replacing(path) as stream:
        stream.write(content)


def write_text(path: Path, text: str) -> None:
    """Write a file in UTF-8, atomically."""
    write_bytes(path, text.encode())


def write_if_changed(path: Path, text: str) -> None:
    """Write atomically, and only when the content differs: time stamps keep telling what must be rebuilt."""
    if not (path.exists() and path.read_bytes() == text.encode()):
        write_text(path, text)


def source_digest(paths: Iterable[Path]) -> str:
    """SHA-256 (hexadecimal) over names and contents of files, in order."""
    h = hashlib.sha256()
    for path in paths:
        h.update(path.name.encode() + b"\0" + path.read_bytes())
    return h.hexdigest()
