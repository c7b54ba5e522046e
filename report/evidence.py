# SPDX-License-Identifier: Apache-2.0
"""Where every figure of the report comes from: its file, the command that makes it, and how current it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from hw.place.kept import of_design
from spec.paths import ROOT
from spec.presets import TRAINED_GATES


class State(Enum):
    """How a figure came to be: a short name for style sheets, and the words that the page shows."""

    NOW = ("now", "measured now")
    HERE = ("here", "measured here before, same sources")
    KEPT = ("kept", "kept, same sources")
    OTHER = ("other", "other sources")
    UNRECORDED = ("unrecorded", "kept, hardware not recorded")
    COMPUTED = ("computed", "computed now from formulas")
    PRINTED = ("printed", "as printed in the paper")
    MISSING = ("missing", "not measured")

    @property
    def short(self) -> str:
        """Name for style sheets."""
        return self.value[0]

    @property
    def words(self) -> str:
        """What the page shows."""
        return self.value[1]


@dataclass(frozen=True)
class Source:
    """One result file, where it may be, and what makes it.

    ``built`` is relative to the directory of what is measured here, ``kept`` to that of the results in the repository
    (by default ``KEY.json``); None when there is no such file. ``needs``: names that a file of the known form has.
    ``of``: what its digest names, a key of :func:`report.context.digests_now`.
    """

    key: str
    what: str
    command: str
    needs: tuple[str, ...]
    built: str | None = None
    kept: str | None = "{key}.json"
    of: str = "hardware"


@dataclass(frozen=True)
class Evidence:
    """A row of the table at the end of the page; ``note`` adds what a reader must know, for example the data used."""

    key: str
    what: str
    command: str
    state: State
    file: str = ""
    note: str = ""


@dataclass(frozen=True)
class Result:
    """What a source holds, as read from JSON (``None``: nothing), and its evidence."""

    content: Any
    evidence: Evidence


@dataclass(frozen=True)
class Places:
    """Directories: results made here, and results kept in the repository."""

    build: Path = ROOT / "build"
    kept: Path = ROOT / "docs" / "results"


SOURCES = (
    Source(
        "compare",
        "RTL against the integer model, layer by layer; cycles an image; answers by expert",
        "python scripts/compare_golden.py --limit 200 --stages int,rtl --json build/report/compare.json",
        needs=("modes", "images"),
        built="report/compare.json",
        kept=None,
    ),
    Source(
        "proxies",
        "both energy proxies, counters, their agreement, time lines",
        "python scripts/proxies.py",
        needs=("cases", "data"),
        built="proxies.json",
    ),
    Source(
        "designs",
        "both energy proxies of several designs, and the order of their cases",
        "python scripts/proxies_designs.py",
        needs=("cases", "orders", "quantities", "data"),
        built="designs.json",
    ),
    Source(
        "accuracy",
        "accuracy of GE, LE, GN and of the whole on the data at hand (Table 2)",
        "python scripts/accuracy.py",
        needs=(*TRAINED_GATES, "data"),
        built="report/accuracy.json",
        of="models",
        kept=None,
    ),
    Source(
        "samples",
        "sample images, with what models and device say; device against model",
        "python scripts/samples.py",
        needs=("groups", "device", "data"),
        built="report/samples.json",
        kept=None,
    ),
    Source(
        "table2",
        "Table 2 on EMNIST and ten UNIPEN writers",
        "make table KEEP=--keep",
        needs=TRAINED_GATES,
        of="models",
    ),
    Source(
        "table1",
        "Table 1: size of LE and GN against accuracy",
        "python scripts/table1.py --keep",
        needs=("rows",),
        of="models",
    ),
    Source(
        "table4",
        "Tables 4 and 5: before training, after it, fine-tuning",
        "python scripts/table4.py --keep",
        needs=("rows", "users"),
        of="models",
    ),
    Source(
        "regions",
        "where GE and LE are right (R1 to R4); alternative training of the paper's section 2.3",
        "python scripts/regions.py --keep",
        needs=("gates", "paper", "data"),
        of="models",
    ),
    Source(
        "soft_gate",
        "soft gate of the paper's section 2.1 against the binary one",
        "python scripts/soft_gate.py --keep",
        needs=("gates", "data"),
        of="models",
    ),
    Source(
        "few_samples",
        "accuracy over the number of training images a class; what a start from other writers is worth",
        "python scripts/few_samples.py --keep",
        needs=("gates", "data"),
        of="models",
    ),
    Source(
        "learning",
        "a device that learns its user by itself: accuracy over passes and images, beside training on a host",
        "python scripts/learning_study.py --keep",
        needs=("gates", "data"),
        of="learning",
    ),
    Source(
        "learning_energy",
        "energy proxy and cycles of whole courses of learning, beside retraining fc1 and fc2",
        "python scripts/learning_energy.py --keep",
        needs=("lesson", "course", "retraining", "data"),
        of="hardware and learning",
    ),
    Source(
        "several",
        "several users on one device: accuracy, the right expert, load; the simulated device against the model",
        "python scripts/several_users.py --choose --rtl --keep",
        needs=("sizes", "gate", "balance"),
        of="models",
    ),
    Source(
        "seeds",
        "gate presets and fine-tuning over users and seeds, all trained anew: mean and spread",
        "python scripts/seeds.py --keep",
        needs=("gates", "fine_tuning", "measured_on", "data"),
        of="models",
    ),
    Source(
        "pool",
        "pool of experts: accuracy of every query beside training from scratch, time to the first answer",
        "python scripts/pool_table.py --keep",
        needs=("rows", "validation", "times"),
        of="models",
    ),
    Source(
        "pruning",
        "does the loss just after pruning tell the loss after retraining; fewer inputs of the local experts",
        "python scripts/pruning.py --keep",
        needs=("correlations", "candidates", "test"),
        of="models",
    ),
    Source(
        "resources",
        "cells by power domain and layer (synth_ecp5); sizes by counting",
        "make synth",
        needs=("cells", "total", "device", "counted"),
        built="synth/{design}.json",
    ),
    Source(
        "fpga",
        "place and route: clocks, cells by domain, worst paths",
        "make fpga BOARD=ulx3s KEEP=--keep",
        needs=(),  # by what was placed on what
    ),
    Source(
        "bench",
        "beside peers generated on the spot: cycles, multipliers, cells, speed, accuracy; published figures",
        "make bench KEEP=--keep",
        needs=("rows", "published", "findings", "data"),
    ),
    Source(
        "gated",
        "MOE_GATED over ten users and the whole EMNIST test: wrong answers, time with supply, cycles",
        "python scripts/power_gated.py --keep",
        needs=("user 1",),
    ),
    Source(
        "sweep",
        "MOE_GATED over the share of generic images",
        "python scripts/power_sweep.py --keep",
        needs=("points",),
        kept="gated_sweep.json",
    ),
    Source(
        "formal",
        "proofs and the defects that they must find",
        "make formal",
        needs=("proofs", "defects"),
        built="formal/proofs.json",
        of="proofs",
    ),
    Source(
        "netlist",
        "the synthesised netlist's answers, sleeps and lessons against the golden model, and those of a broken one",
        "python scripts/netlist.py --keep",
        needs=("images", "wrong", "lessons_wrong", "cycles", "rtl_cycles", "defect"),
    ),
    Source(
        "power",
        "test plan of the power control",
        "make power",
        needs=("items",),
        built="power/plan.json",
    ),
)


def load(source: Source, places: Places, digests: Mapping[str, str], fresh: Collection[str], design: str) -> Result:
    """Read a source: what this run measured, else what is of the same sources, else what there is.

    Args:
        digests: state of what figures depend on now, by the words of ``Source.of``.
        fresh: keys of the sources that this run measured.
        design: name of the design, in file names and in files that hold several designs.
    """
    found = []
    for directory, form, kept in ((places.build, source.built, False), (places.kept, source.kept, True)):
        if form:
            name = form.format(design=design, key=source.key)
            found.append(_read(source, directory, name, kept, digests[source.of], fresh, design))
    order = list(State)
    found.sort(key=lambda result: order.index(result.evidence.state))  # stable: what is built comes before what is kept
    return found[0]


def _read(
    source: Source, directory: Path, name: str, kept: bool, digest: str, fresh: Collection[str], design: str
) -> Result:
    path = directory / name
    shown = _shown(path)

    def result(content: Any, state: State, note: str = "") -> Result:
        return Result(content, Evidence(source.key, source.what, source.command, state, shown, note))

    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return result(None, State.MISSING)
    except (OSError, ValueError) as error:
        return result(None, State.MISSING, f"the file cannot be read: {error}")
    if not isinstance(content, dict):
        return result(None, State.MISSING, "the file holds no named values")
    if source.key == "resources" and kept:  # one file holds several designs
        content = content.get(design)
        if content is None:
            return result(None, State.MISSING, f"the file does not hold {design}")
    if source.key == "fpga":
        content = _routed(content, design)
        if content is None:
            return result(None, State.MISSING, f"the file does not hold {design}")
    absent = [name for name in source.needs if name not in content]
    if absent:
        return result(None, State.MISSING, f"the file is of another form, without '{absent[0]}'")
    sources = content.get("sources")
    if not kept and source.key in fresh:
        return result(content, State.NOW, _data_note(content))
    if sources is None:
        return result(content, State.UNRECORDED, _data_note(content))
    if sources == digest:
        return result(content, State.KEPT if kept else State.HERE, _data_note(content))
    note = f"measured on {sources}, {source.of} now: {digest}"
    return result(content, State.OTHER, "; ".join(filter(None, (note, _data_note(content)))))


def _routed(content: dict, design: str) -> dict | None:
    """All records of a design, which are of the same hardware; None when there are none."""
    try:
        records = of_design(content, design)
    except (KeyError, TypeError, AttributeError):
        return None  # of another form
    return {"records": records, "sources": records[0]["sources"]} if records else None


def _data_note(content: dict) -> str:
    return "built-in synthetic handwriting" if is_synthetic(content) else ""


def is_synthetic(content: dict | None) -> bool:
    """Whether a result says that it was measured on built-in synthetic handwriting."""
    if not content:
        return False
    data = content.get("data")
    return bool(content.get("synthetic") or (isinstance(data, dict) and data.get("synthetic")))


def _shown(path: Path) -> str:
    """A path as the page shows it: relative to the repository, else its last parts, never a home directory."""
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return "/".join(path.parts[-2:])
