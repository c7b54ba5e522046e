# SPDX-License-Identifier: Apache-2.0
"""Shared data for the tests of `golden.data`: small, synthetic, and in the official file layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from golden.data import LabelledImages, generate_generic
from golden.tests.data.idx_format import idx_bytes


@pytest.fixture(scope="session")
def letters() -> LabelledImages:
    """Four synthetic images of each class."""
    return generate_generic(4, "train", seed=5)


@pytest.fixture
def write_idx(tmp_path: Path) -> Callable[..., Path]:
    """Write an image file (stored transposed, as the official files are) and its label file, both plain."""

    def write(images: np.ndarray, labels: np.ndarray, stem: str = "emnist-byclass-test") -> Path:
        path = tmp_path / f"{stem}-images-idx3-ubyte"
        path.write_bytes(idx_bytes(images.transpose(0, 2, 1)))
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
        return path

    return write
