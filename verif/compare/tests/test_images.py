# SPDX-License-Identifier: Apache-2.0
"""Choice of the images: real data where it is named, synthetic and said so where it is not."""

import numpy as np
import pytest

from spec.errors import InputError
from verif.compare.images import load_image_set


def test_without_data_it_is_synthetic_and_mixed():
    data = load_image_set(None, 124, environ={})
    assert data.synthetic and len(data) == 124 and data.sets == ("generic", "user 1")
    assert np.bincount(data.member).tolist() == [62, 62]
    assert (np.bincount(data.labels[data.member == 0], minlength=62) == 1).all()
    assert len(set(data.member[:16])) == 2  # every stretch has both
    again = load_image_set(None, 124, environ={})
    assert (again.images == data.images).all() and (again.labels == data.labels).all()


def test_everybodys_images_in_equal_shares():
    data = load_image_set(None, 70, None, environ={})
    assert data.sets == ("generic", "user 1", "user 2", "user 3")
    assert "test (35) + built-in" in data.name and data.name.endswith("users 1, 2, 3 test (35)")
    assert np.bincount(data.member).tolist() == [35, 12, 12, 11]
    assert len(set(data.member[:24])) == 4


def test_named_users(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 28, 28), dtype=np.uint8), np.zeros(60, int)
    np.savez(tmp_path / "u.npz", x=x, y=y, user=np.arange(60) % 3, is_test=np.arange(60) >= 30)
    environ = {"USERS_NPZ": str(tmp_path / "u.npz")}
    data = load_image_set(None, 16, [3, 1], environ=environ)
    assert data.sets == ("generic", "user 3", "user 1") and np.bincount(data.member).tolist() == [8, 4, 4]
    for image in data.images[data.member == 1]:
        assert any((image == other).all() for other in x[32::3]), "an image of somebody else, or one to train on"
    with pytest.raises(InputError, match="there is no user 4, known are 1 to 3"):
        load_image_set(None, 16, [1, 4], environ=environ)


@pytest.fixture
def npz(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "mine.npz"
    np.savez(path, x=rng.integers(0, 256, (30, 28, 28), dtype=np.uint8), y=np.arange(30) % 10)
    return path


def test_a_file_is_taken_as_it_is(npz):
    data = load_image_set(npz, 12)
    assert data.labels.tolist() == [*range(10), 0, 1] and data.sets == ("images",) and not data.synthetic
    assert len(load_image_set(npz, 0)) == 30


def test_a_users_file_with_emnist_unset(npz):
    data = load_image_set(None, 10, environ={"USERS_NPZ": str(npz)})
    assert data.synthetic and "mine.npz" in data.name  # the generic half is synthetic


def test_bad_input_is_one_sentence(npz, tmp_path):
    with pytest.raises(InputError, match="--limit is -1"):
        load_image_set(npz, -1)
    np.savez(tmp_path / "no_x.npz", y=np.arange(3))
    with pytest.raises(InputError, match="array 'x' is missing"):
        load_image_set(tmp_path / "no_x.npz", 5)
    np.savez(tmp_path / "label.npz", x=np.zeros((1, 28, 28), np.uint8), y=np.array([62]))
    with pytest.raises(InputError, match="label 62"):
        load_image_set(tmp_path / "label.npz", 5)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty"):
        load_image_set(tmp_path / "empty", 5)
