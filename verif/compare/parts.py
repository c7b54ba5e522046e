# SPDX-License-Identifier: Apache-2.0
"""A comparison as a sweep: so many images of one stage in one mode are a task, whose report is kept in a row.

Times are in no row: a report that is put together from parts has none.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from hw.gen.digest import digest_of
from spec.files import source_digest
from spec.network import Mode
from tools import sweep
from tools.rows import Row, RowTask
from tools.workers import Workers
from verif.compare.comparison import StageReport, run_stage
from verif.compare.images import ImageSet
from verif.compare.layers import Difference
from verif.compare.request import Request, load_images, load_setup
from verif.compare.stage import Setup, Stage, StageRun
from verif.compare.stages import STAGES

ALLOWED = ("float", "torch", "int", "rtl")  # what the HLS stages are compiled from is in no row's name
_CYCLES = "cycles_per_image"


@dataclass(frozen=True)
class Images:
    """Where the images come from: arguments of :func:`verif.compare.request.load_images`."""

    source: Path | None
    limit: int
    users: tuple[int, ...] | None


@dataclass(frozen=True)
class Part(RowTask):
    """Images ``first`` to ``last - 1`` through one stage in one mode; ``work`` is the directory of the rows."""

    request: Request
    images: Images
    stage: str
    mode: Mode
    first: int
    last: int
    work: Path

    def __str__(self) -> str:
        return f"{self.mode.name} {self.stage}, images {self.first} to {self.last - 1}"

    def row(self) -> Row:
        """See :class:`tools.rows.RowTask`."""
        setup = _setup(self.request)
        images = _images(self.request, self.images).images[self.first : self.last]
        depends_on = {
            "design": _design(self.request),
            "models": source_digest([path for path in (setup.ge, setup.float_weights) if path]),
            "bank": setup.bank.digest(),
            "settings": [setup.theta, setup.local_expert, setup.fault.site if setup.fault else None],
            "stage": [self.stage, self.mode.name],
            "images": [self.first, self.last, zlib.crc32(np.ascontiguousarray(images).tobytes())],
        }
        return Row(self.work, depends_on, lambda: self._compute(images))

    def _compute(self, images: np.ndarray) -> dict[str, Any]:
        report = run_stage(_setup(self.request), _stage(self.request, self.stage), images, self.mode)
        first = report.first and replace(report.first, image=report.first.image + self.first)
        answered = int(report.answered.sum())
        figures = report.run.figures if report.run else {}
        return {
            **{name: getattr(report, name).astype(np.uint8).tobytes().hex() for name in _ARRAYS},
            "mismatches": report.mismatches,
            "first": first and asdict(first),
            "agreeing": round(report.agreement * answered) if answered else 0,
            "stopped": report.stopped,
            "figures": {key: value for key, value in figures.items() if not math.isnan(value)},
        }


_ARRAYS = ("classes", "experts", "answered")


@lru_cache(maxsize=1)
def _setup(request: Request) -> Setup:
    return replace(load_setup(request)[0], threads=1)


@lru_cache(maxsize=1)
def _images(request: Request, images: Images) -> ImageSet:
    return load_images(_setup(request), images.source, images.limit, images.users)


@lru_cache(maxsize=1)
def _design(request: Request) -> str:
    return digest_of([_setup(request).accelerator])


@lru_cache(maxsize=len(ALLOWED))
def _stage(request: Request, name: str) -> Stage:
    """A stage for all parts of a process."""
    return STAGES[name](_setup(request))


def run_modes(
    request: Request,
    images: Images,
    names: Sequence[str],
    modes: Sequence[Mode],
    chunk: int,
    work: Path,
    workers: Workers,
) -> dict[Mode, list[StageReport]]:
    """Every stage in every mode, ``chunk`` images a task."""
    exact = {name: STAGES[name].exact for name in names}
    count = len(_images(request, images))
    bounds = [(low, min(low + chunk, count)) for low in range(0, count, chunk)]
    each = [(mode, name) for mode in modes for name in names]
    tasks = [Part(request, images, name, mode, *bound, work) for mode, name in each for bound in bounds]
    rows = iter(sweep.run(tasks, workers, "comparison", "part"))
    results: dict[Mode, list[StageReport]] = {mode: [] for mode in modes}
    for mode, name in each:
        results[mode].append(joined(name, exact[name], [next(rows) for _ in bounds]))
    return results


def joined(stage: str, exact: bool, rows: Sequence[dict[str, Any]]) -> StageReport:
    """One report of the rows of consecutive images."""
    arrays = {name: [np.frombuffer(bytes.fromhex(row[name]), np.uint8) for row in rows] for name in _ARRAYS}
    classes, experts, answered = (np.concatenate(arrays[name]) for name in _ARRAYS)
    report = StageReport(stage, exact, classes, experts, answered.astype(bool))
    for row in rows:
        for name, count in row["mismatches"].items():
            report.mismatches[name] = report.mismatches.get(name, 0) + count
    firsts = [row["first"] for row in rows if row["first"]]
    order = list(report.mismatches)
    nearest = min(firsts, key=lambda one: (order.index(one["layer"]), one["image"]), default=None)
    if nearest:
        index = nearest["index"]
        report.first = Difference(**{**nearest, "index": None if index is None else tuple(index)})
    if report.answered.any():
        report.agreement = sum(row["agreeing"] for row in rows) / int(report.answered.sum())
    report.stopped = next((row["stopped"] for row in rows if row["stopped"]), None)
    known = [(row["figures"], len(part)) for row, part in zip(rows, arrays["classes"], strict=True) if row["figures"]]
    if not report.stopped:
        report.run = StageRun(0.0, known[0][0] if known else {})
    if known and _CYCLES in known[0][0]:
        means, counts = zip(*((figures[_CYCLES], count) for figures, count in known), strict=True)
        report.run = report.run and StageRun(0.0, {**known[0][0], _CYCLES: float(np.average(means, weights=counts))})
    return report
