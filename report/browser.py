# SPDX-License-Identifier: Apache-2.0
"""Look at a page in headless Chromium, as a phone, a desktop and a printer see it (``scripts/check_page.py``).

Each finding is a sentence.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spec.errors import InputError
from spec.files import write_bytes
from tools.browser import Browser

WIDTHS = (400, 1400)  # pixels: a phone and a desktop
PAPER_WIDTH = 703  # pixels: an A4 sheet without its margins
SMALLEST_TEXT = 14.0  # pixels, of the body
REST = 0.2  # seconds without a word from a page that has come to rest
EXAMINE = Path(__file__).with_name("examine.js")


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
    browser.settle(REST)
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
