# SPDX-License-Identifier: Apache-2.0
"""Fair fine-tuning: the copies of a local expert, a factory that helps with like hands, rehearsal that remembers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from golden.data import LabelledImages
from golden.tests.small import PRESET, blobs
from golden.torch_model import Network, build_float
from training.fair_fine_tune import FairConfig, Tail, factory_tail, frozen_samples, personal_tail
from training.features import Copies, Samples, copied_images, extract
from training.fine_tune import frozen_output
from training.fit import predict
from training.heads import HeadConfig
from training.local_expert import ExpertConfig, Rehearsal

CONFIG = FairConfig(
    HeadConfig(epochs=6, learning_rate=1e-2, batch=64), 1500, ExpertConfig(epochs=8, learning_rate=1e-2, batch=64)
)
COPIES = Copies(mild=1, strong=2)


@pytest.fixture(scope="module")
def model() -> Network:
    """An untrained float network of the small preset."""
    torch.manual_seed(0)
    return build_float(PRESET).eval()


@pytest.fixture(scope="module")
def generic(model) -> Samples:
    return frozen_samples(model, blobs(6, 1))


@pytest.fixture(scope="module")
def trained(model, generic) -> Tail:
    """Knows generic handwriting alone."""
    return factory_tail(Tail.of(model), generic, [], 0, CONFIG)


def hand(brightness: int) -> LabelledImages:
    """A writer with a pen of their own."""
    return blobs(3, 30 + brightness, brightness)


def accuracy(tail: Tail, samples: Samples) -> float:
    return float((tail.answers(samples.local) == samples.labels).mean())


def state(tail: Tail) -> list[bytes]:
    return [value.numpy().tobytes() for value in tail.state_dict().values()]


def test_copies_are_those_of_a_local_expert(model, moe) -> None:
    data = blobs(1, 3)
    float_samples, integer = frozen_samples(model, data, COPIES, 5), extract(moe, data, COPIES, 5)
    for field in ("labels", "source", "kind"):
        np.testing.assert_array_equal(getattr(float_samples, field), getattr(integer, field))
    images = np.concatenate(list(copied_images(data, COPIES, 5)))
    np.testing.assert_allclose(float_samples.local, frozen_output(model, images), rtol=1e-3, atol=1e-3)
    assert not np.array_equal(frozen_samples(model, data, COPIES, 6).local, float_samples.local)


def test_the_factory_knows_hands_like_those_it_has_seen(model, generic, trained) -> None:
    unseen = frozen_samples(model, hand(100))
    like, unlike = ([frozen_samples(model, hand(one)) for one in some] for some in ((90, 110), (240, 250)))
    found = [accuracy(factory_tail(Tail.of(model), generic, writers, 0, CONFIG), unseen) for writers in (like, unlike)]
    assert found[0] > max(found[1], accuracy(trained, unseen)) + 0.1, found


def test_a_user_is_learned_and_rehearsal_remembers(model, generic, trained) -> None:
    """Of what is not rehearsed some is lost."""
    own = frozen_samples(model, hand(100), Copies(mild=1))
    keeps, forgets = (personal_tail(trained, own, Rehearsal(generic, weight), 0, CONFIG) for weight in (1.0, 0.0))
    test, other = frozen_samples(model, blobs(2, 77, 100)), frozen_samples(model, blobs(2, 2))
    assert min(accuracy(keeps, test), accuracy(forgets, test)) > accuracy(trained, test) + 0.2
    assert accuracy(keeps, other) > accuracy(forgets, other) + 0.2


def test_the_start_stays_and_the_seed_decides(model, generic, trained) -> None:
    before = state(trained)
    own, short = frozen_samples(model, hand(100)), replace(CONFIG, personal=replace(CONFIG.personal, epochs=1))
    once, again, other = (state(personal_tail(trained, own, Rehearsal(generic, 0.3), s, short)) for s in (0, 0, 1))
    assert state(trained) == before
    assert once == again != other and once != before


def test_a_tail_answers_as_the_whole_network(model) -> None:
    data = blobs(2, 2)
    whole = predict(model, data.images).argmax(1)
    assert (Tail.of(model).answers(frozen_output(model, data.images).numpy()) == whole).all()
