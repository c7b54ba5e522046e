# SPDX-License-Identifier: Apache-2.0
"""The page in headless Chromium at 400 and 1400 pixels and on paper, and broken pages that must be reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from report.browser import check, look
from report.context import load_context
from report.page import page
from report.tests import made_up
from spec.errors import InputError
from spec.files import write_text
from spec.tests.commands import call
from tools.browser import BROWSERS, Browser, find_browser

needs_browser = pytest.mark.skipif(
    find_browser() is None, reason="no Chromium on PATH (Debian: apt-get install chromium)"
)
_HEAD = '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
_GOOD = _HEAD + "<body>{}<p>Words.</p></body></html>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all small pages."""
    with Browser() as opened:
        yield opened


@needs_browser
@pytest.mark.parametrize("results", ["all", "none"])
def test_the_page_is_well(tmp_path: Path, results: str) -> None:
    contents = made_up.everything() if results == "all" else {}
    write_text(tmp_path / "page.html", page(load_context(made_up.write(tmp_path, contents)))[0])
    said: list[str] = []
    assert check(tmp_path / "page.html", tmp_path / "out", said.append) == []
    assert len(said) == 3 and "sheets" in said[-1]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["page-1400.png", "page-400.png", "page.pdf"]


@needs_browser
def test_a_good_small_page_has_no_findings(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "page.html").write_text(_GOOD.format(""))
    assert look(browser, tmp_path / "page.html", 400).findings == ()


@needs_browser
@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ('<img alt="x" src="data:image/png;base64,AAAA">', "image is broken: x"),
        ('<img alt="x" src="http://192.0.2.1/x.png">', "asks the network for http://192.0.2.1/x.png"),
        ('<img alt="x" src="missing.png">', "loads another file"),
        (
            '<img src="data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=">',
            "no description",
        ),
        ('<div style="width: 2000px">wide</div>', "does not fit"),
        ("<script>throw new Error('oh no')</script>", "an exception: Error: oh no"),
        ("<script>console.error('oh dear')</script>", "the console says: oh dear"),
        ("<style>body { font-size: 10px }</style>", "the text has 10 pixels"),
        (
            '<div style="width: 50px; overflow: hidden; white-space: nowrap">hidden to the right</div>',
            "text is cut: 'hidden to",
        ),
        ('<div style="height: 10px; overflow: hidden">hidden<br>below the edge</div>', "text is cut: 'below the edge'"),
        ('<div style="width: 60px; white-space: nowrap">runs out of its box</div>', "text is cut: 'runs out"),
        ('<a href="#nowhere">link</a>', "a link leads to '#nowhere'"),
    ],
    ids=["image", "network", "file", "alt", "wide", "exception", "console", "small", "clipped", "below", "out", "link"],
)
def test_a_broken_page_is_reported(tmp_path: Path, browser: Browser, broken: str, words: str) -> None:
    (tmp_path / "page.html").write_text(_GOOD.format(broken))
    findings = look(browser, tmp_path / "page.html", 400).findings
    assert any(words in finding for finding in findings), findings


@needs_browser
def test_what_scrolls_in_a_box_of_its_own_is_not_cut(tmp_path: Path, browser: Browser) -> None:
    box = '<div style="overflow-x: auto"><div style="width: 2000px">wide words</div></div>'
    (tmp_path / "page.html").write_text(_GOOD.format(box))
    assert look(browser, tmp_path / "page.html", 400).findings == ()


@needs_browser
def test_exit_code_and_sentences(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "page.html").write_text(_GOOD.format('<div style="width: 2000px">wide</div>'))
    assert call("check_page", tmp_path / "page.html") == 1
    said = capsys.readouterr().out
    # A wide block fits on no device; each of the three says so.
    assert said.count("does not fit") == 3 and "3 findings" in said


def test_without_a_browser_there_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "page.html").write_text(_GOOD.format(""))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert call("check_page", tmp_path / "page.html") == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and BROWSERS[0] in said.err


def test_a_missing_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such page"):
        check(tmp_path / "nothing.html")


@needs_browser
def test_a_page_that_never_rests_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.html").write_text(_GOOD.format("<script>setInterval(() => console.log('again'), 10)</script>"))
    with Browser() as browser:
        monkeypatch.setattr("tools.browser.TIMEOUT", 3.0)
        monkeypatch.setattr("report.browser.REST", 2.0)  # a busy machine is silent for a while, too
        with pytest.raises(InputError, match="has not answered for 3 s"):
            look(browser, tmp_path / "page.html", 400)
