# SPDX-License-Identifier: Apache-2.0
"""The shipped pool of experts is for the shipped GE, the kept table is about it, and it keeps what it promises."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

from golden.data import generate_generic
from golden.integer_model import MoeModel
from spec.network import Mode, Moe
from spec.paths import MODELS, RESULTS
from spec.presets import load_moe
from training.pool import Pool
from training.pool_file import load_pool, pool_file
from training.pool_groups import GROUPS, QUERIES, query_classes, query_name
from training.pool_table import TARGET, shortfall


@pytest.fixture(scope="module")
def rich() -> Moe:
    return load_moe("rich")


@pytest.fixture(scope="module")
def pool(rich) -> Pool:
    return load_pool(pool_file(MODELS, rich.preset), rich)[0]


@pytest.fixture(scope="module")
def kept() -> dict:
    return json.loads((RESULTS / "pool.json").read_text())


@pytest.mark.parametrize("names", [n for count in (1, 2, 3) for n in combinations(GROUPS, count)], ids="+".join)
def test_every_query_is_answered_by_its_classes(rich, pool, names) -> None:
    images = generate_generic(1, "test", 0).images
    answers = MoeModel(rich).run(images, Mode.MOE_GATED, pool.bank(rich, names))
    classes = query_classes(GROUPS, names)
    assert np.isin(answers.classes, classes).all() and (answers.experts == 1).all()
    assert len(np.unique(answers.classes)) > len(classes) // 2


def test_the_record_says_what_it_was_made_from(rich, pool) -> None:
    record = load_pool(pool_file(MODELS, rich.preset), rich)[1]
    assert record["pool"] == pool.digest() and record["synthetic"] is False
    assert set(record["validation"]) == {query_name(query) for query in QUERIES}


def test_the_kept_table_is_of_this_pool_and_within_its_targets(rich, pool, kept) -> None:
    assert kept["network"] == rich.network.digest()
    assert kept["pool"] == kept["shipped_pool"] == pool.digest()
    assert [row["query"] for row in kept["rows"]] == [query_name(query) for query in QUERIES]
    for row, time in zip(kept["rows"], kept["times"], strict=True):
        assert shortfall(row) <= TARGET, row["query"]
        assert row["outside"] == [0] * kept["seeds"]
        assert time["largest"] < 1.0, row["query"]


def test_a_pool_that_loses_more_is_seen(kept) -> None:
    row = kept["rows"][0]
    assert shortfall(row | {"pool": [share - 2 * TARGET for share in row["pool"]]}) > TARGET
