# SPDX-License-Identifier: Apache-2.0
"""Takes a page apart without a browser, and says what is wrong with it."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

from PIL import Image

_VOID = {"img", "meta", "br", "link", "input", "hr", "source"}
_LOADS = {"src", "srcset", "data", "poster", "background"}


class Page(HTMLParser):
    """A parsed page: ``problems`` as sentences, ``text`` by the id of the innermost element that has one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.images = 0
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        self.problems += [f"<{name}> is never closed" for name, _ in self._open]
        self.problems += [f"the id '{name}' is there twice" for name in self.ids if self.ids.count(name) > 1]
        self.problems += [f"#{name} is nowhere" for name in self.links if name not in self.ids]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element and look at what it loads."""
        values = dict(attrs)
        if name := values.get("id"):
            self.ids.append(name)
            self.texts[name] = ""
        if (href := values.get("href")) is not None:
            if tag == "a" and href.startswith("#"):
                self.links.append(href[1:])
            else:
                self.problems.append(f"<{tag}> leads to {href}")
        for key in _LOADS & set(values):
            self._load(tag, values[key] or "")
        if tag == "script" or any(key.startswith("on") for key in values):
            self.problems.append(f"<{tag}> has a script")
        if tag == "img":
            self.images += 1
            if not values.get("alt"):
                self.problems.append("an image has no description")
        if tag not in _VOID:
            self._open.append((tag, name))

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        if not self._open or self._open[-1][0] != tag:
            self.problems.append(f"</{tag}> closes nothing")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Keep text for the elements around it that have an id; look for addresses in style sheets."""
        if self._open and self._open[-1][0] == "style":
            self.problems += [
                f"the style sheet loads {found}" for found in re.findall(r"url\([^)]*\)|@import[^;]*", data)
            ]
            return
        for _, name in self._open:
            if name:
                self.texts[name] += data

    def _load(self, tag: str, address: str) -> None:
        found = re.fullmatch(r"data:(image/[a-z+]+);base64,(.*)", address, re.S)
        if not found:
            self.problems.append(f"<{tag}> loads {address[:60]}")
            return
        try:
            content = base64.b64decode(found[2], validate=True)
            if found[1] == "image/svg+xml":
                if not ElementTree.fromstring(content).tag.endswith("svg"):
                    self.problems.append("an SVG is none")
            else:
                Image.open(io.BytesIO(content)).verify()
        except (ValueError, SyntaxError, OSError) as error:
            self.problems.append(f"a {found[1]} is broken: {error}")
