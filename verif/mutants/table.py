# SPDX-License-Identifier: Apache-2.0
"""A campaign's verdict as text."""

from __future__ import annotations

from collections import Counter

from verif.mutants.campaign import Result, Verdict
from verif.mutants.execution import LINT, SEEN, SURVIVED
from verif.mutants.survivors import Survivor

_COLUMNS = ("drawn", LINT, SEEN, "equivalent", "gap", "no reason")


def verdict_table(verdict: Verdict) -> str:
    """One row a module, the share that is seen, and the survivors that need a reason, ready to be listed."""
    counts: dict[str, Counter[str]] = {}
    for result in verdict.results:
        for module in (result.mutant.module, "all"):
            row = counts.setdefault(module, Counter())
            row["drawn"] += 1
            row[result.outcome] += result.outcome != SURVIVED
    for name, results in (
        ("equivalent", verdict.equivalent),
        ("gap", verdict.gaps),
        ("no reason", verdict.unexplained),
    ):
        for result in results:
            counts[result.mutant.module][name] += 1
            counts["all"][name] += 1
    rows = sorted(counts.items(), key=lambda row: (row[0] == "all", row[0]))
    width = max(len(module) for module in counts)
    lines = [f"{'module':{width}}" + "".join(f"{column:>12}" for column in _COLUMNS)]
    lines += [f"{module:{width}}" + "".join(f"{row[column]:>12}" for column in _COLUMNS) for module, row in rows]
    matter = verdict.seen + len(verdict.gaps) + len(verdict.unexplained)
    seconds = sum(result.seconds for result in verdict.results) / len(verdict.results)
    lines.append(
        f"Seen are {verdict.seen} of {matter} mutants that matter, {100 * verdict.share:.1f} % "
        f"(at least {100 * Verdict.LEAST:.0f} % are asked for); {seconds:.1f} s a mutant."
    )
    for title, results in (("known gaps", verdict.gaps), ("without a reason", verdict.unexplained)):
        if results:
            lines += ["", f"Survivors, {title}:"]
            lines += [f"  {_where(result)}" for result in results]
    if verdict.unexplained:
        lines += ["", "For verif/mutants/survivors.toml, once each is judged:", ""]
        lines += [_entry(result) for result in verdict.unexplained]
    return "\n".join(lines)


def _where(result: Result) -> str:
    mutant = result.mutant
    old, new = mutant.old.splitlines()[-1].strip(), mutant.new.splitlines()[-1].strip()
    return f"hw/rtl/{mutant.module}.sv:{mutant.line} ({mutant.kind}): {old}  ->  {new}"


def _entry(result: Result) -> str:
    return Survivor(result.mutant.module, result.mutant.old, result.mutant.new, "gap: not judged").toml
