# SPDX-License-Identifier: Apache-2.0
"""The name of the models changes with what accuracies depend on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spec import models_digest
from spec.models_digest import digest_of_models, learning_digest
from spec.paths import BANKS
from spec.presets import TRAINED_GATES, load_moe


def test_it_covers_arithmetic_and_banks(tmp_path, monkeypatch):
    models = {gate: load_moe(gate) for gate in TRAINED_GATES}
    shipped = models_digest.models_digest()
    assert shipped == digest_of_models(models) and len(shipped) == 16
    other = replace(models["tuned"], confidence_shift=models["tuned"].confidence_shift + 1)
    assert digest_of_models(models | {"tuned": other}) != shipped
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned" / "user01.bank").write_bytes((BANKS / "tuned" / "user02.bank").read_bytes())
    monkeypatch.setattr(models_digest, "BANKS", tmp_path)
    assert digest_of_models(models) != shipped


@pytest.fixture
def fresh():
    """Digests are computed again, also behind the test."""
    learning_digest.cache_clear()
    yield learning_digest.cache_clear
    learning_digest.cache_clear()


def test_that_of_learning_covers_models_learner_and_rules(fresh, tmp_path, monkeypatch):
    found = [learning_digest(), learning_digest(rules=False)]
    for name, other in (
        ("models_digest", lambda: "other models"),
        ("LEARNER", [tmp_path / "learner.py"]),
        ("load_toml", lambda kind, gate: {"learning": {"passes": 3}}),
    ):
        (tmp_path / "learner.py").write_text("")
        with monkeypatch.context() as changed:
            changed.setattr(models_digest, name, other)
            fresh()
            found += [learning_digest(), learning_digest(rules=False)]
        fresh()
    assert found[-1] == found[1]  # a choice between rules does not depend on the shipped one
    assert len({*found}) == len(found) - 1
