# SPDX-License-Identifier: Apache-2.0
"""Download EMNIST ByClass from its official archive (`scripts/download.py`).

The archive holds every EMNIST variant; only the four ByClass files and their mapping are kept. Run the same
command again after an interruption: the transfer resumes where it stopped.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from golden.data.fetch import digest, fetch
from golden.data.images import DataError

URL = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"


@dataclass(frozen=True)
class Archive:
    """What a download must contain.

    Attributes:
        md5: MD5 of the archive, hexadecimal.
        members: file name -> SHA-256, hexadecimal, of the files to keep, whatever folder they are in.
        unchecked: further files to keep, covered by the archive's own checksum only.
    """

    md5: str
    members: Mapping[str, str]
    unchecked: tuple[str, ...] = ()


OFFICIAL = Archive(
    md5="58c8d27c78d21e728a6bc7b3cc06412e",
    members={
        "emnist-byclass-train-images-idx3-ubyte.gz": (
            "9e21987f03a6eb8b870187e785883ddad96947299587908f1a7ec2ca0f4be5f0"
        ),
        "emnist-byclass-train-labels-idx1-ubyte.gz": (
            "f7ef403d48dc18a89dae0d83d11ee69cecb6e1c12c3a961d03712e495c02a8fa"
        ),
        "emnist-byclass-test-images-idx3-ubyte.gz": (
            "5ec835bd5d5b1a66378a132e727fef20fe994b3cc666899befcca5ac766f50cd"
        ),
        "emnist-byclass-test-labels-idx1-ubyte.gz": (
            "501e305eeeacb093b162592d80e8a2632040872360fa6d85cfcb2200d91ca92a"
        ),
    },
    unchecked=("emnist-byclass-mapping.txt",),
)


def is_complete(directory: Path, archive: Archive) -> bool:
    """True when `directory` holds every file of `archive`, with the right checksums."""
    names = (*archive.members, *archive.unchecked)
    return all((directory / name).is_file() for name in names) and all(
        digest(directory / name, "sha256") == sha256 for name, sha256 in archive.members.items()
    )


def extract(archive_path: Path, directory: Path, archive: Archive) -> None:
    """Extract the wanted members into `directory`, all of them or none.

    Args:
        archive_path: the zip file.
        directory: where the files go; existing files of the same names are replaced.
        archive: the wanted files and their checksums.

    Raises:
        DataError: not a zip file, a member is missing or damaged, or a checksum is wrong.
    """
    try:
        with (
            zipfile.ZipFile(archive_path) as contents,
            tempfile.TemporaryDirectory(prefix=".extract-", dir=directory) as staging,
        ):
            inside = {PurePosixPath(name).name: name for name in contents.namelist()}
            names = (*archive.members, *archive.unchecked)
            for name in names:
                if name not in inside:
                    raise DataError(f"{archive_path}: {name} is not in the archive.")
                staged = Path(staging) / name
                with contents.open(inside[name]) as source, staged.open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                if name in archive.members and (found := digest(staged, "sha256")) != archive.members[name]:
                    raise DataError(f"{archive_path}: {name} has SHA-256 {found}, {archive.members[name]} is required.")
            for name in names:
                os.replace(Path(staging) / name, directory / name)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"{archive_path}: not a zip archive, or damaged ({error}).") from error
    except OSError as error:
        raise DataError(f"{directory}: cannot be written ({error.strerror or error}).") from error


def download_emnist(
    directory: Path | str, url: str = URL, archive: Archive = OFFICIAL, *, keep_archive: bool = False
) -> bool:
    """Make sure that `directory` holds EMNIST ByClass.

    Args:
        directory: created when missing; it is then what `EMNIST_DIR` names.
        url: address of the archive.
        archive: checksums of the archive and of the files to keep.
        keep_archive: keep the archive (about 560 MB) beside the extracted files.

    Returns:
        False when everything was there already and nothing was downloaded.

    Raises:
        DataError: the download or the extraction failed; no half-written file is left under a final name.
    """
    directory = Path(directory)
    if is_complete(directory, archive):
        return False
    archive_path = directory / "gzip.zip"
    if not (archive_path.is_file() and digest(archive_path, "md5") == archive.md5):
        fetch(url, archive_path, archive.md5)
    extract(archive_path, directory, archive)
    if not keep_archive:
        archive_path.unlink()
    return True
