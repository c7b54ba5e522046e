# SPDX-License-Identifier: Apache-2.0
"""Two screenshots and a film of the page, made while somebody draws, is misread, corrects it and is understood."""

from __future__ import annotations

import time
from pathlib import Path

from demo.story import AGAIN, CHARACTER, FORM, film, handwriting, tell
from demo.visitor import Visitor
from spec.files import write_bytes

MISREAD, UNDERSTOOD, FILM = "demo_misread.png", "demo_understood.png", "demo.png"
_WINDOW, _FILMED = (1400, 1470), (1200, 680)  # CSS pixels
_SCALE = 1.0  # of the film to the window
_DRAWING, _LOOK, _LAST = 60, 1800, 3500  # milliseconds of a frame
_EVERY = 2  # movements of the pointer to a frame
_PLAYED = 1.8  # seconds after which the page's time line stands still


def take(visitor: Visitor, out: Path) -> list[Path]:
    """Tell the story twice, for the screenshots and for the film, and write the files.

    Raises:
        CheckFailed: the story does not go as it should, or the film is too large.
    """
    out.mkdir(parents=True, exist_ok=True)
    _screenshots(visitor, out)
    visitor.load()
    write_bytes(out / FILM, _film(visitor))
    return [out / name for name in (MISREAD, UNDERSTOOD, FILM)]


def _screenshots(visitor: Visitor, out: Path) -> None:
    visitor.resize(*_WINDOW)

    def moment(what: str) -> None:
        name = {"misread": MISREAD, "understood": UNDERSTOOD}.get(what)
        if name:
            visitor.see("window.scrollTo(0, 0)")
            time.sleep(_PLAYED)
            write_bytes(out / name, visitor.picture())

    tell(visitor, moment)


def _film(visitor: Visitor) -> bytes:
    visitor.resize(*_FILMED)
    visitor.see("window.scrollTo(0, document.querySelector('main').offsetTop - 12)")
    frames: list[tuple[bytes, int]] = []
    moves = 0

    def moment(what: str) -> None:
        nonlocal moves
        if what == "drawing":
            moves += 1
            if moves % _EVERY == 0:
                frames.append((visitor.picture(), _DRAWING))
            return
        time.sleep(_PLAYED)
        frames.append((visitor.picture(), _LAST if what == "understood" else _LOOK))

    tell(visitor, moment)
    return film(frames, _SCALE)


def times(visitor: Visitor, count: int) -> list[float]:
    """Milliseconds from the pen's lift to the answer on the page, by the browser's own clock, of ``count`` drawings."""
    found: list[float] = []
    letters = [handwriting(CHARACTER, FORM, AGAIN), handwriting("K", 1, AGAIN), handwriting("o", 0, AGAIN)]
    for number in range(count):
        visitor.clear()
        visitor.see("performance.clearMeasures('answer')")
        strokes = letters[number % len(letters)]
        visitor.stroke([point for stroke in strokes for point in stroke])  # in one line: one lift, one answer
        visitor.answered()
        found.append(visitor.see("performance.getEntriesByName('answer').at(-1).duration"))
    return found
