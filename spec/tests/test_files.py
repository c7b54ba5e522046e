# SPDX-License-Identifier: Apache-2.0
"""Files and directories are whole or absent; progress bars are for terminals."""

from __future__ import annotations

import io
import json
import math
import sys

import pytest

from spec.errors import InputError
from spec.files import as_json, new_directory, write_json
from spec.progress import progress_bar


def test_a_directory_is_whole_or_absent(tmp_path) -> None:
    with pytest.raises(KeyboardInterrupt), new_directory(tmp_path / "new") as staging:
        (staging / "half").write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with new_directory(tmp_path / "sub" / "new") as staging:
        (staging / "file").write_text("first")
    assert (tmp_path / "sub" / "new" / "file").read_text() == "first"


@pytest.mark.parametrize(("replace", "expected"), [(False, "first"), (True, "second")])
def test_what_is_there_stays_or_is_replaced(tmp_path, replace: bool, expected: str) -> None:
    for text in ("first", "second"):
        with new_directory(tmp_path / "made", replace=replace) as staging:
            (staging / "file").write_text(text)
    assert (tmp_path / "made" / "file").read_text() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_json_has_one_form_and_no_nan(tmp_path) -> None:
    write_json(tmp_path / "deep" / "x.json", {"a": [1]})
    text = (tmp_path / "deep" / "x.json").read_text()
    assert text == as_json({"a": [1]}) == json.dumps({"a": [1]}, indent=1) + "\n"
    with pytest.raises(ValueError, match="Out of range"):
        write_json(tmp_path / "y.json", math.nan)
    assert not (tmp_path / "y.json").exists()


def test_a_place_that_cannot_be_written_is_bad_input(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/x.json: cannot be written \("):
        write_json(tmp_path / "file" / "x.json", {})


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_is_for_terminals(monkeypatch, terminal: bool) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(progress_bar([1, 2], description="work", unit="step", file=stream)) == [1, 2]
    assert ("work" in stream.getvalue()) == terminal
    stream.truncate(0)
    assert list(progress_bar([1], description=None, unit="step", file=stream)) == [1]
    assert stream.getvalue() == ""
