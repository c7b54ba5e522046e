# SPDX-License-Identifier: Apache-2.0
"""What every section of the report is made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from hw.formal.record import proof_digest
from hw.gen.digest import rtl_digest
from report.evidence import SOURCES, Evidence, Places, Result, State, is_synthetic, load
from report.markup import Html, tag
from spec.models_digest import learning_digest, models_digest
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, Accelerator, load_accelerator

PAPER = Evidence(
    "paper",
    "figures of arXiv 1811.00056, Tables 1 to 5",
    "",
    State.PRINTED,
    "golden/paper_tables.py",
)
PAPER_MODEL = Evidence(
    "model",
    "Tables 1 and 3: sizes and energies by the paper's own model",
    "python scripts/energy.py",
    State.COMPUTED,
    "golden/energy/paper.py",
)


@dataclass(frozen=True)
class Step:
    """One measurement of this run: ``problem`` is empty when it succeeded."""

    key: str
    command: str
    seconds: float
    problem: str = ""


@dataclass(frozen=True)
class Section:
    """One part of the page."""

    key: str
    title: str
    body: Html


@dataclass(frozen=True)
class Context:
    """Results with their evidence, and what they are about.

    ``steps``: the measurements of this run, if it made any. ``made``: when the page was made.
    """

    design: Accelerator
    digest: str
    results: Mapping[str, Result]
    steps: tuple[Step, ...] = ()
    made: str = ""
    evidence: tuple[Evidence, ...] = field(init=False)

    def __post_init__(self) -> None:
        rows = tuple(result.evidence for result in self.results.values())
        object.__setattr__(self, "evidence", (*rows, PAPER_MODEL, PAPER))

    def get(self, key: str) -> dict | None:
        """Content of a source, or None when it was not measured."""
        return self.results[key].content

    def cite(self, *keys: str) -> Html:
        """Badges that lead to the rows of the table of evidence."""
        numbers = {row.key: (number, row) for number, row in enumerate(self.evidence, 1)}
        badges = []
        for key in keys:
            number, row = numbers[key]
            words = row.state.words + (f" ({row.note})" if row.note else "")
            badges.append(
                tag(
                    "a",
                    number,
                    href=f"#from-{key}",
                    class_=f"from {row.state.short}",
                    title=f"{words}: {row.command}",
                    aria_label=f"evidence {number}: {words}",
                )
            )
        return tag("sup", *badges)

    def missing(self, key: str) -> Html:
        """In the place of a figure or table that was not measured: that it was not, and what would measure it."""
        row = next(row for row in self.evidence if row.key == key)
        return tag(
            "p",
            tag("span", "not measured", class_="missing"),
            f": {row.what}. ",
            "Measure it with ",
            tag("code", row.command),
            self.cite(key),
            class_="absent",
        )

    def table_2(self) -> tuple[dict | None, str]:
        """Rows of our Table 2 by gate preset, and the source: measured here on real data if so, else the kept one."""
        here = self.get("accuracy")
        if here is not None and not is_synthetic(here):
            return here, "accuracy"
        return self.get("table2"), "table2"


def digests_now(hardware: str) -> dict[str, str]:
    """Digests of everything that figures depend on, by the words of ``Source.of``; that of the hardware is given."""
    return {
        "hardware": hardware,
        "models": models_digest(),
        "proofs": proof_digest(),
        "learning": learning_digest(),
        "hardware and learning": f"{hardware} {learning_digest()}",
    }


def load_context(
    places: Places | None = None, fresh: Collection[str] = (), steps: tuple[Step, ...] = (), made: str = ""
) -> Context:
    """Read everything there is about the default design."""
    design, digest = load_accelerator(DEFAULT_FOLDING, DEFAULT_GATE), rtl_digest()
    places, digests = places or Places(), digests_now(digest)
    results = {source.key: load(source, places, digests, fresh, design.name) for source in SOURCES}
    return Context(design, digest, results, steps, made)
