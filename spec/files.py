# SPDX-License-Identifier: Apache-2.0
"""Files that are whole or absent: what others read is written under a temporary name and then renamed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from spec.errors import InputError

UNREADABLE = (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
"""What a missing or damaged ``.npz`` file raises while its arrays are read."""


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary stream whose content becomes ``path`` when the block ends; when it raises, nothing changes.

    The directory is made if need be.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
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


def as_json(content: Any) -> str:
    """The one form of JSON files: indented by one, a line feed at the end, no NaN.

    Raises:
        ValueError: a number has no JSON.
    """
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


@contextmanager
def named_by_user(path: Path, what: str = "written") -> Iterator[None]:
    """A block that uses a file or directory which the user named: what the system refuses is bad input.

    Raises:
        InputError: it cannot be ``what``.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be {what} ({error.strerror or error})") from None


def write_json(path: Path, content: Any) -> None:
    """Write JSON to a file that the user named, atomically; one with the same content is left alone.

    Raises:
        InputError: the file cannot be written.
    """
    with named_by_user(path):
        write_if_changed(path, as_json(content))


@contextmanager
def new_directory(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """A directory whose content becomes ``path`` when the block ends; when it raises, nothing changes.

    Args:
        replace: in place of what is there; otherwise a directory that another process has made meanwhile stays,
            which is right where the name tells the content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=path.parent))
    staging.chmod(0o755)  # mkdtemp makes it for its owner alone
    old = staging.with_name(f"{staging.name}.old")
    try:
        yield staging
        if replace and path.exists():
            path.rename(old)
        try:
            staging.rename(path)
        except OSError:
            if replace or not path.is_dir():
                if old.exists():
                    old.rename(path)
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: of several processes one at a time runs the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def source_digest(paths: Iterable[Path]) -> str:
    """SHA-256 (hexadecimal) over names and contents of files, in order."""
    h = hashlib.sha256()
    for path in paths:
        h.update(path.name.encode() + b"\0" + path.read_bytes())
    return h.hexdigest()
