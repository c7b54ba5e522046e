# SPDX-License-Identifier: Apache-2.0
"""Environment variables and command-line paths choose the data; synthetic data says that it is synthetic."""

import gzip

import numpy as np
import pytest
from PIL import Image

from golden.data import DataError, generic_source, load_images, sources, users_source
from golden.data.synthetic import NAME


@pytest.fixture
def small_synthetic(monkeypatch):
    """The default sizes are for training; here they only cost time."""
    monkeypatch.setattr(sources, "SYNTHETIC_PER_CLASS", {"train": 3, "test": 2})
    monkeypatch.setattr(sources, "SYNTHETIC_USER_PER_CLASS", 4)


@pytest.mark.parametrize("environ", [{}, {"EMNIST_DIR": "", "USERS_NPZ": ""}])
def test_synthetic_when_nothing_is_set(small_synthetic, environ):
    train, test, users = (
        generic_source("train", environ),
        generic_source("test", environ),
        users_source(environ),
    )
    assert (len(train), len(test), users.users) == (62 * 3, 62 * 2, [1, 2, 3])
    for data in (train, test, users.train(1), users.test(3)):
        assert data.synthetic
        assert data.name.startswith(NAME) and "synthetic" in NAME


def test_variables_name_the_real_data(letters, write_idx, tmp_path):
    path = write_idx(letters.images, letters.labels)
    data = generic_source("test", {"EMNIST_DIR": str(path.parent)})
    assert not data.synthetic and "synthetic" not in data.name
    np.testing.assert_array_equal(data.images, letters.images)
    np.savez(tmp_path / "u.npz", x=letters.images, y=letters.labels)
    users = users_source({"USERS_NPZ": str(tmp_path / "u.npz")})
    assert not users.synthetic and users.users == [1]


def test_a_variable_that_names_nothing_is_an_error_not_synthetic_data(tmp_path):
    with pytest.raises(DataError, match="not a directory"):
        generic_source("test", {"EMNIST_DIR": str(tmp_path / "none")})
    with pytest.raises(DataError, match="no such file"):
        users_source({"USERS_NPZ": str(tmp_path / "none.npz")})


def test_load_images_tells_the_kind_by_content(letters, write_idx, tmp_path):
    idx = write_idx(letters.images, letters.labels)
    np.testing.assert_array_equal(load_images(idx).images, letters.images)
    packed = idx.with_name("a-images-idx3-ubyte.gz")
    packed.write_bytes(gzip.compress(idx.read_bytes()))
    idx.with_name(idx.name.replace("images-idx3", "labels-idx1")).rename(tmp_path / "a-labels-idx1-ubyte")
    np.testing.assert_array_equal(load_images(packed).images, letters.images)

    np.savez(tmp_path / "u.npz", x=letters.images, y=letters.labels, is_test=np.arange(len(letters)) % 2)
    np.testing.assert_array_equal(load_images(tmp_path / "u.npz").images, letters.images)

    (tmp_path / "png" / "3").mkdir(parents=True)
    Image.fromarray(letters.images[3]).save(tmp_path / "png" / "3" / "x.png")
    assert load_images(tmp_path / "png").labels.tolist() == [3]


def test_load_images_refuses_the_rest(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load_images(tmp_path / "none")
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(DataError, match="neither an IDX image file, nor an .npz archive, nor a folder"):
        load_images(tmp_path / "x.txt")
