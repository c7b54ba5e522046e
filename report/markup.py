# SPDX-License-Identifier: Apache-2.0
"""Small pieces of HTML: everything that is not :class:`Html` already is escaped."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape

VOID = {"img", "meta", "br"}
LONG_TEXT = 26  # characters of a table cell that may stay on one line
THIN = "\u202f"  # narrow no-break space before a unit


class Html(str):
    """Text that is markup already."""


def html(value: object) -> Html:
    """Markup of a value: itself when it is markup, escaped text otherwise, an iterable joined."""
    if isinstance(value, Html):
        return value
    if value is None:
        return MISSING
    if isinstance(value, list | tuple):
        return Html("".join(html(part) for part in value))
    return Html(escape(str(value)))


def tag(name: str, /, *content: object, **attributes: object) -> Html:
    """An element. ``_`` at the end of an attribute's name is dropped, other ``_`` become ``-``; None and False are left
    out, True is an attribute without value."""
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        parts.append(key if value is True else f'{key}="{escape(str(value))}"')
    head = f"<{' '.join(parts)}>"
    if name in VOID:
        return Html(head)
    return Html(f"{head}{''.join(html(part) for part in content)}</{name}>")


MISSING = Html('<span class="missing">not measured</span>')


def percent(share: float | None, digits: int = 2, sign: bool = False) -> Html:
    """A share 0..1 in per cent."""
    if share is None:
        return MISSING
    return Html(f"{100 * share:{'+' if sign else ''}.{digits}f}{THIN}%".replace("-", "\u2212"))


def per_cent(share: float | None) -> str | None:
    """A share 0..1 as tables print it whose caption names the unit; None stays None."""
    return None if share is None else f"{100 * share:.2f}"


def points(difference: float | None, digits: int = 2) -> Html:
    """A difference of shares in percentage points."""
    if difference is None:
        return MISSING
    return Html(f"{100 * difference:+.{digits}f}".replace("-", "\u2212"))


def number(value: float | None, digits: int = 0) -> Html:
    """A number with thousands separated by commas."""
    return MISSING if value is None else Html(f"{value:,.{digits}f}".replace("-", "\u2212"))


def code(text: str) -> Html:
    """Something to type, or a name from a source file."""
    return tag("code", text)


def paragraph(*content: object, **attributes: object) -> Html:
    """A paragraph."""
    return tag("p", *content, **attributes)


def bullets(items: Iterable[object]) -> Html:
    """An unordered list."""
    return tag("ul", [tag("li", item) for item in items])


def table(
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    caption: object = None,
    text_columns: int = 1,
    last: bool = False,
) -> Html:
    """A table in a box of its own that scrolls sideways when it is too wide, below its caption, which does not.

    Args:
        head: names of the columns.
        rows: cells of each row; None is shown as not measured.
        caption: what it shows.
        text_columns: so many columns from the left hold text, the others numbers.
        last: the last row is a mean or a sum.
    """
    body = [list(row) for row in rows]
    lines = []
    for i, row in enumerate(body):
        cells = [_cell(place, cell, text_columns) for place, cell in enumerate(row)]
        lines.append(tag("tr", cells, class_="last" if last and i == len(body) - 1 else None))
    names = [tag("th", name, scope="col", class_=None if i < text_columns else "n") for i, name in enumerate(head)]
    content = tag("table", tag("thead", tag("tr", names)), tag("tbody", lines))
    box = tag("div", content, class_="scroll", tabindex="0", role="group")
    return box if caption is None else tag("div", tag("p", caption, class_="caption"), box)


def _cell(place: int, cell: object, text_columns: int) -> Html:
    """A cell of a row; short text stays on one line, long text has a column of readable width."""
    kind = "n"
    if place < text_columns:
        kind = "long" if len(re.sub("<[^>]*>", "", html(cell))) > LONG_TEXT else "short"
    return tag("th", cell, scope="row", class_=kind) if place == 0 else tag("td", cell, class_=kind)


def data_uri(kind: str, content: bytes) -> str:
    """Content as an address that needs no network."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def figure(svg: str, alt: str, caption: object, wide: bool = False) -> Html:
    """A plot on a white card; as an image of its own, so that its names never meet those of another."""
    image = tag("img", src=data_uri("image/svg+xml", svg.encode()), alt=alt, class_="plot")
    return tag("figure", image, tag("figcaption", caption), class_="card wide" if wide else "card")


def grid(*figures: Html) -> Html:
    """Figures side by side where there is room."""
    return tag("div", *figures, class_="grid")
