# SPDX-License-Identifier: Apache-2.0
"""Somebody in front of the page: a headless Chromium that draws with a real pointer, clicks, types and looks.

Events of the pointer and of keys come from the browser itself (DevTools ``Input``), not from a script in the page.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spec.errors import CheckFailed
from tools.browser import Browser

Strokes = Sequence[Sequence[Sequence[float]]]
WAIT = 30.0  # seconds for anything to happen on the page
_SIDE = 1000.0  # the paper, in the units of its strokes


class Visitor:
    """A browser with one tab of the page, or several.

    Args:
        address: of the server.
        browser: that is open already, with a tab in use.
        width, height: of the window, CSS pixels.
    """

    def __init__(self, address: str, browser: Browser, width: int = 1400, height: int = 1000) -> None:
        self.address, self.browser = address, browser
        self.resize(width, height)
        self.load()

    def resize(self, width: int, height: int = 1000) -> None:
        """Another size of the window, CSS pixels."""
        self.browser.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def load(self) -> None:
        """Load the page, as a new visitor does, and wait until it is ready."""
        self.browser.events.clear()
        self.browser.call("Page.navigate", url=self.address)
        self.browser.wait("Page.loadEventFired")
        self.until("document.body.dataset.state === 'ready'", "the page is not ready")

    # ---- Looking --------------------------------------------------------------------------------------------------
    def see(self, expression: str) -> Any:
        """Value of a JavaScript expression."""
        return self.browser.evaluate(expression)

    def text(self, name: str) -> str:
        """Text of the element with an id."""
        return self.see(f"document.getElementById({json.dumps(name)}).textContent.trim()")

    def until(self, expression: str, otherwise: str, seconds: float = WAIT) -> None:
        """Wait until an expression is true.

        Raises:
            CheckFailed: it is not, ``otherwise`` says what that means.
        """
        end = time.monotonic() + seconds
        while not self.see(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise CheckFailed(f"{otherwise}; the page says: {self.text('problem') or 'nothing'}")
            time.sleep(0.02)

    @property
    def seen_pixels(self) -> np.ndarray:
        """What the page shows as the device's image: uint8 (28, 28)."""
        script = (
            "(() => { const pen = new OffscreenCanvas(28, 28).getContext('2d', {willReadFrequently: true}); "
            "pen.drawImage(document.getElementById('seen'), 0, 0); "
            "return [...pen.getImageData(0, 0, 28, 28).data]; })()"
        )
        return np.array(self.see(script), np.uint8).reshape(28, 28, 4)[:, :, 0]

    @property
    def session(self) -> str:
        """Key of this tab's session."""
        return self.see("sessionStorage.getItem('session')")

    def asked(self) -> dict[str, Any] | None:
        """What the page has sent last to be answered since it was loaded (``POST /classify``), None if nothing."""
        for event in reversed(self.browser.events):
            if event["method"] == "Network.requestWillBeSent":
                request = event["params"]["request"]
                if request["url"] == f"{self.address}classify" and "postData" in request:
                    content = json.loads(request["postData"])
                    if content["session"] == self.session:
                        return content
        return None

    def complaints(self) -> list[str]:
        """What the browser has complained about since the page was loaded: exceptions, errors and warnings."""
        found = []
        for event in self.browser.events:
            about = event["params"]
            match event["method"]:
                case "Runtime.exceptionThrown":
                    details = about["exceptionDetails"]
                    found.append(details.get("exception", {}).get("description", details["text"]))
                case "Runtime.consoleAPICalled" if about["type"] in ("error", "warning", "assert"):
                    found.append(" ".join(str(a.get("value", a.get("description", ""))) for a in about["args"]))
                case "Log.entryAdded" if about["entry"]["level"] in ("error", "warning"):
                    found.append(about["entry"]["text"])
                case "Network.requestWillBeSent":
                    url = about["request"]["url"]
                    if not url.startswith((self.address, "data:", f"blob:{self.address}", "about:")):
                        found.append(f"asks for {url}")
        return found

    def picture(self, path: Path | None = None, whole: bool = False) -> bytes:
        """A screenshot as PNG: of the window, or of the whole page."""
        answer = self.browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        content = base64.b64decode(answer["data"])
        if path:
            path.write_bytes(content)
        return content

    # ---- Doing ----------------------------------------------------------------------------------------------------
    def _place(self, name: str) -> tuple[float, float, float, float]:
        script = (
            f"(() => {{ const e = document.getElementById({json.dumps(name)}); e.scrollIntoView({{block: 'nearest'}}); "
            "const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()"
        )
        return tuple(self.see(script))

    def _mouse(self, kind: str, x: float, y: float, down: bool) -> None:
        self.browser.call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=int(down), clickCount=1
        )

    def stroke(self, points: Sequence[Sequence[float]], moved: Callable[[], object] = lambda: None) -> None:
        """One stroke of the pointer on the paper: points x, y from 0 to 1000; ``moved`` is called after each."""
        left, top, width, height = self._place("pad")
        at = [(left + x / _SIDE * width, top + y / _SIDE * height) for x, y in points]
        self._mouse("mouseMoved", *at[0], down=False)
        self._mouse("mousePressed", *at[0], down=True)
        for place in at[1:]:
            self._mouse("mouseMoved", *place, down=True)
            moved()
        self._mouse("mouseReleased", *at[-1], down=False)

    def touch(self, points: Sequence[Sequence[float]]) -> None:
        """One stroke of a finger on the paper: points x, y from 0 to 1000."""
        left, top, width, height = self._place("pad")
        for number, (x, y) in enumerate(points):
            place = {"x": left + x / _SIDE * width, "y": top + y / _SIDE * height}
            kind = "touchMove" if number else "touchStart"
            self.browser.call("Input.dispatchTouchEvent", type=kind, touchPoints=[place])
        self.browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def drop(self, name: str, files: Sequence[Path]) -> None:
        """Drop files or folders on the element with an id."""
        left, top, width, height = self._place(name)
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.browser.call("Input.dispatchDragEvent", type=kind, x=left + width / 2, y=top + height / 2, data=data)

    def give(self, name: str, file: Path) -> None:
        """Choose a file for the input with an id."""
        node = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        node = self.browser.call("DOM.querySelector", nodeId=node, selector=f"#{name}")["nodeId"]
        self.browser.call("DOM.setFileInputFiles", files=[str(file)], nodeId=node)

    def draw(self, strokes: Strokes) -> None:
        """Clear the paper, draw with the pointer, and wait for the answer to the whole drawing."""
        self.clear()
        for points in strokes:
            self.stroke(points)
        self.answered()

    def answered(self) -> None:
        """Wait until there is an answer to what is on the paper."""
        self.until("document.body.dataset.state === 'answered'", "no answer came")

    def clear(self) -> None:
        """Clear the paper with its button."""
        self.click("clear")

    def click(self, name: str) -> None:
        """Click the middle of the element with an id."""
        left, top, width, height = self._place(name)
        x, y = left + width / 2, top + height / 2
        self._mouse("mouseMoved", x, y, down=False)
        self._mouse("mousePressed", x, y, down=True)
        self._mouse("mouseReleased", x, y, down=False)

    def type(self, text: str) -> None:
        """Type characters where the focus is."""
        self.browser.call("Input.insertText", text=text)

    def key(self, key: str, shift: bool = False) -> None:
        """Press and release a key, by its name in JavaScript."""
        codes = {" ": 32, "Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39}
        code = codes.get(key, 40)
        about = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 * shift}
        if key in (" ", "Enter"):
            about["text"] = "\r" if key == "Enter" else key
        self.browser.call("Input.dispatchKeyEvent", type="keyDown", **about)
        self.browser.call("Input.dispatchKeyEvent", type="keyUp", **{k: v for k, v in about.items() if k != "text"})

    def choose(self, group: str, value: str) -> None:
        """Choose one of the radio buttons of a group with a click."""
        self.see(f"document.querySelector('input[name={group}][value=\"{value}\"]').id = 'chosen-now'")
        self.click("chosen-now")
        self.see("document.getElementById('chosen-now').removeAttribute('id')")

    def act(self, name: str) -> None:
        """Click a button that asks the server for something, and wait for that to end and for the answer after it."""
        self.click(name)
        self.settled()

    def settled(self) -> None:
        """Wait until no button works on anything and the paper's answer is there."""
        self.until("!document.querySelector('[aria-busy]')", "the request does not end")
        self.until("document.body.dataset.state !== 'asking'", "no answer came")

    def correct(self, character: str) -> None:
        """Say what the drawing is."""
        self.see("document.getElementById('label').value = ''")
        self.click("label")
        self.type(character)
        self.act("teach")
