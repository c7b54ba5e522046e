# SPDX-License-Identifier: Apache-2.0
"""Assembles the page: head, key figures, contents, sections, one style sheet; no script, nothing from the network."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from report.context import Context, Section
from report.evidence import is_synthetic
from report.key_figures import KEY_FIGURES, KeyFigure
from report.markup import Html, code, paragraph, tag
from report.sections import SECTIONS

TITLE = "A personalizable mixture-of-experts accelerator"
STYLE = Path(__file__).with_name("style.css")
# The browser itself sees to it that nothing is loaded from elsewhere.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_LIVE = ("compare", "proxies", "accuracy", "samples")  # what is measured on the data at hand
_LEAD = (
    "A frozen global expert (GE, LeNet-5, 62 classes), a small local expert (LE) trained on one person's handwriting, "
    "and a gate (GN) that decides for each image who answers; bit-exact from PyTorch to SystemVerilog, after "
)

Made = TypeVar("Made", Section, KeyFigure)


def page(context: Context) -> tuple[str, list[str]]:
    """The page, and everything that went wrong in this run, each as a sentence."""
    problems = [step.problem for step in context.steps if step.problem]
    for key, result in context.results.items():
        findings = (result.content or {}).get("findings") or []
        problems += [f"{key}: {finding}" for finding in findings]

    def made(make: Callable[[Context], Made]) -> Made | None:
        """What ``make`` makes; None when a result of unknown form stops it: one wrong file must not cost the page."""
        try:
            return make(context)
        except Exception as error:
            traceback.print_exc()
            name = f"{make.__module__.rpartition('.')[2]}.{make.__name__}".replace("_", " ")
            problems.append(f"a part of the page could not be made ({name}): {type(error).__name__}: {error}")
            return None

    figures = [figure for figure in map(made, KEY_FIGURES) if figure]
    sections = [section for section in map(made, SECTIONS) if section]
    links = [tag("a", section.title, href=f"#{section.key}") for section in sections]
    body = [
        _header(context, problems, figures),
        tag("nav", links, aria_label="Contents"),
        tag("main", [tag("section", tag("h2", s.title), s.body, id=s.key) for s in sections]),
        tag("footer", paragraph("Made by ", code("make report"), ". Licence of the project: Apache-2.0.")),
    ]
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", f"{TITLE}: report"),
        tag("style", Html(STYLE.read_text())),
    ]
    document = tag("html", tag("head", head), tag("body", body), lang="en")
    return f"<!doctype html>\n{document}\n", problems


def _header(context: Context, problems: Sequence[str], figures: Sequence[KeyFigure]) -> Html:
    facts = [("design", code(context.design.name)), ("sources", code(context.digest)), ("made", context.made)]
    line = [tag("span", f"{name} ", value) for name, value in facts if value]
    synthetic = [key for key in _LIVE if is_synthetic(context.get(key))]
    note = paragraph(
        tag("strong", "Built-in synthetic handwriting "),
        "was used for some measurements",
        context.cite(*synthetic),
        "; no accuracy at the top comes from it. Set EMNIST_DIR and USERS_NPZ to measure on real data.",
        class_="note",
    )
    return tag(
        "header",
        tag("h1", TITLE),
        paragraph(_LEAD, code("arXiv 1811.00056"), ".", class_="lead"),
        paragraph(line, class_="facts"),
        [paragraph(problem, class_="problem", role="alert") for problem in problems],
        note if synthetic else "",
        tag("div", [_key_figure(context, figure) for figure in figures], class_="keys"),
    )


def _key_figure(context: Context, figure: KeyFigure) -> Html:
    name = tag("h2", figure.name, context.cite(*figure.cited))
    value = tag("p", figure.value, class_="value")
    return tag("div", name, value, tag("p", figure.detail), class_="key", id=f"key-{figure.key}")
