# SPDX-License-Identifier: Apache-2.0
"""Users' handwriting from an `.npz` file."""

import numpy as np
import pytest

from golden.data import DataError, load_handwriting
from golden.data.handwriting import stratified_test_mask


@pytest.fixture
def save(tmp_path, letters):
    """Write an `.npz` from the shared letters, two users; arguments replace or (None) remove arrays."""

    def write(**changes):
        arrays = {
            "x": letters.images,
            "y": letters.labels.astype(np.int32),
            "user": np.arange(len(letters)) // 124,
            "is_test": np.arange(len(letters)) % 5 == 0,
        }
        arrays |= changes
        path = tmp_path / "me.npz"
        np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
        return path

    return write


def test_users_and_parts_are_kept_apart(save, letters):
    handwriting = load_handwriting(save())
    assert handwriting.users == [1, 2]
    assert not handwriting.synthetic
    expected = [i for i in range(124, 248) if i % 5 == 0]
    np.testing.assert_array_equal(handwriting.test(2).images, letters.images[expected])
    np.testing.assert_array_equal(handwriting.test(2).labels, letters.labels[expected])
    assert handwriting.test(2).name == "me.npz, user 2 test"
    parts = [part(user) for user in handwriting.users for part in (handwriting.train, handwriting.test)]
    assert sum(map(len, parts)) == len(letters)


def test_user_identifiers_may_be_any_integers_or_names(save):
    codes = np.array([40, -7])[np.arange(248) // 124]
    assert load_handwriting(save(user=codes)).users == [1, 2]
    first = load_handwriting(save(user=np.array(["zoe", "adam"])[np.arange(248) // 124])).train(1)
    np.testing.assert_array_equal(first.images, load_handwriting(save()).train(2).images)


def test_without_user_there_is_one(save):
    assert load_handwriting(save(user=None)).users == [1]


def test_without_is_test_a_quarter_is_split_off(save):
    handwriting = load_handwriting(save(is_test=None, user=None))
    assert (handwriting.test(1).class_counts() == 1).all()
    assert (handwriting.train(1).class_counts() == 3).all()
    again = load_handwriting(save(is_test=None, user=None))
    np.testing.assert_array_equal(handwriting.is_test, again.is_test)


def test_split_is_stratified_and_seeded():
    labels = np.repeat([0, 1, 2, 3], [40, 8, 2, 1])
    user = np.zeros(51, int)
    mask = stratified_test_mask(labels, user)
    assert [mask[labels == label].sum() for label in range(4)] == [10, 2, 1, 0]
    assert (mask == stratified_test_mask(labels, user)).all()
    assert (mask != stratified_test_mask(labels, user, seed=1)).any()


def test_invert_swaps_ink_and_paper(save, letters):
    path = save(x=255 - letters.images)
    np.testing.assert_array_equal(load_handwriting(path, invert=True).data.images, letters.images)
    assert (load_handwriting(path).data.images != letters.images).any()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": None}, "array 'x' is missing"),
        ({"y": None}, "array 'y' is missing"),
        ({"x": np.zeros((248, 784), np.uint8)}, r"found \(248, 784\)"),
        ({"x": np.zeros((248, 28, 28))}, "uint8, found float64"),
        ({"x": np.zeros((3, 28, 28), np.uint8)}, "3 images but 248 labels"),
        ({"y": np.full(248, 62)}, "label 62 at index 0 is outside 0..61"),
        ({"y": np.full(248, -1)}, "label -1 at index 0"),
        ({"y": np.zeros(248)}, "integers, found float64"),
        ({"y": np.zeros((248, 1), int)}, r"found \(248, 1\)"),
        ({"user": np.zeros(3, int)}, r"'user' must be 248 integers or names"),
        ({"user": np.zeros(248)}, "'user' must be 248 integers or names, found float64"),
        ({"is_test": np.zeros(3, bool)}, r"'is_test' must have shape \(248,\), found \(3,\)"),
        ({"is_test": np.full(248, 2)}, "'is_test' must hold only 0 and 1"),
        ({"y": np.array([{}] * 248)}, "not made of plain arrays"),
        (
            {"x": np.zeros((0, 28, 28), np.uint8), "y": np.zeros(0, int), "user": None, "is_test": None},
            "no image found",
        ),
    ],
)
def test_refuses_with_one_sentence(save, changes, words):
    path = save(**changes)
    with pytest.raises(DataError, match=words) as caught:
        load_handwriting(path)
    assert "me.npz: " in str(caught.value)


def test_refuses_what_is_not_an_npz(tmp_path, save):
    path = tmp_path / "x.npz"
    path.write_text("hello")
    with pytest.raises(DataError, match="not an .npz archive"):
        load_handwriting(path)
    np.save(tmp_path / "x.npy", np.zeros(3))
    with pytest.raises(DataError, match="not an .npz archive"):
        load_handwriting(tmp_path / "x.npy")
    with pytest.raises(DataError, match="no such file or folder"):
        load_handwriting(tmp_path / "none.npz")
    whole = save().read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not an .npz archive, or truncated"):
        load_handwriting(path)
    damaged = bytearray(whole)
    damaged[5000] ^= 0xFF  # inside the pixels of 'x': the archive's CRC must notice
    path.write_bytes(damaged)
    with pytest.raises(DataError, match="damaged"):
        load_handwriting(path)


def test_an_unknown_user_or_an_empty_part_is_named(save):
    handwriting = load_handwriting(save(is_test=np.arange(248) < 124))
    for user in (0, 3, -1):
        with pytest.raises(DataError, match=rf"no user {user}, users are 1\.\.2"):
            handwriting.train(user)
    with pytest.raises(DataError, match="user 1 has no train image"):
        handwriting.train(1)


def test_of_classes_keeps_users_and_parts(save):
    whole = load_handwriting(save())
    digits = whole.of_classes(10)
    for user in whole.users:
        for part in ("train", "test"):
            all_of_them, some = getattr(whole, part)(user), getattr(digits, part)(user)
            assert some.labels.max() < 10 and some.classes == 10
            assert (some.images == all_of_them.images[all_of_them.labels < 10]).all()
