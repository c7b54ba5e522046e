# SPDX-License-Identifier: Apache-2.0
"""The kept result of the explorer: searches for three devices, and what their chosen designs cost in synthesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from explore.cycles import SAID
from explore.estimate import CELLS, SPEED, dominates
from explore.front import as_csv, table
from explore.kept import model_digest, state
from explore.measurement import Measurement, beside, measured_figures
from explore.picture import picture
from explore.preset import write as write_preset
from explore.study import Outcome, Study, as_point
from explore.terminal import sentences
from spec.files import as_json, write_bytes, write_if_changed
from spec.markdown import markdown_table
from spec.paths import CONFIGS, RESULTS, ROOT
from spec.presets import Accelerator
from tools import sweep
from tools.workers import Workers

KEPT = RESULTS / "explore.json"
FOUND = CONFIGS / "explore" / "found"  # presets of the chosen designs
PICTURE = ROOT / "docs" / "images" / "explore.png"


def name_of(outcome: Outcome, number: int) -> str:
    """Name of a chosen design: a file name, and that of its folding."""
    return f"{_plain(outcome.study.name)}_{number}"


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name).replace("__", "_")


Rows = Mapping[int | str, Mapping[str, Any]]
"""Rows of synthesis of a study: of chosen designs by number, and of designs made by hand by name."""


def measure(outcomes: Sequence[Outcome], work: Path, workers: Workers) -> list[Rows]:
    """For each outcome the rows of the chosen designs, and of the designs made by hand that they beat."""
    wanted: list[tuple[int, int | str]] = []
    for i, outcome in enumerate(outcomes):
        numbers = list(outcome.chosen())[: outcome.study.synthesised]
        wanted += [(i, number) for number in numbers]
        wanted += [(i, name) for name, found in outcome.beaten().items() if found and found[0][0] in numbers]
    tasks = [Measurement(_design(outcomes[i], which), work) for i, which in wanted]
    rows = sweep.run(tasks, workers, "chosen designs", "design", threads=True)
    found: list[dict[int | str, Mapping[str, Any]]] = [{} for _ in outcomes]
    for (i, which), row in zip(wanted, rows, strict=True):
        found[i][which] = row
    return found


def _design(outcome: Outcome, which: int | str) -> Accelerator:
    if isinstance(which, int):
        return outcome.front[which - 1].design(outcome.space, name_of(outcome, which))
    design = outcome.by_hand[which]  # under a name of its own: studies differ in network and gate
    return replace(design, folding=replace(design.folding, name=f"{_plain(outcome.study.name)}_{which}"))


def verdicts(outcome: Outcome, rows: Rows) -> list[str]:
    """For each chosen design that beats one made by hand, whether it does when both are synthesised."""
    said = []
    for name, found in outcome.beaten().items():
        if not found or name not in rows:
            continue
        number, best = found[0]
        kept = [axis for axis in best.figures if axis in SPEED]
        mine, theirs = ({axis: f[axis] for axis in kept} for f in (best.figures, outcome.references[name]))
        mine, theirs = mine | measured_figures(rows[number]), theirs | measured_figures(rows[name])
        shown = ", ".join(f"{axis} {mine[axis]:,.0f} against {theirs[axis]:,.0f}" for axis in mine)
        worse = [axis for axis in mine if mine[axis] > theirs[axis]]
        if worse:
            said.append(f"`{name_of(outcome, number)}` does not beat `{name}`: more {', '.join(worse)}. {shown}.")
        elif dominates(mine, theirs, mine):
            said.append(f"`{name_of(outcome, number)}` **beats** `{name}`, losing nowhere: {shown}.")
        else:
            said.append(f"`{name_of(outcome, number)}` is as good as `{name}`: {shown}.")
    return said


def record(outcome: Outcome, rows: Rows) -> dict[str, Any]:
    """One study, for the kept file."""
    chosen = []
    for number, why in outcome.chosen().items():
        told = {"number": number, "why": why, "name": name_of(outcome, number), **as_point(outcome, number)}
        if row := rows.get(number):
            told |= {"synthesised": measured_figures(row), "sources": row["sources"]}
        chosen.append(told)
    return {
        "study": asdict(outcome.study),
        "data": outcome.data,
        "looked": outcome.looked,
        "front": as_csv(outcome.front).splitlines(),
        "references": outcome.references,
        "beaten": {name: [number for number, _ in found] for name, found in outcome.beaten().items()},
        "said": sentences(outcome),
        "verdicts": verdicts(outcome, rows),
        "by_hand": {name: measured_figures(row) for name, row in rows.items() if isinstance(name, str)},
        "chosen": chosen,
    }


def save(
    outcomes: Sequence[Outcome],
    rows: Sequence[Rows],
    nothing: Mapping[Study, str],
    tool: str,
    sources: str,
) -> None:
    """Write ``docs/results/explore.{json,md}``, the picture of the first study, and presets of the chosen designs.

    Args:
        rows: of :func:`measure`.
        nothing: why nothing fits.
        sources: digest of the hardware that the figures are estimates of.
    """
    records = [record(outcome, found) for outcome, found in zip(outcomes, rows, strict=True)]
    write_if_changed(
        KEPT,
        as_json(
            {
                "tool": tool,
                "sources": sources,
                "model": model_digest(),
                "studies": records,
                "nothing": {one.name: why for one, why in nothing.items()},
            }
        ),
    )
    write_if_changed(KEPT.with_suffix(".md"), page(outcomes, rows, nothing, sources))
    files: set[Path] = set()
    for outcome in outcomes:
        for number, why in outcome.chosen().items():
            if outcome.front[number - 1].choice.widths:
                continue  # its network file has two megabytes; explore.py --build writes it
            name = name_of(outcome, number)
            said = f"For the {outcome.study.chip}, found by scripts/explore.py ({why}); gate {outcome.study.gate}."
            files |= set(write_preset(outcome.front[number - 1], outcome.space, FOUND, name, said).values())
    for old in set(FOUND.glob("*")) - files:
        old.unlink()
    if outcomes:
        write_bytes(PICTURE, _drawn(outcomes[0], rows[0]))


def _drawn(first: Outcome, rows: Rows) -> bytes:
    """The picture of a study."""
    measured = {}
    for which, row in rows.items():
        figures = first.front[which - 1].figures if isinstance(which, int) else first.references[which]
        measured[str(which)] = {**figures, **measured_figures(row)}
    title = f"{first.study.chip}, gate {first.study.gate}: {len(first.front)} designs that no other one beats"
    return picture(title, first.front, first.references, first.study.limits, measured)


def page(outcomes: Sequence[Outcome], rows: Sequence[Rows], nothing: Mapping[Study, str], sources: str) -> str:
    """The page ``docs/results/explore.md``; ``sources`` is the digest of the hardware."""
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Designs that the explorer found",
        "Written by `python scripts/explore.py --studies --keep` ([what it does](../explore.md)). Figures are "
        f"estimates unless said otherwise; {SAID}. Foldings of all designs stand in `explore.json`. Sources {sources}.",
        *([old] if (old := state()) else []),
        *(["![Front of the first search](../images/explore.png)"] if outcomes else []),
        "## Chosen designs, synthesised",
        _chosen(outcomes, rows),
    ]
    if said := [text for outcome, found in zip(outcomes, rows, strict=True) for text in verdicts(outcome, found)]:
        parts.append("Against designs made by hand, both synthesised:\n\n" + "\n".join(f"* {text}" for text in said))
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


def _chosen(outcomes: Sequence[Outcome], rows: Sequence[Rows]) -> str:
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
