# SPDX-License-Identifier: Apache-2.0
"""Sample images, with what each part says of them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from golden.data import CLASSES
from report.context import Context, Section
from report.evidence import is_synthetic
from report.markup import Html, data_uri, html, number, paragraph, tag


def section(context: Context) -> Section:
    """A gallery by outcome: the first images of each, nothing else chosen."""
    content = context.get("samples")
    if not content:
        return Section("samples", "Sample images", context.missing("samples"))
    device = content["device"]
    intro = paragraph(
        "The first test images of each outcome, in the order of the data; nothing else was chosen. The simulated ",
        f"device answered {device['images']:,} images in {device['mode']}: ",
        tag("strong", number(device["differs"]), " differ"),
        " from the integer model in class or expert.",
        context.cite("samples"),
    )
    parts: list[Html] = [intro]
    if is_synthetic(content):
        words = "nobody wrote it, and the bank is that of another writer. Do not read accuracy from it."
        parts.append(paragraph(tag("strong", "Built-in synthetic handwriting: "), words, class_="note"))
    for group in content["groups"]:
        if group["images"]:
            count = tag("span", f" {group['count']:,} of {group['of']:,}", class_="count")
            gallery = tag("div", [_sample(image) for image in group["images"]], class_="samples")
            parts.append(html([tag("h3", group["title"], count), gallery]))
    return Section("samples", "Sample images", html(parts))


def _sample(image: dict) -> Html:
    label, device = CLASSES[image["label"]], image["device"]
    expert = "GE" if device["expert"] == 0 else "LE"
    alt = f"{image['origin']}: a handwritten {label}; the device says {_character(device['class'])}, by the {expert}"
    same = (device["class"], device["expert"]) == (image["answer"], image["expert"])
    by = f" by {expert}" if same else tag("strong", " differs", class_="bad")
    facts = {
        "GE": _answer(image["ge"], image["label"]),
        "LE": _answer(image["le"], image["label"]),
        "GN": f"→ {'GE' if image['expert'] == 0 else 'LE'}",
        "device": html([_answer(device["class"], image["label"]), by]),
    }
    rows = tag("dl", [html([tag("dt", name), tag("dd", value)]) for name, value in facts.items()])
    picture = tag("img", src=data_uri("image/png", png(image["pixels"])), alt=alt, width=56, height=56)
    caption = tag("figcaption", tag("b", f"“{label}”"), tag("small", image["origin"]), rows)
    return tag("figure", picture, caption, class_="sample")


def _character(label: int) -> str:
    return CLASSES[label] if label < len(CLASSES) else "nothing"


def _answer(said: int, label: int) -> Html:
    right = said == label
    words = {"class_": "good" if right else "bad", "role": "img", "aria_label": "right" if right else "wrong"}
    return html([tag("b", _character(said)), " ", tag("span", "✓" if right else "✗", **words)])


def png(pixels: str) -> bytes:
    """A square grey image from its bytes in hexadecimal, dark ink on light paper."""
    values = np.frombuffer(bytes.fromhex(pixels), np.uint8)
    side = round(len(values) ** 0.5)
    file = io.BytesIO()
    Image.fromarray(255 - values.reshape(side, side)).save(file, "PNG", optimize=True)
    return file.getvalue()
