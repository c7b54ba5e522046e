# SPDX-License-Identifier: Apache-2.0
"""Somebody's own images as they arrive: an .npz file, or PNG files with the folders that name their classes.

They are written below the server's own folder under names of its own, and read by ``golden.data`` like those of
every other command.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

from demo.limits import OWN_IMAGES, UNPACKED_BYTES
from demo.refusal import Refused
from golden.data import DataError, Handwriting, load_handwriting
from golden.data.png_folder import LABEL_OF_FOLDER

PNG = ".png"


def of_npz(content: bytes, work: Path) -> Handwriting:
    """Images of an .npz file (docs/data.md).

    Args:
        content: of the file.
        work: folder for what is written meanwhile.

    Raises:
        Refused: it is no such file, its arrays are too large, or something about them is wrong.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
        raise Refused("the file is not an .npz archive, or truncated", 422) from None
    if size > UNPACKED_BYTES:
        raise Refused(f"the file has {size} bytes of arrays, at most {UNPACKED_BYTES} are allowed", 413)

    def read(folder: Path) -> Handwriting:
        path = folder / "images.npz"
        path.write_bytes(content)
        return load_handwriting(path)

    return _read(read, work)


def of_png_files(files: Sequence[tuple[str, str]], work: Path) -> Handwriting:
    """Images of a folder with one folder a class (docs/data.md).

    Args:
        files: of each its path, of which the last two parts count (``.../q/first.png``), and its content in base64.
        work: folder for what is written meanwhile.

    Raises:
        Refused: a path names no class, or a file is no PNG of 28x28 pixels.
    """
    chosen = [(PurePosixPath(name), text) for name, text in files if name.lower().endswith(PNG)]
    if not chosen:
        raise Refused("no PNG file was given; folders named by a character with PNG files in them are needed", 422)
    if len(chosen) > OWN_IMAGES:
        raise Refused(f"{len(chosen)} images were given, at most {OWN_IMAGES} are allowed", 413)

    def read(folder: Path) -> Handwriting:
        for number, (name, text) in enumerate(chosen):
            label = LABEL_OF_FOLDER.get(name.parent.name)
            if label is None:
                raise Refused(
                    f"'{name.name}' stands in the folder '{name.parent.name}', which names no class: allowed are 0-9, "
                    "A-Z, a-z, upper_A and lower_a",
                    422,
                )
            try:
                content = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise Refused(f"'{name.name}' is not in base64", 422) from None
            place = folder / f"label_{label}"
            place.mkdir(exist_ok=True)
            (place / f"{number:05d}{PNG}").write_bytes(content)
        return load_handwriting(folder)

    return _read(read, work)


def _read(read: Callable[[Path], Handwriting], work: Path) -> Handwriting:
    """Read from a folder that is there only meanwhile; what is wrong is said without its name."""
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        try:
            found = read(Path(folder))
        except DataError as error:
            raise Refused(str(error).replace(f"{folder}/", "").replace(folder, "the folder"), 422) from None
    if len(found.data) > OWN_IMAGES:
        raise Refused(f"{len(found.data)} images were given, at most {OWN_IMAGES} are allowed", 413)
    return found
