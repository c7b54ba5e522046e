# SPDX-License-Identifier: Apache-2.0
"""EMNIST ByClass from its official IDX files, gzip-compressed or plain.

Format: big-endian magic number (0x803 images, 0x801 labels), one 32-bit size per dimension, then the bytes.
The official EMNIST files store every image transposed (column by column); reading them undoes that.

Source: Cohen, Afshar, Tapson, van Schaik, "EMNIST: an extension of MNIST to handwritten letters", 2017.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path
from typing import Literal

import numpy as np

from golden.data.images import IMAGE_SIDE, DataError, LabelledImages, check_labels

Split = Literal["train", "test"]

MAGIC_IMAGES = 0x00000803
MAGIC_LABELS = 0x00000801
GZIP_MAGIC = b"\x1f\x8b"

IMAGES_PART = "-images-idx3-ubyte"
LABELS_PART = "-labels-idx1-ubyte"


def _read_idx(path: Path, magic: int, kind: str) -> np.ndarray:
    """Read one IDX file into a uint8 array of its declared shape, and check every byte is accounted for."""
    dimensions = magic & 0xFF
    header_bytes = 4 + 4 * dimensions
    try:
        with path.open("rb") as raw:
            # Decided by content: browsers like to unpack a .gz on the way without renaming it.
            compressed = raw.read(2) == GZIP_MAGIC
        with gzip.open(path, "rb") if compressed else path.open("rb") as stream:
            header = stream.read(header_bytes)
            if len(header) >= 4 and struct.unpack(">I", header[:4])[0] != magic:
                raise DataError(
                    f"{path}: magic number {header[:4].hex()} found, {magic:08x} starts an IDX {kind} file."
                )
            if len(header) < header_bytes:
                raise DataError(f"{path}: truncated, {len(header)} bytes found, its header alone has {header_bytes}.")
            shape = struct.unpack(f">{dimensions}I", header[4:])
            # The rest of the file rather than the declared size: a corrupt size cannot ask for the memory.
            body = stream.read()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip data is truncated or corrupt ({error}).") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error

    declared = prod(shape)
    if len(body) != declared:
        fault = "truncated" if len(body) < declared else "over-long"
        raise DataError(f"{path}: {fault}, {len(body)} bytes of data found, its header declares {declared}.")
    return np.frombuffer(body, np.uint8).reshape(shape)


def read_idx_images(path: Path | str, *, transposed: bool = True) -> np.ndarray:
    """Read an IDX image file.

    Args:
        path: IDX3 file, gzip or plain.
        transposed: True for the official EMNIST files; False for a file stored row by row (MNIST).

    Returns:
        uint8 (N, 28, 28), upright.

    Raises:
        DataError: unreadable, wrong magic number, truncated or over-long, corrupt gzip, images not 28x28.
    """
    path = Path(path)
    images = _read_idx(path, MAGIC_IMAGES, "image")
    if images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
        raise DataError(f"{path}: images of {images.shape[1]}x{images.shape[2]} found, 28x28 is required.")
    return np.ascontiguousarray(images.transpose(0, 2, 1)) if transposed else images.copy()


def read_idx_labels(path: Path | str) -> np.ndarray:
    """Read an IDX label file: uint8 (N,), every value in 0..61; raises `DataError` as `read_idx_images`."""
    path = Path(path)
    labels = _read_idx(path, MAGIC_LABELS, "label").copy()
    check_labels(labels, str(path))
    return labels


def _existing(path: Path) -> Path:
    """`path`, or the same file with `.gz` added or removed when only that one exists."""
    other = path.with_suffix("") if path.suffix == ".gz" else path.with_name(path.name + ".gz")
    return other if other.exists() and not path.exists() else path


def labels_path_of(images_path: Path | str) -> Path:
    """The label file that goes with `...-images-idx3-ubyte[.gz]`; `DataError` for any other file name."""
    images_path = Path(images_path)
    if IMAGES_PART not in images_path.name:
        raise DataError(
            f"{images_path}: no label file can be inferred, the name must contain '{IMAGES_PART}' "
            f"(its labels are then in '...{LABELS_PART}')."
        )
    return _existing(images_path.with_name(images_path.name.replace(IMAGES_PART, LABELS_PART)))


def load_idx_pair(
    images_path: Path | str,
    labels_path: Path | str | None = None,
    *,
    name: str | None = None,
    transposed: bool = True,
) -> LabelledImages:
    """Read an IDX image file and its label file.

    Args:
        images_path: IDX3 file, gzip or plain.
        labels_path: IDX1 file; inferred from the official naming pattern when None.
        name: name of the result; the image file's name when None.
        transposed: as in `read_idx_images`.

    Raises:
        DataError: either file is bad, or they do not hold the same number of entries.
    """
    images_path = Path(images_path)
    labels_path = labels_path_of(images_path) if labels_path is None else Path(labels_path)
    labels = read_idx_labels(labels_path)
    images = read_idx_images(images_path, transposed=transposed)
    if len(images) != len(labels):
        raise DataError(f"{images_path}: {len(images)} images found, but {len(labels)} labels in {labels_path}.")
    return LabelledImages(images, labels, name or images_path.name)


def load_emnist(directory: Path | str, split: Split) -> LabelledImages:
    """Load EMNIST ByClass `split` ("train" or "test") from a directory with the official file names.

    Raises:
        DataError: unknown split, the directory or a file is missing, or a file is bad.
    """
    directory = Path(directory)
    if split not in ("train", "test"):
        raise DataError(f"Split {split!r} found, EMNIST has 'train' and 'test'.")
    if not directory.is_dir():
        raise DataError(f"{directory}: not a directory, the EMNIST ByClass IDX files are expected in it.")
    images_path = _existing(directory / f"emnist-byclass-{split}{IMAGES_PART}.gz")
    if not images_path.exists():
        raise DataError(f"{directory}: emnist-byclass-{split}{IMAGES_PART}[.gz] is not in this directory.")
    return load_idx_pair(images_path, name=f"EMNIST ByClass {split}")
