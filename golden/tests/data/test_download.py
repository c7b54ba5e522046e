# SPDX-License-Identifier: Apache-2.0
"""The downloader against a loopback server that honours Range, ignores it, hangs up, or serves junk."""

import hashlib
import io
import re
import threading
import zipfile
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from golden.data import DataError
from golden.data.download import OFFICIAL, Archive, download_emnist, extract
from golden.data.fetch import fetch
from spec.tests.commands import call, load

FILES = {
    "emnist-byclass-test-images-idx3-ubyte.gz": np.random.default_rng(0).bytes(900_000),
    "emnist-byclass-test-labels-idx1-ubyte.gz": b"labels" * 99,
}
MAPPING = "emnist-byclass-mapping.txt"


def make_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"gzip/{name}", content)
    return buffer.getvalue()


ZIP = make_zip(FILES | {MAPPING: b"0 48\n", "emnist-letters-test-images-idx3-ubyte.gz": b"not wanted"})
ARCHIVE = Archive(
    md5=hashlib.md5(ZIP).hexdigest(),
    members={name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
    unchecked=(MAPPING,),
)


class Handler(BaseHTTPRequestHandler):
    """Serves `server.content` at /gzip.zip; the attributes of the server say how badly."""

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.headers.get("Range"))
        if self.path != "/gzip.zip":
            self.send_error(404)
            return
        start = 0
        if server.ranges and (match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))):
            start = int(match[1])
            if start >= len(server.content):
                self.send_error(416)
                return
            self.send_response(206)
            last = len(server.content) - 1
            self.send_header("Content-Range", f"bytes {start + server.shift}-{last}/{last + 1}")
        else:
            self.send_response(200)
        body = server.content[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.hang_up_after is not None:
            body, server.hang_up_after = body[: server.hang_up_after], None
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test output quiet."""


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.content, server.ranges, server.shift, server.hang_up_after, server.asked = (
            ZIP,
            True,
            0,
            None,
            [],
        )
        server.url = f"http://127.0.0.1:{server.server_port}/gzip.zip"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def names(directory) -> set[str]:
    return {path.name for path in directory.iterdir()}


WANTED = {*FILES, MAPPING}


def test_fetches_and_extracts_only_byclass(server, tmp_path):
    out = tmp_path / "new" / "emnist"
    assert download_emnist(out, server.url, ARCHIVE)
    assert names(out) == WANTED
    for name, content in FILES.items():
        assert (out / name).read_bytes() == content


def test_a_second_call_downloads_nothing_unless_a_file_is_damaged(server, tmp_path):
    download_emnist(tmp_path, server.url, ARCHIVE)
    assert not download_emnist(tmp_path, server.url, ARCHIVE)
    assert len(server.asked) == 1
    victim = tmp_path / next(iter(FILES))
    victim.write_bytes(b"damaged")
    assert download_emnist(tmp_path, server.url, ARCHIVE)
    assert len(server.asked) == 2 and victim.read_bytes() == FILES[victim.name]


def test_a_kept_archive_is_used_again(server, tmp_path):
    download_emnist(tmp_path, server.url, ARCHIVE, keep_archive=True)
    assert names(tmp_path) == WANTED | {"gzip.zip"}
    (tmp_path / MAPPING).unlink()
    download_emnist(tmp_path, server.url, ARCHIVE)
    assert len(server.asked) == 1 and names(tmp_path) == WANTED


def disconnect(server, tmp_path, after: int = 500_000) -> None:
    """A first run that the server ends in the middle."""
    server.hang_up_after = after
    with pytest.raises(DataError, match=f"connection lost after {after} of {len(ZIP)} bytes, run .* to resume"):
        download_emnist(tmp_path, server.url, ARCHIVE)
    assert names(tmp_path) == {"gzip.zip.part"}
    assert (tmp_path / "gzip.zip.part").read_bytes() == ZIP[:after]


def test_resumes_after_a_disconnect(server, tmp_path):
    disconnect(server, tmp_path)
    download_emnist(tmp_path, server.url, ARCHIVE)
    assert server.asked == [None, "bytes=500000-"]
    assert names(tmp_path) == WANTED


def test_resumes_from_a_server_that_ignores_range(server, tmp_path):
    server.ranges = False
    disconnect(server, tmp_path)
    download_emnist(tmp_path, server.url, ARCHIVE)
    assert server.asked == [None, "bytes=500000-"]
    assert names(tmp_path) == WANTED


def test_starts_again_when_the_file_has_changed(server, tmp_path):
    (tmp_path / "gzip.zip.part").write_bytes(b"an older archive" * 1000)
    download_emnist(tmp_path, server.url, ARCHIVE)
    assert server.asked == ["bytes=16000-", None]
    assert names(tmp_path) == WANTED


@pytest.mark.parametrize("part", [ZIP, ZIP + b"more"], ids=["whole", "too long"])
def test_a_part_that_has_every_byte(server, tmp_path, part):
    (tmp_path / "gzip.zip.part").write_bytes(part)
    download_emnist(tmp_path, server.url, ARCHIVE)
    assert server.asked == [f"bytes={len(part)}-"] + ([] if part == ZIP else [None])
    assert names(tmp_path) == WANTED


def test_a_wrong_range_is_not_appended(server, tmp_path):
    disconnect(server, tmp_path)
    server.shift = 1
    with pytest.raises(DataError, match="'bytes 500000-' was asked for"):
        download_emnist(tmp_path, server.url, ARCHIVE)
    assert (tmp_path / "gzip.zip.part").stat().st_size == 500_000


def test_wrong_archive_checksum_leaves_nothing(server, tmp_path):
    server.content = ZIP[:-1] + b"\xff"
    with pytest.raises(DataError, match=f"MD5 [0-9a-f]{{32}} found, {ARCHIVE.md5} is required"):
        download_emnist(tmp_path, server.url, ARCHIVE)
    assert names(tmp_path) == set()
    assert len(server.asked) == 1  # a complete fresh transfer is not repeated


def test_wrong_member_checksum_extracts_nothing(server, tmp_path):
    last = list(FILES)[-1]
    wrong = Archive(ARCHIVE.md5, dict(ARCHIVE.members) | {last: "0" * 64}, ARCHIVE.unchecked)
    with pytest.raises(DataError, match=f"{last} has SHA-256"):
        download_emnist(tmp_path, server.url, wrong)
    assert names(tmp_path) == {"gzip.zip"}


@pytest.mark.parametrize(
    ("content", "words"),
    [(make_zip({MAPPING: b""}), "is not in the archive"), (b"PK not a zip", "not a zip archive")],
)
def test_extract_refuses_another_archive(tmp_path, content, words):
    path = tmp_path / "gzip.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        extract(path, tmp_path, ARCHIVE)
    assert names(tmp_path) == {"gzip.zip"}


def test_not_found_unreachable_and_not_http(server, tmp_path):
    with pytest.raises(DataError, match="zip2: the server answers 404 Not Found"):
        download_emnist(tmp_path, server.url + "2", ARCHIVE)
    with pytest.raises(DataError, match="must start with http"):
        fetch((tmp_path / "gzip.zip").as_uri(), tmp_path / "out", ARCHIVE.md5)
    server.shutdown()
    server.server_close()
    with pytest.raises(DataError, match="cannot be reached"):
        download_emnist(tmp_path, server.url, ARCHIVE)
    assert names(tmp_path) == set()


def test_command_line(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(load("download"), "download_emnist", partial(download_emnist, archive=ARCHIVE))
    arguments = ["--out", str(tmp_path), "--url", server.url]
    assert call("download", *arguments) == 0
    assert f"export EMNIST_DIR={tmp_path}" in capsys.readouterr().out
    (tmp_path / MAPPING).unlink()
    assert call("download", *arguments[:-1], server.url + "2") == 2
    message = capsys.readouterr().err
    assert message.startswith("download.py: ") and message.count("\n") == 1


def test_official_checksums_cover_the_four_byclass_files():
    assert re.fullmatch("[0-9a-f]{32}", OFFICIAL.md5)
    assert len(OFFICIAL.members) == 4
    for name, sha256 in OFFICIAL.members.items():
        assert re.fullmatch(r"emnist-byclass-(train|test)-(images-idx3|labels-idx1)-ubyte\.gz", name)
        assert re.fullmatch("[0-9a-f]{64}", sha256)
