# SPDX-License-Identifier: Apache-2.0
"""The page on made-up results: well formed, self-contained, true to its inputs, and honest about what is missing."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path

import pytest

from hw.gen.digest import rtl_digest
from report.context import Step, load_context
from report.evidence import SOURCES, State
from report.page import page
from report.tests import made_up
from report.tests.inspect_page import Page

KEYS = [source.key for source in SOURCES]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Page, list[str]]:
    """The page of all results: text, taken apart, problems."""
    text, problems = page(load_context(made_up.write(tmp_path_factory.mktemp("whole"), made_up.everything())))
    return text, Page(text), problems


@cache
def _nothing() -> str:
    """The page of no results."""
    text, problems = page(load_context(made_up.write(Path("/nowhere"), {})))
    assert problems == []
    return text


def test_the_page_is_well_formed_and_loads_nothing(whole: tuple[str, Page, list[str]]) -> None:
    text, parsed, problems = whole
    assert problems == parsed.problems == []
    assert parsed.images > 12
    assert not re.search(r"(?:src|href)=\"?https?:", text)
    assert "[7] is built as the paper" in parsed.texts["tables"]


_PNG = base64.b64encode(b"no image").decode()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("<p>", "never closed"),
        ("</div>", "closes nothing"),
        ('<img alt="a" src="http://example.org/a.png">', "loads http"),
        (f'<img alt="a" src="data:image/png;base64,{_PNG}">', "image/png is broken"),
        ('<img alt="a" src="data:image/svg+xml;base64,PHN2Zz4=">', "svg+xml is broken"),
        ('<img alt="" src="data:image/svg+xml;base64,PHN2Zy8+">', "no description"),
        ('<a href="#from-nowhere">1</a>', "is nowhere"),
        ('<a href="https://example.org">1</a>', "leads to"),
        ('<b id="system"></b>', "twice"),
        ("<script></script>", "has a script"),
        ("<style>@import 'a.css';</style>", "style sheet loads"),
    ],
    ids=["open", "close", "network", "png", "svg", "alt", "badge", "link", "id", "script", "style"],
)
def test_a_broken_page_is_noticed(whole: tuple[str, Page, list[str]], broken: str, words: str) -> None:
    problems = Page(whole[0].replace("<footer>", f"{broken}<footer>")).problems
    assert any(words in problem for problem in problems), problems


def test_the_same_results_give_the_same_page(whole: tuple[str, Page, list[str]], tmp_path: Path) -> None:
    assert page(load_context(made_up.write(tmp_path, made_up.everything())))[0] == whole[0]


def test_every_key_figure_is_that_of_its_file(whole: tuple[str, Page, list[str]]) -> None:
    """The expected figures are worked out here from the made-up results."""
    texts = {name: re.sub(r"\s", "", text) for name, text in whole[1].texts.items() if name.startswith("key-")}
    # Table 2: columns 0.5, 0.55, ... plus a hundredth of the user plus 0.002: means over users 1 and 2.
    assert "51.70%→66.70%" in texts["key-accuracy"]
    assert "\u22125.00points" in texts["key-loss"]
    assert "6.2%ofGE_ONLY" in texts["key-energy"] and "switching5.0%" in texts["key-energy"]
    assert "102.45%" in texts["key-energy"]  # the paper's MoE by its Table 3
    assert "6,401→786" in texts["key-cycles"] and "850to950" in texts["key-cycles"]
    assert "25.0%ofLUTs" in texts["key-resources"] and "2.52%" in texts["key-resources"]
    # 4 modes with 2 outputs each and 10 images; MOE_GATED: 100 + 101 + 102 images.
    assert "0mismatches" in texts["key-exact"] and "in80outputs" in texts["key-exact"]
    assert "0of303answers" in texts["key-exact"]


@pytest.mark.usefixtures("quick_plots")
def test_a_mismatch_shows(tmp_path: Path) -> None:
    contents = made_up.everything()
    contents["compare"]["modes"]["LE_ONLY"]["mismatches"]["conv1"] = 3
    contents["compare"]["modes"]["LE_ONLY"]["bit_exact"] = False
    contents["proxies"]["agreement"][0]["equal"] = False
    contents["proxies"]["findings"] = ["GE_ONLY, local: a counter is wrong."]
    text, problems = page(load_context(made_up.write(tmp_path, contents)))
    texts = Page(text).texts
    assert "3 mismatches" in texts["key-exact"]
    assert "DIFFERS" in texts["verification"] and "UNEQUAL" in texts["verification"]
    assert problems == ["proxies: GE_ONLY, local: a counter is wrong."]


def test_the_timeline_says_who_wakes_and_who_sleeps(whole: tuple[str, Page, list[str]]) -> None:
    text = whole[1].texts["timeline"]
    assert "GE wakes in 20 cycles" in text and "Off all the time: GE" in text and "cycle 9,150" in text


def test_verdicts(whole: tuple[str, Page, list[str]]) -> None:
    text = whole[1].texts["verification"]
    assert "1 of 2 proven" in text and "NOT PROVEN (UNKNOWN)" in text
    assert "1 of 2 items hold" in text and "FAILED" in text
    assert "1 comparisons" in text and "counted once" not in text  # one count alone agrees with nothing
    assert "GE_ONLY, local" in whole[1].texts["energy"] and "disagree on 1" in whole[1].texts["energy"]
    assert "differs" in whole[1].texts["samples"] and "1 differ" in whole[1].texts["samples"]


def test_without_results_nothing_is_shown_as_measured() -> None:
    parsed = Page(_nothing())
    assert parsed.problems == []
    for key in ("accuracy", "loss", "energy", "cycles", "resources", "exact"):
        assert "not measured" in parsed.texts[f"key-{key}"]
    states = {row.state for row in load_context(made_up.write(Path("/nowhere"), {})).evidence}
    assert states == {State.MISSING, State.COMPUTED, State.PRINTED}
    assert parsed.images == 1  # the architecture


@pytest.mark.parametrize("key", KEYS)
def test_each_missing_result_is_named_with_its_command(key: str) -> None:
    """Everything else is missing too, so that nothing stands in; the whole page has no such place."""
    source = next(source for source in SOURCES if source.key == key)
    places = re.findall(r'<p class="absent">(.*?)</p>', _nothing())
    assert any(source.command in place and "not measured" in place for place in places)


@pytest.mark.usefixtures("quick_plots")
@pytest.mark.parametrize("key", KEYS)
def test_a_page_without_one_result_is_complete(key: str, tmp_path: Path) -> None:
    contents = made_up.everything()
    del contents[key]
    text, problems = page(load_context(made_up.write(tmp_path, contents)))
    assert problems == []
    assert Page(text).problems == []
    assert f'id="from-{key}" class="from missing"' in text


def test_every_result_is_cited(whole: tuple[str, Page, list[str]]) -> None:
    """No row of evidence without a figure, no figure without a row (that is a link to nowhere)."""
    assert {f"from-{key}" for key in [*KEYS, "paper", "model"]} == {x for x in whole[1].links if x.startswith("from-")}
    rows = {name for name in whole[1].ids if name.startswith("from-")}
    assert rows == {f"from-{key}" for key in [*KEYS, "paper", "model"]}
    for source in SOURCES:
        assert source.command in whole[1].texts["provenance"]


@pytest.mark.usefixtures("quick_plots")
def test_synthetic_handwriting_is_called_so_and_gives_no_accuracy(tmp_path: Path) -> None:
    contents = made_up.everything()
    contents["accuracy"]["data"] = {**made_up.DATA, "synthetic": True}
    text, _ = page(load_context(made_up.write(tmp_path, contents)))
    parsed = Page(text)
    assert "Built-in synthetic handwriting" in text
    assert "51.50" in parsed.texts["key-accuracy"]  # of the kept table
    assert "The data at hand" in parsed.texts["accuracy"]


def test_no_note_about_synthetic_handwriting_without_it(whole: tuple[str, Page, list[str]]) -> None:
    assert "Built-in synthetic" not in whole[0]


@pytest.mark.usefixtures("quick_plots")
def test_a_failed_measurement_is_a_red_line(tmp_path: Path) -> None:
    steps = (
        Step("compare", "python compare", 1.0),
        Step("proxies", "python proxies", 2.0, "python proxies ended badly"),
    )
    text, problems = page(load_context(made_up.write(tmp_path, made_up.everything()), {"compare"}, steps))
    assert problems == ["python proxies ended badly"]
    assert re.search(r'<p class="problem"[^>]*>python proxies ended badly</p>', text)
    assert "measured now" in text


@pytest.mark.usefixtures("quick_plots")
def test_a_result_of_unknown_form_costs_its_section_only(tmp_path: Path) -> None:
    contents = made_up.everything()
    del contents["resources"]["cells"]["gn"]
    text, problems = page(load_context(made_up.write(tmp_path, contents)))
    assert len(problems) == 2 and all("resources" in problem and "KeyError" in problem for problem in problems)
    parsed = Page(text)
    assert "resources" not in parsed.ids and {"energy", "verification", "provenance"} <= set(parsed.ids)


def test_the_page_names_the_sources(whole: tuple[str, Page, list[str]]) -> None:
    assert rtl_digest() in whole[0]
