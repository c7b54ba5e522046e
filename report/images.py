# SPDX-License-Identifier: Apache-2.0
"""Plots of the report for the documentation, and a picture of its first screen.

Only results on real handwriting and of the sources as they are now become pictures of the documentation.
"""

from __future__ import annotations

import base64
from pathlib import Path

from golden.energy.ratios import operations_ratio
from report.context import Context, load_context
from report.evidence import State, is_synthetic
from report.figures import energy, timeline
from report.key_figures import REFERENCE
from report.page import page
from spec.errors import InputError
from spec.files import write_bytes, write_if_changed, write_text
from spec.paths import BUILD, ROOT
from tools.browser import Browser

KEPT = ROOT / "docs" / "images"
OUT = BUILD / "report" / "images"
SCREEN_FILE = "report.png"
SCREEN = (1180, 1000)  # pixels
_CURRENT = (State.NOW, State.HERE, State.KEPT)


def plots(context: Context) -> dict[str, str]:
    """SVG of each plot by file name.

    Raises:
        InputError: the proxies were not measured on real handwriting and on these sources.
    """
    result = context.results["proxies"]
    if result.evidence.state not in _CURRENT or is_synthetic(result.content):
        words = result.evidence.note or result.evidence.state.words
        raise InputError(
            f"the energy proxies are not of real handwriting and these sources ({words}); set EMNIST_DIR and USERS_NPZ "
            f"and run '{result.evidence.command}'"
        )
    cases, images = result.content["cases"], result.content["timeline"]["images"]
    names = [f"{case['mode']}\n{case['kind']}" for case in cases]
    whole = next(c for c in cases if (c["mode"], c["kind"]) == REFERENCE)["energy"]["ON_CHIP"]
    records = [case["energy"]["ON_CHIP"] for case in cases]
    title = "Energy proxy, weights on chip"
    return {
        "report_energy.svg": energy.modes(names, records, whole, operations_ratio, title),
        "report_timeline.svg": timeline.overview(images, [f"{image['mode']}, {image['kind']}" for image in images]),
    }


def first_screen(file: Path) -> bytes:
    """PNG of the top of a page."""
    width, height = SCREEN
    with Browser() as browser:
        browser.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        browser.call("Page.navigate", url=file.resolve().as_uri())
        browser.wait("Page.loadEventFired")
        browser.settle(0.2)
        return base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])


def draw(directory: Path) -> list[str]:
    """Write all pictures into a directory; returns their names.

    Raises:
        InputError: the results do not allow it, or there is no browser.
    """
    context = load_context()
    drawn = plots(context)
    for name, text in drawn.items():
        write_if_changed(directory / name, text)
    file = BUILD / "report" / "first_screen.html"
    write_text(file, page(context)[0])
    write_bytes(directory / SCREEN_FILE, first_screen(file))
    return [*drawn, SCREEN_FILE]
