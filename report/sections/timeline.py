# SPDX-License-Identifier: Apache-2.0
"""Where the cycles of one image go."""

from __future__ import annotations

from report.context import Context, Section
from report.figures import timeline as plots
from report.figures.style import DOMAINS
from report.markup import figure, grid, html, paragraph, tag

_TITLES = {
    ("MOE_GATED", "local"): "MOE_GATED, local: the GE sleeps",
    ("MOE_GATED", "generic"): "MOE_GATED, generic: the GE is woken",
}


def section(context: Context) -> Section:
    """One figure on a common scale, then each image on its own."""
    images = (context.get("proxies") or {}).get("timeline", {}).get("images")
    title = "Where the cycles go"
    if not images:
        return Section("timeline", title, context.missing("proxies"))
    cited = context.cite("proxies")
    overview = figure(
        plots.overview(images, [_title(image) for image in images]),
        "Work and power of the domains over time, for each image: " + "; ".join(_sentence(image) for image in images),
        html(["All on one scale; behind each name the cycle of the result.", cited]),
    )
    details = [
        figure(
            plots.detail(image, _title(image)),
            f"Work of each layer on the power state of its domain: {_sentence(image)}.{_power(image)}",
            html([f"{_sentence(image)}.{_power(image)}", cited]),
        )
        for image in images
    ]
    words = (
        "One image on a resting device, from the waveforms of a cocotb run. A coloured bar is work of a layer; the "
        "background is the power state of its domain: hatched grey off, orange on its way, white on."
    )
    return Section("timeline", title, html([paragraph(words), tag("div", overview, class_="one"), grid(*details)]))


def _title(image: dict) -> str:
    return _TITLES.get((image["mode"], image["kind"]), f"{image['mode']}, {image['kind']}")


def _sentence(image: dict) -> str:
    gate = "" if image.get("gate_decision") is None else f"the gate decides in cycle {image['gate_decision']:,}, "
    who = "the GE" if image["expert"] == 0 else "the LE"
    return f"{image['mode']}, {image['kind']} image: {gate}{who} answers in cycle {image['result']:,}"


def _power(image: dict) -> str:
    """Which domains wake, in how many cycles (too few to be seen), and which are off all the time."""
    names = [DOMAINS[name][2] for name, states in image["power"].items() if all(state == "off" for state, *_ in states)]
    woken = [
        f" {DOMAINS[name][2]} wakes in {end - start} cycles."
        for name, states in image["power"].items()
        for state, start, end in states
        if state == "waking"
    ]
    return "".join(woken) + (f" Off all the time: {', '.join(names)}." if names else "")
