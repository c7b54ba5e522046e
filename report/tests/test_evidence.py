# SPDX-License-Identifier: Apache-2.0
"""How current a result is: measured now, here before, kept, of other sources, of unknown ones, or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from report.evidence import Places, Source, State, is_synthetic, load

DIGEST, OTHER = "a" * 16, "b" * 16
SOURCE = Source("thing", "what it is", "make thing", needs=("value",), built="thing.json", kept="thing.json")


def places(directory: Path, built: object = None, kept: object = None) -> Places:
    """Files with these contents; text as it is."""
    found = Places(directory / "build", directory / "kept")
    for folder, content in ((found.build, built), (found.kept, kept)):
        folder.mkdir()
        if content is not None:
            (folder / "thing.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return found


def thing(value: int, sources: str | None = DIGEST) -> dict:
    """A result."""
    return {"value": value} | ({"sources": sources} if sources else {})


@pytest.mark.parametrize(
    ("built", "kept", "fresh", "state", "value"),
    [
        (thing(1), thing(2), {"thing"}, State.NOW, 1),
        (thing(1), thing(2), set(), State.HERE, 1),
        (thing(1, OTHER), thing(2), set(), State.KEPT, 2),
        (None, thing(2), set(), State.KEPT, 2),
        (thing(1, OTHER), thing(2, OTHER), set(), State.OTHER, 1),
        (None, thing(2, OTHER), set(), State.OTHER, 2),
        (None, thing(2, None), set(), State.UNRECORDED, 2),
        (None, None, set(), State.MISSING, None),
        ("{", thing(2), set(), State.KEPT, 2),
        (None, thing(2), {"thing"}, State.KEPT, 2),
    ],
    ids=["now", "here", "kept-is-current", "kept", "both-old", "old", "unrecorded", "missing", "broken", "not-made"],
)
def test_state(tmp_path: Path, built: object, kept: object, fresh: set, state: State, value: int | None) -> None:
    result = load(SOURCE, places(tmp_path, built, kept), {"hardware": DIGEST}, fresh, "design")
    assert result.evidence.state == state
    assert (result.content or {}).get("value") == value


def test_other_sources_are_named(tmp_path: Path) -> None:
    note = load(SOURCE, places(tmp_path, None, thing(2, OTHER)), {"hardware": DIGEST}, (), "design").evidence.note
    assert DIGEST in note and OTHER in note


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "cannot be read"), ("[1]", "no named values"), ('{"LUT4": 1}', "without 'value'")],
    ids=["cut", "list", "other form"],
)
def test_what_cannot_be_used_is_missing_and_says_why(tmp_path: Path, content: str, words: str) -> None:
    result = load(SOURCE, places(tmp_path, content), {"hardware": DIGEST}, {"thing"}, "design")
    assert (result.content, result.evidence.state) == (None, State.MISSING)
    assert words in result.evidence.note


def test_a_kept_file_of_several_designs_is_asked_for_one(tmp_path: Path) -> None:
    source = Source("resources", "", "", needs=("value",), kept="thing.json")
    found = places(tmp_path, None, {"design": thing(3), "another": thing(4)})
    assert load(source, found, {"hardware": DIGEST}, (), "design").content["value"] == 3
    assert load(source, found, {"hardware": DIGEST}, (), "a third").evidence.state == State.MISSING


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"synthetic": True}, True),
        ({"data": {"synthetic": True}}, True),
        ({"data": {"synthetic": False}}, False),
        ({"data": "EMNIST", "synthetic": False}, False),
        (None, False),
    ],
)
def test_synthetic(content: dict | None, expected: bool) -> None:
    assert is_synthetic(content) == expected
