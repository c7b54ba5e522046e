# SPDX-License-Identifier: Apache-2.0
"""Where the data comes from: environment variables, a command-line path, or the built-in generator.

`EMNIST_DIR` names the directory with the official EMNIST ByClass IDX files, `USERS_NPZ` an `.npz` file (or
PNG folder) with users' handwriting. Without them the data is synthetic, and its name says so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from golden.data.emnist import GZIP_MAGIC, MAGIC_IMAGES, MAGIC_LABELS, Split, load_emnist, load_idx_pair
from golden.data.handwriting import Handwriting, load_handwriting
from golden.data.images import DataError, LabelledImages
from golden.data.png_folder import read_png_folder
from golden.data.synthetic import generate, generate_generic

EMNIST_VARIABLE = "EMNIST_DIR"
USERS_VARIABLE = "USERS_NPZ"

SYNTHETIC_SEED = 1
SYNTHETIC_PER_CLASS: dict[Split, int] = {"train": 200, "test": 48}
SYNTHETIC_USERS = 3
SYNTHETIC_USER_PER_CLASS = 40
"""As in the paper's user set: 30 training and 10 test images a class (section 4.1)."""


def generic_source(split: Split, environ: Mapping[str, str] = os.environ) -> LabelledImages:
    """Generic data of `split`: EMNIST ByClass from `EMNIST_DIR`, or synthetic when the variable is unset.

    Raises:
        DataError: the variable is set and what it names cannot be used.
    """
    if directory := environ.get(EMNIST_VARIABLE):
        return load_emnist(directory, split)
    return generate_generic(SYNTHETIC_PER_CLASS[split], split, SYNTHETIC_SEED)


def users_source(environ: Mapping[str, str] = os.environ) -> Handwriting:
    """Users' handwriting from `USERS_NPZ`, or three synthetic writers when the variable is unset.

    Raises:
        DataError: the variable is set and what it names cannot be used.
    """
    if path := environ.get(USERS_VARIABLE):
        return load_handwriting(path)
    return generate(SYNTHETIC_USERS, SYNTHETIC_USER_PER_CLASS, SYNTHETIC_SEED)


def load_images(path: Path | str, *, invert: bool = False) -> LabelledImages:
    """Load what a command line's `--images` names; the kind is told by content, not by name.

    Args:
        path: IDX image file of the official naming pattern (its label file beside it), an `.npz` (every row,
            of every user), or a folder of PNG files.
        invert: True when the ink is dark on light paper (`.npz` and PNG only).

    Raises:
        DataError: no such file, an unknown kind of file, or bad data.
    """
    path = Path(path)
    if path.is_dir():
        return read_png_folder(path, invert=invert)
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error
    if start[:2] == b"PK":
        return load_handwriting(path, invert=invert).data
    if start[:2] == GZIP_MAGIC or int.from_bytes(start, "big") in (MAGIC_IMAGES, MAGIC_LABELS):
        return load_idx_pair(path)
    raise DataError(f"{path}: neither an IDX image file, nor an .npz archive, nor a folder of PNG files.")
