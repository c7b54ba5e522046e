# SPDX-License-Identifier: Apache-2.0
"""What a comparison prints, and the same as plain data for JSON."""

from __future__ import annotations

import math

import numpy as np

from spec.network import Mode
from verif.compare.comparison import StageReport
from verif.compare.images import ImageSet

HEADER = ("stage", "accuracy", "= int", "mismatches", "cycles/image", "images/s", "answers by")


def _accuracy(report: StageReport, data: ImageSet, mask: np.ndarray | slice = slice(None)) -> float | None:
    known = report.answered[mask]
    right = (report.classes[mask] == data.labels[mask])[known]
    return float(right.mean()) if right.size else None


def experts(report: StageReport) -> dict[str, int]:
    """How many images each expert answered."""
    counts = np.bincount(report.experts[report.answered])
    return {("GE" if i == 0 else f"LE{i}"): int(n) for i, n in enumerate(counts) if n}


def _rate(report: StageReport) -> float | None:
    answered = int(report.answered.sum())
    return answered / report.run.seconds if report.run and answered and report.run.seconds else None


def mode_as_json(reports: list[StageReport], data: ImageSet) -> dict:
    """One mode's entry of the JSON file.

    ``mismatches`` are the RTL's, or those of all exact stages together when the RTL was not run: images whose output
    of a layer differs from the integer model's.
    """
    by_name = {report.stage: report for report in reports}
    exact = [by_name["rtl"]] if "rtl" in by_name else [r for r in reports if r.exact]
    names = dict.fromkeys(name for report in exact for name in report.mismatches)
    best = by_name.get("rtl") or by_name.get("int") or reports[0]
    first = next((r.first for r in reports if r.differs and r.first), None)
    entry = {
        "accuracy": _accuracy(best, data),
        "mismatches": {name: sum(r.mismatches.get(name, 0) for r in exact) for name in names},
    }
    if best.run and "cycles_per_image" in best.run.figures:
        cycles = best.run.figures["cycles_per_image"]
        entry["cycles_per_image"] = None if math.isnan(cycles) else cycles
    entry |= {
        "bit_exact": not any(r.differs for r in reports),
        "first_difference": None if first is None else first.as_json(),
        "experts": experts(best),
        "accuracy_by_set": {
            name: _accuracy(best, data, data.member == i)
            for i, name in enumerate(data.sets)
            if (data.member == i).any()
        },
        "stages": {r.stage: _stage_as_json(r, data) for r in reports},
    }
    return entry


def _stage_as_json(report: StageReport, data: ImageSet) -> dict:
    figures = report.run.figures if report.run else {}
    return {
        "exact": report.exact,
        "accuracy": _accuracy(report, data),
        "agreement": None if math.isnan(report.agreement) else report.agreement,
        "mismatches": report.mismatches,
        "stopped": report.stopped,
        "images_per_second": _rate(report),
        "experts": experts(report),
        **{name: None if math.isnan(value) else value for name, value in figures.items()},
    }


def _row(report: StageReport, data: ImageSet) -> tuple[str, ...]:
    accuracy, rate = _accuracy(report, data), _rate(report)
    cycles = report.run.figures.get("cycles_per_image", math.nan) if report.run else math.nan
    reference = report.stage == "int"
    return (
        report.stage,
        "-" if accuracy is None else f"{accuracy:.2%}",
        "-" if reference or math.isnan(report.agreement) else f"{report.agreement:.2%}",
        "reference" if reference else str(sum(report.mismatches.values())) if report.exact else "not exact",
        "-" if math.isnan(cycles) else f"{cycles:,.0f}",
        "-" if rate is None else f"{rate:,.0f}",
        ", ".join(f"{name} {count}" for name, count in experts(report).items()),
    )


def mode_table(mode: Mode, reports: list[StageReport], data: ImageSet) -> str:
    """Aligned table of a mode, the accuracy of each set, and the verdict with the first difference, if any."""
    rows = [HEADER, *(_row(report, data) for report in reports)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    lines = [f"{mode.name}, {len(data)} images"]
    for row in rows:
        cells = [
            cell.ljust(width) if i in (0, 6) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    if len(data.sets) > 1:
        best = next((r for r in reports if r.stage == "int"), reports[-1])
        shares = []
        for i, name in enumerate(data.sets):
            mask = data.member == i
            accuracy = _accuracy(best, data, mask)
            if accuracy is not None:
                local = (best.experts[mask] > 0).mean()
                shares.append(f"{name} {accuracy:.2%} of {mask.sum()} right, {local:.1%} answered locally")
        lines.append(f"  by set: {'; '.join(shares)}")
    return "\n".join(lines + [f"  {line}" for line in _verdict(reports)])


def _verdict(reports: list[StageReport]) -> list[str]:
    lines = []
    for report in reports:
        if not report.exact or report.stage == "int":
            continue
        if not report.differs:
            count = len(report.mismatches)
            lines.append(f"{report.stage}: bit-exact, {count} layers and fields compared, 0 mismatches")
            continue
        if report.stopped:
            lines.append(f"{report.stage}: STOPPED after {int(report.answered.sum())} images: {report.stopped}")
        lines.append(f"{report.stage}: DIFFERS, first at {report.first}")
        wrong = {name: n for name, n in report.mismatches.items() if n}
        lines.append(f"{report.stage}: differing images: {', '.join(f'{name} {n}' for name, n in wrong.items())}")
    return lines


def verdict(modes: dict[Mode, list[StageReport]], images: int) -> tuple[str, bool | None]:
    """The last line, and whether everything that must be equal is; None when there was nothing to compare."""
    compared = [r for reports in modes.values() for r in reports if r.exact and r.stage != "int"]
    names = " and ".join(dict.fromkeys(r.stage for r in compared))
    if any(r.differs for r in compared):
        wrong = [mode.name for mode, reports in modes.items() if any(r.differs for r in reports)]
        return f"MISMATCH in {', '.join(wrong)} ({names} against the integer model)", False
    if not compared:
        return "NOTHING COMPARED bit by bit: name 'torch' or 'rtl' in --stages", None
    count = f"{images} images, {len(modes)} mode{'s' if len(modes) > 1 else ''}"
    return f"EQUAL: {names} = integer model in every layer and result, {count}", True
