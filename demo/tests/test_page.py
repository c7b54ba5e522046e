# SPDX-License-Identifier: Apache-2.0
"""The page in headless Chromium, by real pointer events and keys; each check has a page or server that must fail it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from demo import story
from demo.accessible import findings
from demo.desk import Desk
from demo.story import CHARACTER, FORM, handwriting
from demo.strokes import draw_strokes
from demo.tests.served import design, factory, served, service
from demo.tests.test_parts import npz, png
from demo.visitor import Visitor
from golden.data import CLASSES, generate
from golden.integer_model import MoeModel
from spec.errors import CheckFailed
from spec.network import Mode
from tools.browser import Browser, find_browser

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium on PATH (Debian: apt-get install chromium)")
AGAIN = handwriting(CHARACTER, FORM, 3)


class Careful(Visitor):
    """Holds every answer that the page shows against preprocessing and golden model, with this person's bank."""

    def answered(self) -> None:
        super().answered()
        self.check()

    def settled(self) -> None:
        super().settled()
        self.check()

    def check(self) -> None:
        """What the page shows is what the golden model makes of what was drawn."""
        asked = self.asked()
        if asked is None or self.see("document.body.dataset.state") != "answered" or asked["mode"] == "OFF":
            return
        image, person = (
            draw_strokes(asked["strokes"]),
            service().sessions.find(asked["session"]).people[asked["person"]],
        )
        assert (self.seen_pixels == image).all()
        said = MoeModel(design().moe).run(image[None], Mode[asked["mode"]], person.state.weights.bank)
        who = "Local expert" if said.experts[0] else "Global expert"
        assert (self.text("letter"), self.text("who")[: len(who)]) == (CLASSES[said.classes[0]], who)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server that runs for all tests of this file."""
    with served(tmp_path_factory.mktemp("work")) as address:
        yield address


@pytest.fixture
def visitor(browser: Browser, address: str) -> Careful:
    """Somebody who has just opened the page."""
    return Careful(address, browser)


def bank(visitor: Visitor) -> str:
    """Digest of the bank of the tab's first person."""
    script = (
        "fetch('session?session=' + sessionStorage.getItem('session')).then(r => r.json()).then(s => s.people[0].bank)"
    )
    return visitor.see(script)


def taught(visitor: Visitor) -> int:
    """Lines of the list of what was taught."""
    return visitor.see("document.querySelectorAll('#taught li').length")


def test_draw_misread_correct_understood(visitor: Visitor) -> None:
    first, second = story.tell(visitor)
    assert first == "3" and second == CHARACTER
    assert taught(visitor) == 1 and "this is z" in visitor.text("taught")
    assert visitor.text("said").startswith("Read as small z by the local expert")
    assert visitor.text("ratio") == "6.1\u00a0%" and int(visitor.text("cycles").replace(",", "")) < 2000
    visitor.act("undo")
    visitor.draw(AGAIN)
    assert visitor.text("letter") == "3" and taught(visitor) == 0
    assert visitor.complaints() == []


def test_without_the_correction_the_story_fails(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "teach", lambda self, weights, lessons, seed: (weights, seed))
    with pytest.raises(CheckFailed, match="after the correction a z is still read as 3"):
        story.tell(visitor)


@pytest.mark.parametrize("broken", ["demo.messages.draw_strokes", "demo.api._character"])
def test_another_image_and_another_character_are_seen(
    visitor: Careful, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.draw(handwriting("K", 0, 0))
    wrong = {
        "demo.messages.draw_strokes": lambda strokes: draw_strokes(strokes).T.copy(),
        "demo.api._character": lambda label: CLASSES[(label + 1) % 62],
    }
    monkeypatch.setattr(broken, wrong[broken])
    with pytest.raises(AssertionError):
        visitor.draw(handwriting("7", 0, 1))


def test_modes_change_while_the_drawing_stays(visitor: Visitor) -> None:
    visitor.draw(AGAIN)
    seen = {}
    for mode in ("LE_ONLY", "OFF", "GE_ONLY", "MOE_PARALLEL", "MOE_GATED"):
        visitor.choose("mode", mode)
        visitor.settled()
        visitor.until(f"document.querySelector('input[value={mode}]').checked", "the mode is not chosen")
        seen[mode] = (
            visitor.text("letter"),
            visitor.text("who")[:6],
            visitor.see("!document.getElementById('gate').hidden"),
        )
    assert seen["OFF"][:2] == ("\u2013", "Mode O")
    assert seen["GE_ONLY"] == ("3", "Global", False) and seen["LE_ONLY"][1:] == ("Local ", False)
    assert seen["MOE_PARALLEL"] == seen["MOE_GATED"] == ("3", "Global", True)
    box = "document.querySelector('.box[data-domain=ge]')"
    visitor.until(f"{box}.textContent.endsWith('worked')", "it is not said that the GE worked")
    visitor.see("document.getElementById('moment').dispatchEvent(new Event('input'))")  # the slider, at its end
    assert visitor.see(f"{box}.dataset.state") == "off"  # it sleeps again
    assert visitor.see("document.querySelectorAll('#line-ge rect.do-ge').length") > 10
    assert visitor.complaints() == []


def test_save_and_load_and_two_people(visitor: Visitor, tmp_path: Path) -> None:
    visitor.draw(AGAIN)
    visitor.correct(CHARACTER)
    learned = bank(visitor)
    visitor.browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    visitor.act("save")
    file = tmp_path / "person_1.bank"
    for _ in range(200):
        if file.exists():
            break
        visitor.browser.settle(0.05)
    visitor.act("factory")
    assert bank(visitor) == factory().digest() and taught(visitor) == 0
    visitor.give("load-file", file)
    visitor.until("document.querySelectorAll('#taught li').length === 1", "the bank was not loaded")
    visitor.settled()
    assert bank(visitor) == learned and visitor.text("letter") == CHARACTER
    visitor.act("add")
    visitor.until("document.querySelectorAll('#side-list li').length === 2", "the people are not side by side")
    assert visitor.text("letter") == "3" and visitor.text("side-list").startswith("zPerson 1, local expert")
    assert visitor.complaints() == []


def test_two_tabs_have_a_session_each(visitor: Visitor, browser: Browser, address: str) -> None:
    first = browser.tab
    visitor.draw(AGAIN)
    visitor.correct(CHARACTER)
    mine, learned = visitor.session, bank(visitor)
    browser.open_tab()
    try:
        other = Careful(address, browser)
        assert other.session != mine and bank(other) == factory().digest()
        other.draw(AGAIN)
        assert other.text("letter") == "3"
    finally:
        browser.use_tab(first)
    assert visitor.session == mine and bank(visitor) == learned
    visitor.browser.events.clear()
    visitor.browser.call("Page.reload")
    visitor.browser.wait("Page.loadEventFired")
    visitor.until("document.body.dataset.state === 'ready'", "the page is not ready again")
    assert visitor.session == mine and taught(visitor) == 1


def test_by_keyboard_alone(visitor: Visitor) -> None:
    visitor.see("document.getElementById('pad').focus()")
    visitor.key(" ")
    for _ in range(9):
        visitor.key("ArrowDown")
    visitor.key(" ")
    visitor.answered()
    assert visitor.text("letter") in "1Il" and visitor.text("said").startswith("Read as")
    visitor.key("Escape")
    assert visitor.text("who") == "Draw something."


def test_by_finger_on_a_phone(visitor: Careful) -> None:
    visitor.resize(400, 860)
    visitor.clear()
    visitor.touch([(500, 200), (500, 400), (500, 600), (500, 800)])
    visitor.answered()
    assert visitor.text("letter") in "1Il"
    shown = "document.getElementById('reading').getBoundingClientRect().bottom <= innerHeight && scrollY === 0"
    assert visitor.see(shown), "the answer is below the edge of the window"


def test_own_images_by_file_and_by_folder(visitor: Careful, tmp_path: Path) -> None:
    one = generate(1, 4, 11).data
    chosen = np.flatnonzero(one.labels == CLASSES.index("q"))
    (tmp_path / "q.npz").write_bytes(npz(x=one.images[chosen], y=one.labels[chosen]))
    visitor.give("own-file-input", tmp_path / "q.npz")
    visitor.until("document.querySelectorAll('#taught li').length === 1", "the images were not learned")
    assert visitor.text("own-text").startswith("3 images learned") and "1 held-out image " in visitor.text("own-text")
    assert visitor.see("[...document.querySelectorAll('#own-table th')].map(cell => cell.textContent)") == [
        "Written", "Read as", "Before", "After",
    ]  # fmt: skip
    folder = tmp_path / "mine"
    for letter in "qz":
        (folder / letter).mkdir(parents=True)
        (folder / letter / "a.png").write_bytes(base64.b64decode(png()))
    visitor.drop("drop", [folder])
    visitor.until("document.querySelectorAll('#taught li').length === 2", "the folder was not learned")
    assert "2 images of mine" in visitor.text("taught")
    assert visitor.complaints() == []


def test_a_refusal_is_shown_and_spoken(visitor: Visitor) -> None:
    visitor.click("label")
    visitor.type("q")
    visitor.key("Enter")
    visitor.until("document.getElementById('problem').textContent", "nothing is said")
    assert visitor.text("problem") == "Draw something first, then say what it is."
    assert visitor.see("document.getElementById('problem').getAttribute('role')") == "alert"


def spilled(visitor: Visitor) -> list[str]:
    """Elements whose text reaches out of them, by their ids or classes."""
    script = "e.clientWidth > 2 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === 'visible'"
    return visitor.see(
        f"[...document.querySelectorAll('main div, main p')].filter(e => {script}).map(e => e.id || e.className)"
    )


@pytest.mark.parametrize("width", [400, 1120, 1400])
def test_accessible_and_fits(visitor: Visitor, width: int) -> None:
    visitor.resize(width)
    visitor.draw(AGAIN)
    visitor.act("add")
    assert visitor.see("document.documentElement.scrollWidth") <= width and spilled(visitor) == []
    assert findings(visitor, ("minor", "moderate", "serious", "critical")) == []
    assert visitor.see("getComputedStyle(document.body).fontSize") == "16px"
    visitor.see("document.getElementById('seen-text').style.color = '#bbb'")  # the controls
    visitor.see("document.getElementById('who').style.minWidth = '40em'")
    assert "reading" in spilled(visitor)
    visitor.see("document.getElementById('moment').removeAttribute('id')")
    found = " ".join(findings(visitor))
    assert "color-contrast" in found and "label" in found


def test_the_page_of_the_interface(visitor: Visitor) -> None:
    visitor.browser.call("Page.navigate", url=f"{visitor.address}interface")
    visitor.until("document.querySelectorAll('.operation').length > 8", "the operations are not shown")
    assert "POST /classify" in visitor.text("operations") and "label: integer or string" in visitor.text("operations")
    assert findings(visitor) == [] and visitor.complaints() == []


def test_nothing_of_the_page_comes_from_elsewhere(visitor: Visitor) -> None:
    assert visitor.complaints() == []
    visitor.see(
        "document.body.append(Object.assign(document.createElement('img'), {src: 'http://192.0.2.1/x.png'})); 0"
    )
    visitor.see(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.bad = 1'})); 0"
    )
    visitor.browser.settle(0.2)
    assert visitor.see("window.bad === undefined")
    assert any("Content Security Policy" in complaint for complaint in visitor.complaints())


def test_a_film_of_the_story(visitor: Visitor) -> None:
    frames: list[tuple[bytes, int]] = []
    visitor.resize(1120, 640)
    story.tell(visitor, lambda what: frames.append((visitor.picture(), 80)) if what != "drawing" else None)
    assert len(frames) == 3 and len(story.film(frames)) < story.MOST_BYTES
    assert frames[0][0] != frames[-1][0]
