# SPDX-License-Identifier: Apache-2.0
"""IDX reading: orientation, both encodings, and every way a file can be wrong."""

import gzip
import os
import re
import shutil

import numpy as np
import pytest

from golden.data import CLASSES, DataError, load_emnist, load_idx_pair, read_idx_images, read_idx_labels
from golden.tests.data.idx_format import idx_bytes


def is_upright(images: np.ndarray, labels: np.ndarray) -> bool:
    """Whether 'L' has its bar at the bottom and 'T' at the top; that of a transposed 'L' is at the side."""

    def ink(character: str, rows: slice, columns: slice) -> float:
        return images[labels == CLASSES.index(character), rows, columns].mean()

    low, high = slice(0, 10), slice(18, 28)
    return ink("L", high, high) > 2 * ink("L", low, high) and ink("T", low, low) > 2 * ink("T", high, high)


def test_reads_back_what_was_written(letters, write_idx):
    data = load_idx_pair(write_idx(letters.images, letters.labels))
    np.testing.assert_array_equal(data.images, letters.images)
    np.testing.assert_array_equal(data.labels, letters.labels)
    assert data.images.flags.c_contiguous and data.images.flags.writeable
    assert not data.synthetic


def test_undoes_the_official_transposition(letters, write_idx):
    path = write_idx(letters.images, letters.labels)
    assert is_upright(read_idx_images(path), letters.labels)
    assert not is_upright(read_idx_images(path, transposed=False), letters.labels)


def test_gzip_and_plain_give_the_same(letters, write_idx):
    path = write_idx(letters.images, letters.labels)
    plain = load_idx_pair(path)
    for file in (path, path.with_name(path.name.replace("images-idx3", "labels-idx1"))):
        file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    packed = load_idx_pair(path.with_name(path.name + ".gz"))
    np.testing.assert_array_equal(plain.images, packed.images)
    np.testing.assert_array_equal(plain.labels, packed.labels)


def test_a_gz_that_was_unpacked_without_renaming_is_read(letters, write_idx):
    path = write_idx(letters.images, letters.labels)
    renamed = path.rename(path.with_name(path.name + ".gz"))
    np.testing.assert_array_equal(load_idx_pair(renamed).images, letters.images)


GOOD = idx_bytes(np.zeros((2, 28, 28), np.uint8))


def zipped(content: bytes) -> bytes:
    """Gzip without a time stamp: the content names the test, and every test worker must arrive at the same name."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\0\0\x08\x01" + GOOD[4:], "magic number 00000801 found, 00000803"),
        (b"", "truncated, 0 bytes found"),
        (GOOD[:9], "truncated, 9 bytes found, its header alone has 16"),
        (GOOD[:-1], "truncated, 1567 bytes of data found, its header declares 1568"),
        (GOOD + b"\0", "over-long, 1569 bytes of data found, its header declares 1568"),
        (GOOD[:4] + b"\xff" * 12 + GOOD[16:], "truncated, 1568 bytes of data found"),
        (idx_bytes(np.zeros((2, 27, 28), np.uint8)), "27x28 found, 28x28 is required"),
        (zipped(GOOD)[:-9], "truncated or corrupt"),
        (zipped(GOOD)[:-8] + b"\0\0\0\0" + zipped(GOOD)[-4:], "truncated or corrupt"),
        (zipped(GOOD[:-1]), "truncated, 1567 bytes"),
        (zipped(GOOD + b"\0"), "over-long, 1569 bytes"),
    ],
)
def test_refuses_a_bad_image_file(tmp_path, content, words):
    path = tmp_path / "x-images-idx3-ubyte"
    path.write_bytes(GOOD)
    assert read_idx_images(path).shape == (2, 28, 28)  # the control: the same file, undamaged
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        read_idx_images(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_refuses_a_label_of_62(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(np.array([0, 61], np.uint8)))
    assert read_idx_labels(path).tolist() == [0, 61]
    path.write_bytes(idx_bytes(np.array([0, 62], np.uint8)))
    with pytest.raises(DataError, match=r"label 62 at index 1 is outside 0\.\.61"):
        read_idx_labels(path)


def test_refuses_unequal_counts(letters, write_idx):
    path = write_idx(letters.images, letters.labels[:-1])
    with pytest.raises(DataError, match="248 images found, but 247 labels"):
        load_idx_pair(path)


def test_refuses_a_missing_label_file_or_an_uninferable_name(letters, write_idx):
    path = write_idx(letters.images, letters.labels)
    labels = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
    labels.rename(labels.with_name("elsewhere"))
    with pytest.raises(DataError, match="labels-idx1-ubyte: cannot be read"):
        load_idx_pair(path)
    assert len(load_idx_pair(path, labels.with_name("elsewhere"))) == len(letters)
    with pytest.raises(DataError, match="no label file can be inferred"):
        load_idx_pair(path.rename(path.with_name("images")))


def test_load_emnist_names_what_is_missing(tmp_path, letters, write_idx):
    with pytest.raises(DataError, match="not a directory"):
        load_emnist(tmp_path / "nowhere", "test")
    with pytest.raises(DataError, match=r"emnist-byclass-test-images-idx3-ubyte\[.gz\]"):
        load_emnist(tmp_path, "test")
    write_idx(letters.images, letters.labels)
    assert load_emnist(tmp_path, "test").name == "EMNIST ByClass test"
    with pytest.raises(DataError, match="'validation'"):
        load_emnist(tmp_path, "validation")


@pytest.fixture
def emnist_directory(tmp_path, letters, write_idx):
    """The user's EMNIST when `EMNIST_DIR` is set, otherwise synthetic images in its layout."""
    if "EMNIST_DIR" in os.environ:
        return os.environ["EMNIST_DIR"]
    for split in ("train", "test"):
        write_idx(letters.images, letters.labels, f"emnist-byclass-{split}")
    return tmp_path


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_whole_directory_is_upright_and_has_every_class(emnist_directory, split):
    data = load_emnist(emnist_directory, split)
    assert data.class_counts().min() > 0
    assert is_upright(data.images, data.labels)
    assert not is_upright(data.images.transpose(0, 2, 1), data.labels)


def test_an_unreadable_path_is_one_sentence(tmp_path):
    directory = tmp_path / "x-images-idx3-ubyte"
    directory.mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        read_idx_images(directory)
    shutil.rmtree(directory)
    with pytest.raises(DataError, match="cannot be read"):
        read_idx_images(directory)
