# SPDX-License-Identifier: Apache-2.0
"""Users' own handwriting: one or several writers, each with a training and a test part.

`load_handwriting` reads an `.npz` file; a folder of PNG files is read by `golden.data.png_folder`.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from golden.data.images import DataError, LabelledImages, check_labels
from golden.data.png_folder import read_png_folder

TEST_FRACTION = 0.25
SPLIT_SEED = 0


def stratified_test_mask(
    labels: np.ndarray, user: np.ndarray, fraction: float = TEST_FRACTION, seed: int = SPLIT_SEED
) -> np.ndarray:
    """Choose the test images: `fraction` of each (user, class), at least one where there are two or more.

    Args:
        labels: integer (N,).
        user: integer (N,).
        fraction: part that goes to the test set, 0..1.
        seed: the same seed gives the same split.

    Returns:
        bool (N,), True for test. A class with a single image stays in training.
    """
    rng = np.random.default_rng(seed)
    mask = np.zeros(len(labels), bool)
    for writer in np.unique(user):
        for label in np.unique(labels[user == writer]):
            members = np.flatnonzero((user == writer) & (labels == label))
            if len(members) > 1:
                tests = min(max(1, round(fraction * len(members))), len(members) - 1)
                mask[rng.permutation(members)[:tests]] = True
    return mask


@dataclass(frozen=True, eq=False)
class Handwriting:
    """Images of one or several writers. Users are numbered from 1, as reports show them.

    Attributes:
        data: every image of every writer.
        user: integer (N,), writer of each image, 0-based (`user 1` is 0).
        is_test: bool (N,), True for the test part.

    Raises:
        DataError: counts differ, or there is no image at all.
    """

    data: LabelledImages
    user: np.ndarray
    is_test: np.ndarray

    def __post_init__(self) -> None:
        if not len(self.data):
            raise DataError(f"{self.data.name}: no image found.")
        for field in ("user", "is_test"):
            found, needed = getattr(self, field).shape, (len(self.data),)
            if found != needed:
                raise DataError(f"{self.data.name}: '{field}' must have shape {needed}, found {found}.")

    @property
    def name(self) -> str:
        """Where the images come from."""
        return self.data.name

    @property
    def synthetic(self) -> bool:
        """True when the images were generated and nobody wrote them."""
        return self.data.synthetic

    def of_classes(self, classes: int) -> Handwriting:
        """The images of the first `classes` classes; users keep their numbers."""
        index = np.flatnonzero(self.data.labels < classes)
        return Handwriting(self.data.of_classes(classes), self.user[index], self.is_test[index])

    @property
    def users(self) -> list[int]:
        """User numbers 1..U: what `train` and `test` accept."""
        return list(range(1, int(self.user.max()) + 2))

    def train(self, user: int) -> LabelledImages:
        """Training images of `user` (1..U); `DataError` for an unknown user."""
        return self._part(user, False)

    def test(self, user: int) -> LabelledImages:
        """Test images of `user` (1..U); `DataError` for an unknown user."""
        return self._part(user, True)

    def train_parts(self) -> tuple[LabelledImages, ...]:
        """Training images of every user who has any."""
        return tuple(self.train(user) for user in self.users if ((self.user == user - 1) & ~self.is_test).any())

    def _part(self, user: int, is_test: bool) -> LabelledImages:
        if user not in self.users:
            raise DataError(f"{self.name}: no user {user}, users are 1..{self.users[-1]}.")
        part = "test" if is_test else "train"
        index = np.flatnonzero((self.user == user - 1) & (self.is_test == is_test))
        if not index.size:
            raise DataError(f"{self.name}: user {user} has no {part} image.")
        return replace(self.data.select(index), name=f"{self.name}, user {user} {part}")


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays this package knows from an `.npz` file, unchecked; pickled objects are refused."""
    try:
        # Asked first: np.load would also take a single .npy array, and blames a pickle for anything else.
        if not zipfile.is_zipfile(path):
            raise DataError(f"{path}: not an .npz archive, or truncated.")
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in ("x", "y", "user", "is_test") if key in archive.files}
    except DataError:
        raise
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged, or not made of plain arrays ({error}).") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error


def _from_npz(path: Path) -> Handwriting:
    arrays = _read_npz(path)
    for key in ("x", "y"):
        if key not in arrays:
            raise DataError(f"{path}: array '{key}' is missing, 'x' (images) and 'y' (labels) are required.")
    labels = arrays["y"]
    check_labels(labels, str(path))
    data = LabelledImages(arrays["x"], labels.astype(np.uint8), path.name)
    user = arrays.get("user", np.zeros(len(data), np.int64))
    if user.shape != (len(data),) or user.dtype.kind not in "iuUS":
        raise DataError(
            f"{path}: 'user' must be {len(data)} integers or names, found {user.dtype} of shape {user.shape}."
        )
    # Rank of the identifier, so that the users are 1..U whatever the identifiers are.
    user = np.unique(user, return_inverse=True)[1].reshape(-1)
    if "is_test" not in arrays:
        return Handwriting(data, user, stratified_test_mask(data.labels, user))
    is_test = arrays["is_test"]
    if is_test.dtype.kind not in "biu" or not np.isin(is_test, (0, 1)).all():
        raise DataError(f"{path}: 'is_test' must hold only 0 and 1 (or bool), found {is_test.dtype}.")
    return Handwriting(data, user, is_test.astype(bool))


def load_handwriting(path: Path | str, *, invert: bool = False) -> Handwriting:
    """Load users' handwriting from an `.npz` file or a folder of PNG files.

    Args:
        path: `.npz` with `x` uint8 (N, 28, 28) upright and white on black, `y` integers 0..61, and optionally
            `user` (integers or names; one user when absent) and `is_test` (bool; when absent a seeded,
            stratified 25 % of each user's classes); or a folder as `golden.data.png_folder` describes,
            which is one user.
        invert: True when the images are dark ink on light paper.

    Raises:
        DataError: the file or folder cannot be used; the sentence says why.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder.")
    if path.is_dir():
        data = read_png_folder(path, invert=invert)
        user = np.zeros(len(data), np.int64)
        return Handwriting(data, user, stratified_test_mask(data.labels, user))
    result = _from_npz(path)
    if not invert:
        return result
    return replace(result, data=replace(result.data, images=255 - result.data.images))
