# SPDX-License-Identifier: Apache-2.0
"""`LabelledImages` refuses what later stages could not use."""

import numpy as np
import pytest

from golden.data import CLASSES, DataError, LabelledImages
from spec.errors import InputError


def make(images=None, labels=None) -> LabelledImages:
    images = np.zeros((3, 28, 28), np.uint8) if images is None else images
    labels = np.array([0, 10, 61], np.uint8) if labels is None else labels
    return LabelledImages(images, labels, "the file")


def test_classes_are_in_byclass_order():
    assert len(CLASSES) == len(set(CLASSES)) == 62
    assert (CLASSES[0], CLASSES[9], CLASSES[10], CLASSES[35], CLASSES[36], CLASSES[61]) == tuple("09AZaz")


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (np.zeros((3, 28, 27), np.uint8), None, "(3, 28, 27)"),
        (np.zeros((3, 784), np.uint8), None, "(3, 784)"),
        (np.zeros((3, 28, 28), np.float32), None, "float32"),
        (None, np.array([0, 1], np.uint8), "3 images but 2 labels"),
        (None, np.array([0, 1, 62], np.uint8), "label 62 at index 2 is outside 0..61"),
        (None, np.array([0, 1, 2], np.int64), "int64"),
        (None, np.array([0, 1, 2.5]), "float64"),
        (None, np.zeros((3, 1), np.uint8), "(3, 1)"),
    ],
)
def test_refuses_with_the_value_found(images, labels, words):
    with pytest.raises(DataError) as caught:
        make(images, labels)
    message = str(caught.value)
    assert message.startswith("the file: ")
    assert words in message
    assert isinstance(caught.value, InputError)  # what the command-line tools turn into exit code 2


def test_take_and_select_keep_pairs_together():
    data = LabelledImages(
        np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8),
        np.arange(5, dtype=np.uint8),
        "ramp",
        synthetic=True,
    )
    picked = data.select(np.array([4, 1]))
    assert picked.labels.tolist() == [4, 1]
    assert picked.images[:, 0, 0].tolist() == [4, 1]
    assert (picked.name, picked.synthetic) == ("ramp", True)
    assert data.select(data.labels > 2).labels.tolist() == [3, 4]
    assert data.take(2).labels.tolist() == [0, 1]
    assert len(data.take(9)) == 5
    assert data.class_counts().tolist() == [1] * 5 + [0] * 57
    with pytest.raises(DataError, match="-1"):
        data.take(-1)


def test_of_classes_keeps_the_first_classes_and_says_so():
    data = make()
    assert data.of_classes(62) is data
    few = data.of_classes(11)
    assert few.labels.tolist() == [0, 10] and len(few.images) == 2 and len(few.class_counts()) == 11
    assert few.name == "the file, classes 0 to A"
    with pytest.raises(DataError, match=r"label 10 at index 1 is outside 0\.\.9"):
        LabelledImages(few.images, few.labels, "the file", classes=10)
