# SPDX-License-Identifier: Apache-2.0
"""Look at a page in headless Chromium, as a phone, a desktop and a printer see it (``scripts/check_page.py``).

Chromium is driven by its DevTools protocol over two pipes (``--remote-debugging-pipe``: messages of JSON, each ended
by a NUL, in on descriptor 3, out on descriptor 4), so nothing but the browser is needed. Each finding is a sentence.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spec.errors import InputError
from spec.files import write_bytes

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = (400, 1400)  # pixels: a phone and a desktop
PAPER_WIDTH = 703  # pixels: an A4 sheet without its margins
TIMEOUT = 60.0  # seconds without an answer
SMALLEST_TEXT = 14.0  # pixels, of the body
EXAMINE = Path(__file__).with_name("examine.js")
_FIRST_FREE = 10  # descriptors 3 and 4 are the pipes of the browser
# Becomes the browser, with its first two arguments as descriptors 3 and 4.
_WITH_PIPES = "import os, sys; [os.dup2(int(fd), 3 + i) for i, fd in enumerate(sys.argv[1:3])]; "
_WITH_PIPES += "os.execv(sys.argv[3], sys.argv[3:])"


def find_browser() -> str | None:
    """Path of a Chromium on PATH, or None."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


class Browser:
    """A headless Chromium with one open tab.

    Raises:
        InputError: there is no Chromium, or it does not answer.
    """

    def __init__(self) -> None:
        program = find_browser()
        if program is None:
            raise InputError(f"no Chromium was found on PATH (looked for {', '.join(BROWSERS)})")
        self._profile = tempfile.TemporaryDirectory(prefix="report-browser-", ignore_cleanup_errors=True)
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD, _FIRST_FREE) for fd in (to_read, to_write)]
        # A sandbox of its own needs rights that containers do not have; the page is ours and loads nothing.
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        options += ["--no-first-run", "--disable-extensions", f"--user-data-dir={self._profile.name}"]
        # It looks up hosts of its own else, and tells of each that it cannot reach.
        options += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WITH_PIPES, *map(str, theirs), program, *options, "--remote-debugging-pipe"],
            pass_fds=theirs,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for fd in (to_read, to_write, *theirs):
            os.close(fd)
        self._buffer = b""
        self._last = 0
        self._session: str | None = None
        self.events: list[dict] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command and its result; events that come meanwhile are kept.

        Raises:
            InputError: the browser refused it, or is gone.
        """
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        try:
            os.write(self._write, json.dumps(message).encode() + b"\0")
        except OSError:
            raise InputError("the browser ended too early") from None
        end = time.monotonic() + TIMEOUT
        while True:
            answer = self._next(end)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise InputError(f"the browser refused {method}: {answer['error']['message']}")
                return answer["result"]

    def wait(self, method: str) -> None:
        """Until an event of that name has come."""
        end = time.monotonic() + TIMEOUT
        while not any(event["method"] == method for event in self.events):
            self._next(end)

    def settle(self, seconds: float) -> None:
        """Take events until there are none for that time.

        Raises:
            InputError: they do not end.
        """
        end = time.monotonic() + TIMEOUT
        while self._buffer or select.select([self._read], [], [], seconds)[0]:
            self._next(end)

    def evaluate(self, expression: str) -> Any:
        """Value of a JavaScript expression in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise InputError(f"the page cannot be examined: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def _next(self, end: float) -> dict[str, Any]:
        """The next message; ``end``: when what is waited for must have come, by the monotonic clock."""
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise InputError(f"the browser has not answered for {TIMEOUT:.0f} s")
            if b"\0" in self._buffer:
                break
            if not select.select([self._read], [], [], left)[0]:
                continue
            part = os.read(self._read, 1 << 20)
            if not part:
                raise InputError(f"the browser ended with code {self._process.wait()}")
            self._buffer += part
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)
        self._profile.cleanup()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Look:
    """What was seen: where, findings as sentences, and how many images and characters there are."""

    where: str
    findings: tuple[str, ...]
    images: int
    text: int


def look(browser: Browser, page: Path, width: int, screenshot: Path | None = None, printed: bool = False) -> Look:
    """Load the page at a width in pixels and examine it; ``printed``: with its style for paper."""
    browser.events.clear()
    browser.call("Emulation.setEmulatedMedia", media="print" if printed else "screen")
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=900,
        deviceScaleFactor=1,
        mobile=width < 700,
    )
    browser.call("Page.navigate", url=page.resolve().as_uri())
    browser.wait("Page.loadEventFired")
    browser.evaluate("Promise.all([...document.images].map(i => i.decode().catch(() => 0)))")
    browser.settle(0.2)
    seen = browser.evaluate(f"({EXAMINE.read_text()})({width})")
    findings = [*_messages(browser.events), *_measures(seen, width, 0.0 if printed else SMALLEST_TEXT)]
    if screenshot:
        answer = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        write_bytes(screenshot, base64.b64decode(answer["data"]))
    where = "on paper" if printed else f"{width} pixels"
    return Look(where, tuple(f"{where}: {finding}" for finding in findings), len(seen["images"]), seen["text"])


def _messages(events: list[dict]) -> list[str]:
    """Errors and requests among the events."""
    found = []
    for event in events:
        about = event["params"]
        match event["method"]:
            case "Runtime.exceptionThrown":
                details = about["exceptionDetails"]
                found.append(f"an exception: {details.get('exception', {}).get('description', details['text'])}")
            case "Runtime.consoleAPICalled" if about["type"] in ("error", "warning", "assert"):
                words = " ".join(str(a.get("value", a.get("description", ""))) for a in about["args"])
                found.append(f"the console says: {words}")
            case "Log.entryAdded" if about["entry"]["level"] in ("error", "warning"):
                found.append(f"the browser says: {about['entry']['text']}")
            case "Network.requestWillBeSent" if not re.match(r"(file|data|about):", about["request"]["url"]):
                found.append(f"asks the network for {about['request']['url']}")
            case "Network.requestWillBeSent" if (
                about["request"]["url"].startswith("file:") and about["type"] != "Document"
            ):
                found.append(f"loads another file: {about['request']['url']}")
    return found


def _measures(seen: dict, width: int, smallest: float) -> list[str]:
    """What is wrong with sizes, images, links and text; ``smallest``: readable text, pixels."""
    found = []
    if seen["scrollWidth"] > width:
        found.append(f"the page is {seen['scrollWidth']} pixels wide and does not fit")
    if seen["bodyFont"] < smallest:
        found.append(f"the text has {seen['bodyFont']:g} pixels, at least {smallest:g} are readable")
    for image in seen["images"]:
        if not image["complete"] or not image["width"]:
            found.append(f"an image is broken: {image['name']}")
        if not image["described"]:
            found.append(f"an image has no description: {image['name']}")
    found += [f"a link leads to '#{name}', which is nowhere" for name in dict.fromkeys(seen["nowhere"])]
    found += [f"text is cut: '{text}'" for text in dict.fromkeys(seen["cut"])]
    if not seen["text"]:
        found.append("the page has no text")
    return found


def print_pages(browser: Browser, pdf: Path | None = None) -> int:
    """Print what is loaded; number of sheets."""
    browser.call("Emulation.clearDeviceMetricsOverride")
    content = base64.b64decode(browser.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
    if pdf:
        write_bytes(pdf, content)
    return len(re.findall(rb"/Type\s*/Page\b", content))


def check(page: Path, out: Path | None = None, say: Callable[[str], None] = lambda _: None) -> list[str]:
    """Everything that is wrong with a page.

    Args:
        out: directory for screenshots (``page-400.png``, ...) and the printed page (``page.pdf``); None keeps none.
        say: is told what was looked at.

    Raises:
        InputError: there is no such page or no browser.
    """
    if not page.is_file():
        raise InputError(f"{page}: there is no such page; make it with 'make report'")
    findings: list[str] = []
    with Browser() as browser:
        for width in WIDTHS:
            seen = look(browser, page, width, out / f"page-{width}.png" if out else None)
            say(f"{seen.where}: {seen.images} images, {seen.text:,} characters, {len(seen.findings)} findings")
            findings += seen.findings
        seen = look(browser, page, PAPER_WIDTH, printed=True)
        pages = print_pages(browser, out / "page.pdf" if out else None)
        say(f"{seen.where}: {pages} sheets, {len(seen.findings)} findings")
    return [*findings, *seen.findings, *([] if pages else ["on paper: there are no sheets"])]
