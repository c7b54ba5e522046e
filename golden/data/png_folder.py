# SPDX-License-Identifier: Apache-2.0
"""A folder of PNG files, one sub-folder per class.

A sub-folder is named by its character (`7`, `A`, `a`), or `upper_A` / `lower_a` where the file system does
not tell `A` from `a`, or `label_10` by its label. Names that start with a dot are ignored.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from golden.data.images import CLASSES, IMAGE_SIDE, DataError, LabelledImages

LABEL_OF_FOLDER = (
    {character: label for label, character in enumerate(CLASSES)}
    | {f"upper_{character}": label for label, character in enumerate(CLASSES) if character.isupper()}
    | {f"lower_{character}": label for label, character in enumerate(CLASSES) if character.islower()}
    | {f"label_{label}": label for label in range(len(CLASSES))}
)


def _visible(folder: Path) -> list[Path]:
    """Entries of `folder` in name order, without those that start with a dot."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error}).") from error


def read_png(path: Path | str, *, invert: bool = False) -> np.ndarray:
    """Read one PNG of 28x28 pixels as uint8 (28, 28), white on black.

    Args:
        path: 8- or 16-bit grayscale, palette, RGB, with or without alpha. Transparent pixels are background.
        invert: True when the ink is dark on light paper.

    Raises:
        DataError: not a PNG, damaged, or not 28x28.
    """
    path = Path(path)
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.size != (IMAGE_SIDE, IMAGE_SIDE):
                width, height = image.size
                raise DataError(f"{path}: image of {width}x{height} pixels found, 28x28 is required.")
            if image.mode.startswith("I"):  # 16-bit: Pillow's own conversion would clip, not scale.
                pixels = (np.asarray(image, np.uint32) >> 8).astype(np.uint8)
            else:
                paper = Image.new("RGBA", image.size, "white" if invert else "black")
                paper.alpha_composite(image.convert("RGBA"))
                pixels = np.asarray(paper.convert("L"))
    except UnidentifiedImageError as error:
        raise DataError(f"{path}: not a PNG image.") from error
    except DataError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: the PNG cannot be read ({error}).") from error
    return 255 - pixels if invert else pixels


def read_png_folder(folder: Path | str, *, invert: bool = False) -> LabelledImages:
    """Read every PNG below `folder`, ordered by label and file name.

    Args:
        folder: one sub-folder per class, named as the module says.
        invert: True when the ink is dark on light paper.

    Raises:
        DataError: no class sub-folder, an unknown sub-folder name, a sub-folder without a PNG, a PNG outside
            the sub-folders, or a bad PNG.
    """
    folder = Path(folder)
    files: list[tuple[int, Path]] = []
    for entry in _visible(folder):
        if not entry.is_dir():
            if entry.suffix.lower() == ".png":
                raise DataError(f"{entry}: a PNG outside the class sub-folders has no class.")
            continue
        if entry.name not in LABEL_OF_FOLDER:
            raise DataError(
                f"{entry}: '{entry.name}' names no class, allowed are 0-9, A-Z, a-z, upper_A, lower_a and "
                f"label_0 .. label_{len(CLASSES) - 1}."
            )
        images = [file for file in _visible(entry) if file.suffix.lower() == ".png"]
        if not images:
            raise DataError(f"{entry}: no PNG file in this class sub-folder.")
        files += [(LABEL_OF_FOLDER[entry.name], file) for file in images]
    if not files:
        raise DataError(f"{folder}: empty, PNG files in one sub-folder per class are expected.")
    files.sort()
    images = np.stack([read_png(file, invert=invert) for _, file in files])
    return LabelledImages(images, np.array([label for label, _ in files], np.uint8), folder.name)
