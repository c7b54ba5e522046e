# SPDX-License-Identifier: Apache-2.0
"""The name of the models changes with what accuracies depend on."""

from __future__ import annotations

from dataclasses import replace

from spec import models_digest
from spec.models_digest import digest_of_models
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
