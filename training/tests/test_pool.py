# SPDX-License-Identifier: Apache-2.0
"""A pool of experts becomes banks: they answer the classes asked for and no others; files; refusals."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from golden.integer_model import MoeModel
from golden.tests.small import GATE, blobs
from spec.bank import Bank
from spec.errors import InputError
from spec.network import LayerWeights, Mode, Moe, build_moe
from spec.presets import load_moe
from training.features import extract
from training.heads import integer_logits
from training.pool import Pool, bank_of_rows, centred, check_moe, local_gate, others_never_win
from training.pool_file import load_pool, pool_file, save_pool
from training.pool_groups import GROUPS, query_classes

MODES = (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)
ALL_QUERIES = [names for count in (1, 2, 3) for names in combinations(GROUPS, count)]


def small_moe(network, experts: int = 1, **local_expert) -> Moe:
    """The small network with a local expert that has a hidden layer."""
    hidden = {"hidden": 12, "hidden_shift": 8} | local_expert
    return build_moe(network, {**GATE, "local_experts": experts, "local_expert": GATE["local_expert"] | hidden})


@pytest.fixture(scope="module")
def deep(network) -> Moe:
    return small_moe(network)


def made_up_pool(moe: Moe, seed: int = 0, least: int = -128, most: int = 128) -> Pool:
    """A pool of uniformly random weights."""
    rng = np.random.default_rng(seed)

    def draw(outputs: int, inputs: int, low: int, high: int) -> LayerWeights:
        return LayerWeights(rng.integers(low, high, (outputs, inputs)), rng.integers(-500, 500, outputs))

    library = tuple(draw(layer.outputs, layer.inputs, -128, 128) for layer in moe.le.hidden)
    experts = {name: draw(len(classes), moe.le.out.inputs, least, most) for name, classes in GROUPS.items()}
    return Pool(library, GROUPS, experts)


# ---- What a bank answers ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("names", ALL_QUERIES, ids="+".join)
def test_a_bank_answers_as_the_experts_side_by_side_and_nothing_else(deep, names) -> None:
    pool, images = made_up_pool(deep), blobs(4, 3).images
    local = extract(deep, blobs(4, 3)).local
    classes = np.concatenate([GROUPS[name] for name in names])
    hidden = pool.library
    logits = np.concatenate(
        [integer_logits(deep.le.layers, (*hidden, pool.experts[name]), local) for name in names], axis=1
    )
    expected = classes[logits.argmax(1)]
    for mode in MODES:
        answers = MoeModel(deep).run(images, mode, pool.bank(deep, names))
        assert np.array_equal(answers.classes, expected)
        assert (answers.experts == 1).all()
    assert len(np.unique(expected)) > 1


def naive_bank(moe: Moe, pool: Pool, names: tuple[str, ...]) -> Bank:
    """The rows as they are beside the lowest biases."""
    classes, rows = pool.rows(names)
    weight = np.zeros((62, moe.le.out.inputs), np.int64)
    bias = np.full(62, moe.le.out.bias.minimum, np.int64)
    weight[classes], bias[classes] = rows.weight, rows.bias
    out = LayerWeights(weight, bias)
    return Bank(moe.preset, moe.network.digest(), ((*pool.library, out),), local_gate(moe))


def test_the_lowest_bias_alone_is_not_enough(deep) -> None:
    """Logits far below 0: digits lose to the letters that nobody asked for, unless the rows are centred."""
    pool, images = made_up_pool(deep, least=-128, most=-100), blobs(2, 3).images
    naive = MoeModel(deep).run(images, Mode.LE_ONLY, naive_bank(deep, pool, ("digits",)))
    assert (naive.classes >= 10).any()
    sound = MoeModel(deep).run(images, Mode.LE_ONLY, pool.bank(deep, ("digits",)))
    assert (sound.classes < 10).all()
    assert not others_never_win(deep.le.out, pool.experts["digits"])


def test_centring_changes_no_order(deep) -> None:
    rows = made_up_pool(deep, 1, -128, 40).experts["upper"]
    inputs = np.random.default_rng(0).integers(0, 256, (200, deep.le.out.inputs))
    before, after = (inputs @ r.weight.T + r.bias for r in (rows, centred(deep.le.out, rows)))
    assert np.array_equal(before - before[:, :1], after - after[:, :1])
    assert not np.array_equal(before, after)


def test_rows_that_could_lose_to_the_lowest_bias_are_refused(deep) -> None:
    weight = np.full((4, deep.le.out.inputs), -128)
    weight[0] = 127  # so that nothing can be taken off the rows
    rows = LayerWeights(weight, np.zeros(4, np.int64))
    with pytest.raises(InputError, match="a local expert of 4 classes could answer another one"):
        bank_of_rows(deep, made_up_pool(deep).library, np.arange(4), rows)


def test_the_gate_says_local_until_the_threshold_is_beyond_its_biases(deep) -> None:
    bank, images = made_up_pool(deep).bank(deep, ("digits",)), blobs(1, 3).images
    bias = deep.gate.out.bias
    for theta, expert in ((bias.maximum - bias.minimum - 1, 1), (bias.maximum - bias.minimum, 0)):
        assert (MoeModel(deep).run(images, Mode.MOE_GATED, bank, theta).experts == expert).all()


# ---- Bad input -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("digits", "greek"), "there is no group of classes 'greek', known are digits, upper, lower"),
        ((), "a query needs one group of classes at least"),
    ],
)
def test_a_query_for_something_else_is_refused(deep, names, said: str) -> None:
    with pytest.raises(InputError, match=said):
        made_up_pool(deep).bank(deep, names)


def test_a_group_that_is_asked_for_twice_is_one(deep) -> None:
    pool = made_up_pool(deep)
    assert pool.bank(deep, ("lower", "digits", "lower")).digest() == pool.bank(deep, ("digits", "lower")).digest()
    assert np.array_equal(query_classes(GROUPS, ("lower", "digits")), np.r_[0:10, 36:62])


def test_accelerators_without_a_pool_are_refused(moe, network) -> None:
    with pytest.raises(InputError, match="gate preset 'test': its local expert has no hidden layer"):
        check_moe(moe, GROUPS)
    with pytest.raises(InputError, match="has 2 local experts, a pool is for 1"):
        check_moe(small_moe(network, 2), GROUPS)
    with pytest.raises(InputError, match="has 62 classes, the pool needs 64"):
        check_moe(small_moe(network), {"more": np.arange(60, 64)})


# ---- The file --------------------------------------------------------------------------------------------------------
def test_a_pool_is_read_as_it_was_written(deep, tmp_path) -> None:
    pool, path = made_up_pool(deep), pool_file(tmp_path, "test")
    save_pool(path, deep, pool, {"seed": 3})
    again, record = load_pool(path, deep)
    assert again.digest() == pool.digest() and record == {"seed": 3}
    assert again.bank(deep, ("upper",)).digest() == pool.bank(deep, ("upper",)).digest()
    other = Pool(pool.library, GROUPS, pool.experts | {"digits": made_up_pool(deep, 1).experts["digits"]})
    assert other.digest() != pool.digest()


def test_files_that_do_not_fit_are_refused(deep, network, tmp_path) -> None:
    path = tmp_path / "pool.npz"
    with pytest.raises(InputError, match="there is no pool of experts; make one with"):
        load_pool(path, deep)
    save_pool(path, deep, made_up_pool(deep), {})
    with pytest.raises(InputError, match="made for local experts of other layers"):
        load_pool(path, small_moe(network, hidden=10))
    with pytest.raises(InputError, match=f"not {load_moe('rich').network.digest()[:12]}"):
        load_pool(path, load_moe("rich"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="not a readable pool of experts"):
        load_pool(path, deep)
    with pytest.raises(InputError, match="cannot be written"):
        save_pool(tmp_path, deep, made_up_pool(deep), {})
