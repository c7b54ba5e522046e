# SPDX-License-Identifier: Apache-2.0
"""The built-in generator: repeatable, shaped like EMNIST, legible, and every writer has their own hand."""

import numpy as np
import pytest

from golden.data import CLASSES, DataError, LabelledImages, generate, generate_generic
from golden.data.glyphs import FORMS, POINTS, skeletons
from golden.data.raster import draw


def features(data: LabelledImages) -> np.ndarray:
    """Images averaged over 2x2 pixels: float32 (N, 196)."""
    return data.images.reshape(-1, 14, 2, 14, 2).mean((2, 4), dtype=np.float32).reshape(len(data), -1)


def nearest_neighbour_accuracy(train: LabelledImages, test: LabelledImages) -> float:
    known = features(train)
    distance = (known**2).sum(1) - 2 * features(test) @ known.T
    return float((train.labels[distance.argmin(1)] == test.labels).mean())


def test_the_same_seed_gives_the_same_bytes():
    first, second, other = (generate_generic(2, "train", seed) for seed in (3, 3, 4))
    assert first.images.tobytes() == second.images.tobytes()
    assert first.images.tobytes() != other.images.tobytes()
    users = [generate(writers, 4, 3) for writers in (2, 2, 3)]
    assert users[0].data.images.tobytes() == users[1].data.images.tobytes()
    # A writer does not depend on how many others there are.
    np.testing.assert_array_equal(users[0].train(2).images, users[2].train(2).images)


def test_counts_and_splits():
    handwriting = generate(2, 8, 1)
    assert handwriting.users == [1, 2]
    for user in handwriting.users:
        assert (handwriting.train(user).class_counts() == 6).all()
        assert (handwriting.test(user).class_counts() == 2).all()
    assert (generate_generic(5, "test", 1).class_counts() == 5).all()


def test_train_test_and_users_share_no_image():
    sets = [generate_generic(4, "train", 1), generate_generic(4, "test", 1), generate(1, 4, 1).data]
    images = [image.tobytes() for data in sets for image in data.images]
    assert len(set(images)) == len(images)


def test_images_look_like_emnist():
    data = generate_generic(20, "train", 2)
    images = data.images
    assert images.max(axis=(1, 2)).min() == 255
    border = np.ones((28, 28), bool)
    border[1:-1, 1:-1] = False
    assert images[:, border].mean() < 1
    ink = images > 64
    height, width = (np.ptp(np.where(ink.any(axis), np.arange(28), 13), axis=1) + 1 for axis in (2, 1))
    longer = np.maximum(height, width)
    assert 20 <= np.median(longer) <= 24 and longer.max() <= 26
    rows, columns = (np.einsum(f"nrc,{axis}->n", images / 255, np.arange(28)) for axis in "rc")
    mass = images.sum((1, 2)) / 255
    assert abs((rows / mass).mean() - 13.5) < 1 and abs((columns / mass).mean() - 13.5) < 1
    # Grey edges: EMNIST has 33 % of its pixels above 0 and a mean of 44.
    assert 0.25 < (images > 0).mean() < 0.45
    assert 30 < images.mean() < 55


def test_classes_can_be_told_apart():
    train, test = generate_generic(60, "train", 1), generate_generic(10, "test", 1)
    assert nearest_neighbour_accuracy(train, test) > 0.6
    shuffled = LabelledImages(train.images, np.random.default_rng(0).permutation(train.labels), "shuffled")
    assert nearest_neighbour_accuracy(shuffled, test) < 0.1


def test_a_writer_is_known_by_their_own_hand():
    handwriting = generate(2, 16, 1)
    own = nearest_neighbour_accuracy(handwriting.train(1), handwriting.test(1))
    other = nearest_neighbour_accuracy(handwriting.train(2), handwriting.test(1))
    assert own > 0.8
    assert own > other + 0.2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: generate(0, 1, 0), "writers is 0, at least 1"),
        (lambda: generate(1, 0, 0), "per_class is 0, at least 1"),
        (lambda: generate_generic(1, "train", -1), "seed is -1, at least 0"),
        (lambda: generate_generic(1, "validation", 1), "'validation'"),
    ],
)
def test_refuses_bad_arguments(call, words):
    with pytest.raises(DataError, match=words):
        call()


def test_every_class_has_forms_and_every_form_is_evenly_traced():
    assert "".join(FORMS) == CLASSES
    for character in CLASSES:
        for form in skeletons(character):
            assert form.points.shape == (POINTS, 2)
            assert np.isfinite(form.points).all()
            step = np.hypot(*np.diff(form.points, axis=0).T)[np.diff(form.stroke) == 0]
            # On the largest box, 24 pixels high, the pen then advances by about a pixel at most.
            assert step.max() * 24 / np.ptp(form.points, axis=0).max() < 1.2, character


def test_draw_puts_the_ink_where_the_points_are():
    points = np.stack([np.linspace(4, 22, 60), np.full(60, 8.0)], axis=-1)[None].astype(np.float32)
    one = np.ones(1, np.float32)
    image = draw(points, 1.5 * one, one, 0 * one)[0]
    assert image[7:10, 4:23].min() >= 250
    assert (image[:6] == 0).all() and (image[11:] == 0).all() and (image[:, :2] == 0).all()
    assert (draw(points, 1.5 * one, one, 0.2 * one)[0][6, 6:20] > image[6, 6:20]).all()
