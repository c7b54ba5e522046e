# SPDX-License-Identifier: Apache-2.0
"""The kept result of the explorer: searches for three devices, and what their chosen designs cost in synthesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from explore.cycles import EXACT
from explore.estimate import CELLS
from explore.front import as_csv, table
from explore.kept import model_digest
from explore.measurement import Measurement, beside, measured_figures
from explore.picture import picture
from explore.preset import write as write_preset
from explore.study import Outcome, Study, as_point
from explore.terminal import sentences
from spec.files import as_json, write_bytes, write_if_changed
from spec.markdown import markdown_table
from spec.paths import CONFIGS, RESULTS, ROOT
from tools import sweep
from tools.workers import Workers

KEPT = RESULTS / "explore.json"
FOUND = CONFIGS / "explore" / "found"  # presets of the chosen designs
PICTURE = ROOT / "docs" / "images" / "explore.png"


def name_of(outcome: Outcome, number: int) -> str:
    """Name of a chosen design: a file name, and that of its folding."""
    plain = "".join(c if c.isalnum() else "_" for c in outcome.study.name).replace("__", "_")
    return f"{plain}_{number}"


def measure(outcomes: Sequence[Outcome], work: Path, workers: Workers) -> list[dict[int, Mapping[str, Any]]]:
    """For each outcome, number of a chosen design -> its row of synthesis."""
    chosen = [(i, number) for i, one in enumerate(outcomes) for number in list(one.chosen())[: one.study.synthesised]]
    tasks = [Measurement(_design(outcomes[i], number), work) for i, number in chosen]
    rows = sweep.run(tasks, workers, "chosen designs", "design", threads=True)
    found: list[dict[int, Mapping[str, Any]]] = [{} for _ in outcomes]
    for (i, number), row in zip(chosen, rows, strict=True):
        found[i][number] = row
    return found


def _design(outcome: Outcome, number: int):
    return outcome.front[number - 1].design(outcome.space, name_of(outcome, number))


def record(outcome: Outcome, rows: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """One study, for the kept file."""
    chosen = []
    for number, why in outcome.chosen().items():
        told = {"number": number, "why": why, "name": name_of(outcome, number), **as_point(outcome, number)}
        if row := rows.get(number):
            told |= {"synthesised": measured_figures(row), "sources": row["sources"]}
        chosen.append(told)
    study = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(outcome.study).items()}
    return {
        "study": study,
        "data": outcome.data,
        "looked": outcome.looked,
        "front": as_csv(outcome.front).splitlines(),
        "references": outcome.references,
        "beaten": {name: [number for number, _ in found] for name, found in outcome.beaten().items()},
        "said": sentences(outcome),
        "chosen": chosen,
    }


def save(
    outcomes: Sequence[Outcome],
    rows: Sequence[Mapping[int, Mapping[str, Any]]],
    nothing: Mapping[Study, str],
    tool: str,
) -> None:
    """Write ``docs/results/explore.{json,md}`` and the picture of the first study; ``nothing``: why nothing fits."""
    records = [record(outcome, found) for outcome, found in zip(outcomes, rows, strict=True)]
    write_if_changed(
        KEPT,
        as_json(
            {
                "tool": tool,
                "model": model_digest(),
                "studies": records,
                "nothing": {one.name: why for one, why in nothing.items()},
            }
        ),
    )
    write_if_changed(KEPT.with_suffix(".md"), page(outcomes, rows, nothing))
    for outcome in outcomes:
        for number, why in outcome.chosen().items():
            name = name_of(outcome, number)
            said = f"For the {outcome.study.chip}, found by scripts/explore.py ({why}); gate {outcome.study.gate}."
            write_preset(outcome.front[number - 1], outcome.space, FOUND, name, said)
    first, measured = outcomes[0], {}
    for number, row in rows[0].items():
        measured[name_of(first, number)] = {**first.front[number - 1].figures, **measured_figures(row)}
    title = f"{first.study.chip}, gate {first.study.gate}: {len(first.front)} designs that no other one beats"
    write_bytes(PICTURE, picture(title, first.front, first.references, first.study.limits, measured))


def page(
    outcomes: Sequence[Outcome], rows: Sequence[Mapping[int, Mapping[str, Any]]], nothing: Mapping[Study, str]
) -> str:
    """The page ``docs/results/explore.md``."""
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Designs that the explorer found",
        "Written by `python scripts/explore.py --studies --keep` ([what it does](../explore.md)). Figures are "
        f"estimates unless said otherwise; {EXACT}. Foldings of all designs stand in `explore.json`.",
        "![Front of the first search](../images/explore.png)",
        "## Chosen designs, synthesised",
        _chosen(outcomes, rows),
    ]
    for outcome in outcomes:
        head, *lines = table(outcome.front, outcome.references)
        parts.append(_heading(outcome.study))
        parts.append("\n".join(f"* {text}" for text in sentences(outcome)))
        parts.append(markdown_table(head, lines).rstrip())
    parts += [f"{_heading(study)}\n\nNothing found: {why}." for study, why in nothing.items()]
    return "\n\n".join(parts) + "\n"


def _heading(study: Study) -> str:
    return (
        f"## {study.name}\n\nNetwork {study.network}, gate `{study.gate}`, free: {', '.join(study.axes)}; "
        f"{study.trials} trials, seed {study.seed}."
    )


def _chosen(outcomes: Sequence[Outcome], rows: Sequence[Mapping[int, Mapping[str, Any]]]) -> str:
    head = ["design", "why", *(f"{kind}: estimate, synthesised, error" for kind in CELLS)]
    lines = []
    for outcome, found in zip(outcomes, rows, strict=True):
        for number, why in outcome.chosen().items():
            figures = outcome.front[number - 1].figures
            if number in found:
                cells = [", ".join(line[1:]) for line in beside(figures, found[number])[1:]]
            else:
                cells = [f"{figures[kind]:,.0f}, not synthesised" for kind in CELLS]
            lines.append([f"`{name_of(outcome, number)}`", why, *cells])
    return markdown_table(head, lines).rstrip()
