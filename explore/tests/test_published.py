# SPDX-License-Identifier: Apache-2.0
"""Results of studies, with made-up syntheses: what is kept, what is said of it, and presets that are read back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from explore import measurement, published
from explore.estimate import CELLS, GE_CYCLES, SITES, estimate
from explore.front import front
from explore.kept import cost_model
from explore.parts import REST, Part, measured
from explore.search import Found
from explore.space import Choice, Space
from explore.study import Outcome, Study
from explore.study import run as run_study
from explore.terminal import sentences
from spec.errors import InputError
from spec.folding import build_folding
from spec.presets import Accelerator, load_toml
from spec.tiny import FOLDING, GATES, LOCAL_ONLY, local_only_accelerator, tiny_network
from tools.rows import Row
from tools.workers import Workers

TOTAL = {"LUT4": 900, "TRELLIS_FF": 800, "DP16KD": 9, "MULT18X18D": 7}


def row(**changes: int) -> dict:
    """Of a synthesis."""
    return {"sources": "0" * 16, "total": {**TOTAL, **changes}}


def outcome(config: dict = FOLDING) -> Outcome:
    """Of a search that found one design, which beats one made by hand by estimate."""
    space = Space(tiny_network(), GATES["deep"], ("folding",))
    moe = space.given()
    by_hand = Accelerator(moe, build_folding(config, moe))
    figures = estimate(by_hand, cost_model())
    layers = {name: fold for name, fold in by_hand.folding.layers.items() if name in config}
    found = Found(Choice(), by_hand.folding, {**figures, SITES: figures[SITES] - 10}, layers)
    study = Study("a study, small", "ecp5-25", references=("tiny",), local_only=by_hand.folding.local_only)
    return Outcome(study, space, 2, front([found]), {"tiny": by_hand}, {"tiny": figures}, None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"LUT4": 899}, r"`a_study_small_1` \*\*beats\*\* `tiny`, losing nowhere: .*LUT4 sites 899 against 900"),
        ({}, "`a_study_small_1` is as good as `tiny`"),
        ({"LUT4": 800, "DP16KD": 10}, "`a_study_small_1` does not beat `tiny`: more EBR"),
    ],
)
def test_synthesis_says_whether_a_design_beats_another(changes: dict, said: str) -> None:
    (verdict,) = published.verdicts(outcome(), {1: row(**changes), "tiny": row()})
    assert re.search(said, verdict)


def test_a_design_that_was_not_synthesised_has_no_verdict() -> None:
    assert published.verdicts(outcome(), {1: row()}) == [] == published.verdicts(outcome(), {})


def test_what_a_chosen_design_beats_is_synthesised_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def synthesised(design: Accelerator, work: Path) -> Row:
        asked.append(design.folding.name)
        return Row(work, {"what": "made up", "name": design.folding.name}, row)

    monkeypatch.setattr(measurement, "synthesised", synthesised)
    rows = published.measure([outcome()], tmp_path, Workers(1))
    assert rows == [{1: row(), "tiny": row()}]
    assert set(asked) == {"a_study_small_1", "a_study_small_tiny"}


@pytest.mark.parametrize("config", [FOLDING, LOCAL_ONLY], ids=["whole", "local_only"])
def test_a_page_its_figures_and_presets_are_kept(config: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, file in (("KEPT", "explore.json"), ("FOUND", "found"), ("PICTURE", "explore.png")):
        monkeypatch.setattr(published, name, tmp_path / file)
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "of_a_search_before_7.toml").write_text("")
    some, empty = outcome(config), Study("another", "ecp5-25")
    published.save([some], [{1: row(LUT4=899), "tiny": row()}], {empty: "none fits"}, "a tool", "abc")
    whole = json.loads((tmp_path / "explore.json").read_text())
    (kept,) = whole["studies"]
    assert whole["sources"] == "abc"
    assert kept["beaten"] == {"tiny": [1]} and kept["by_hand"]["tiny"][SITES] == 900
    assert (GE_CYCLES in kept["chosen"][0]["figures"]) == (not some.study.local_only)
    page = (tmp_path / "explore.md").read_text()
    assert "**beats** `tiny`" in page and "Nothing found: none fits." in page and "Sources abc." in page
    assert all(kind in page for kind in CELLS)
    again = build_folding(load_toml("folding", tmp_path / "found" / "a_study_small_1.toml"), some.space.given())
    assert [file.name for file in (tmp_path / "found").iterdir()] == ["a_study_small_1.toml"]
    assert again.layers == some.front[0].folding.layers and again.local_only == some.study.local_only
    (one,) = some.front
    narrow = replace(one, choice=Choice(tuple((layer.name, 3) for layer in tiny_network().weighted_layers)))
    published.save([replace(some, front=[narrow])], [{}], {}, "a tool", "abc")
    assert list((tmp_path / "found").iterdir()) == []  # a network file is not kept
    drawn = tmp_path / "explore.png"
    assert drawn.read_bytes().startswith(b"\x89PNG")
    drawn.unlink()
    published.save([], [], {empty: "none fits"}, "a tool", "abc")
    assert not drawn.exists() and "explore.png" not in (tmp_path / "explore.md").read_text()


def test_what_is_said_of_designs_made_by_hand() -> None:
    some = outcome()
    (line,) = (text for text in sentences(some) if text.startswith("tiny"))
    assert "tiny is beaten by 1, by estimate" in line and "less than the estimate's error of up to" in line
    clear = {**some.references["tiny"], SITES: 2 * some.references["tiny"][SITES]}
    (line,) = (text for text in sentences(replace(some, references={"tiny": clear})) if text.startswith("tiny"))
    assert "50.0 % fewer LUT4 sites: conv1=" in line or "50.1 % fewer LUT4 sites: conv1=" in line
    best = dict.fromkeys(clear, 0)
    assert "tiny: no design found is as good" in sentences(replace(some, references={"tiny": best}))[-1]
    huge = {**best, SITES: 10**6}
    (line,) = (text for text in sentences(replace(some, references={"tiny": huge})) if text.startswith("tiny"))
    assert "tiny, which does not fit the device itself: no design found" in line


def test_cells_of_a_device_of_local_experts_only() -> None:
    design = local_only_accelerator()
    layers = {name: {"LUT4": 10} for name in ("conv1", "le0_hidden", "le0", "le1_hidden", "le1")}
    domains = {"aon": {"LUT4": 100}, "fe": {"LUT4": 30}, "ge": {}, "le": {"LUT4": 50}, "gn": {}}
    cells = measured(design, {"layers": layers, "domains": domains})
    assert {part.domain for part in cells} == {"aon", "fe", "le"}
    assert cells[Part("fe", REST)] == {"LUT4": 20} and cells[Part("le", REST)] == {"LUT4": 10}


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (Study("x", "ecp5-25", references=("ecp5_25",)), "'ecp5_25' is not of the kind that is searched: .*local_only"),
        (
            Study("x", "ecp5-85", references=("ecp5_85",), learning=False),
            "'ecp5_85' is not of the kind that is searched",
        ),
        (Study("x", "ecp5-85", references=("none",)), "there is no folding preset 'none'"),
        (Study("x", "ecp5-85", network="none.onnx"), "none.onnx"),
        (Study("x", "ecp5-86"), "there is no device 'ecp5-86'"),
    ],
)
def test_a_study_of_what_there_is_not_is_a_sentence(study: Study, said: str) -> None:
    with pytest.raises(InputError, match=said):
        run_study(study, cost_model())
