# SPDX-License-Identifier: Apache-2.0
"""Fetch one large file over HTTP: resumable, with progress, renamed only when its checksum is right."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from golden.data.images import DataError
from spec.progress import progress_bar

_CHUNK = 1 << 18
_TIMEOUT_S = 30


def digest(path: Path, algorithm: str) -> str:
    """Hexadecimal digest ("md5", "sha256", ...) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _open(url: str, offset: int) -> http.client.HTTPResponse | None:
    """Ask for `url` from byte `offset` on; None when the server says that it has no byte there."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={offset}-"} if offset else {})
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            return None
        raise DataError(f"{url}: the server answers {error.code} {error.reason}.") from error
    except urllib.error.URLError as error:
        raise DataError(f"{url}: the server cannot be reached ({error.reason}).") from error
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{url}: the server gives no usable answer ({error!r}).") from error


def _start_of(url: str, response: http.client.HTTPResponse, offset: int) -> int:
    """First byte of the file that the response carries: `offset`, or 0 from a server that ignores Range."""
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        return 0
    content_range = response.headers.get("Content-Range", "")
    if not content_range.startswith(f"bytes {offset}-"):
        raise DataError(f"{url}: the server sends '{content_range}', 'bytes {offset}-' was asked for.")
    return offset


def _read(response: http.client.HTTPResponse) -> bytes:
    """The next bytes; none at the end and when the connection breaks, which the byte count tells apart."""
    try:
        return response.read(_CHUNK)
    except (OSError, http.client.HTTPException):
        return b""


def _transfer(url: str, part: Path) -> bool:
    """Complete `part` from `url`; True when bytes of an earlier run were kept."""
    offset = part.stat().st_size if part.exists() else 0
    response = _open(url, offset)
    if response is None:
        return True  # `part` is already whole, or longer than the file: the checksum tells.
    with response:
        done = start = _start_of(url, response, offset)
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        bar = progress_bar(description=part.stem, total=total, initial=start, unit="B", unit_scale=True)
        with part.open("ab" if start else "wb") as file, bar:
            while chunk := _read(response):
                file.write(chunk)
                done += len(chunk)
                bar.update(len(chunk))
    if total is not None and done < total:
        raise DataError(f"{url}: connection lost after {done} of {total} bytes, run the same command again to resume.")
    return start > 0


def fetch(url: str, path: Path, md5: str) -> None:
    """Download `url` to `path`, resuming from `path`.part when an earlier run left one.

    From a server that ignores Range the whole file comes again and replaces the part. When the file has
    changed since the part was written, the joined file fails the checksum, and the download starts again.

    Args:
        url: http or https address.
        path: final name; it appears only when the checksum is right.
        md5: MD5 of the file, hexadecimal.

    Raises:
        DataError: not an http(s) address, no answer, an HTTP error, connection lost (the part is kept for the
            next run), a wrong checksum (the part is removed), or the disk cannot be written.
    """
    if not url.startswith(("http://", "https://")):
        raise DataError(f"{url}: the address must start with http:// or https://.")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            resumed = _transfer(url, part)
            found = digest(part, "md5")
            if found == md5:
                os.replace(part, path)
                return
            part.unlink()
            if not resumed:
                raise DataError(f"{url}: MD5 {found} found, {md5} is required; the download was discarded.")
    except OSError as error:
        raise DataError(f"{part}: cannot be written ({error.strerror or error}).") from error
