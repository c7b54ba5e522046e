# SPDX-License-Identifier: Apache-2.0
"""All rows of the benchmark: one peer after the other, finished ones from files, failed ones with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hw.gen.digest import digest_of
from spec.files import source_digest
from spec.progress import progress_bar
from tools.rows import Row
from tools.verilate import HOST
from verif.peers import da4ml_conv1, environment, nngen, own
from verif.peers.cells import cells
from verif.peers.request import Request

OURS = "this project"
Measure = Callable[[Request, Path], dict[str, Any]]
PEERS: dict[str, Measure] = {
    OURS: partial(own.measure, "rtl"),
    **{name: partial(nngen.measure, name) for name in nngen.VARIANTS},
    "hls4ml": partial(own.measure, "hls4ml"),
    "da4ml": da4ml_conv1.measure,
}
_TELLING = ("bench.py", "cells.py", "table.py")  # what does not measure changes no row
_FILES = sorted(Path(__file__).parent.iterdir())
_SOURCES = [path for path in _FILES if path.suffix in (".py", ".cpp") and path.name not in _TELLING]

_CELLS = source_digest([Path(__file__).with_name("cells.py")])


def run(names: Sequence[str], request: Request, work: Path, synthesis: float) -> list[dict[str, Any]]:
    """A row a peer, in this order; ``failed`` has the last line of why there is none.

    Args:
        work: directory of what peers generate and of finished rows.
        synthesis: seconds after which a peer's synthesis is given up; 0 leaves it out.
    """
    depends_on = {
        "sources": source_digest([*_SOURCES, HOST, environment.REQUIREMENTS]),
        "design": digest_of([request.design]),
        "images": request.digest(request.images, request.labels, request.simulated),
    }
    rows = []
    with progress_bar(names, description="peers", unit="peer") as bar:
        for name in bar:
            found = _kept(Row(work, {**depends_on, "peer": name}, partial(PEERS[name], request, work)))
            if synthesis and "source" in found:
                compute = partial(_cells, work, found, synthesis)
                found |= _kept(
                    Row(work, {**depends_on, "peer": name, "cells": found["source"], "by": _CELLS}, compute), "no_cells"
                )
            rows.append({"name": name, **found})
    return rows


def _kept(row: Row, failure: str = "failed") -> dict[str, Any]:
    """A finished row, or why it cannot be made; a failure is not kept, so that the next call tries again."""
    try:
        return row.value()
    except Exception as error:  # whatever a peer's tools do, the others are measured
        said = str(error).strip().splitlines()
        return {failure: said[-1] if said else type(error).__name__}


def _cells(work: Path, found: dict[str, Any], seconds: float) -> dict[str, Any]:
    source = work / found["source"]
    directory = source if source.is_dir() else source.parent
    files = sorted(source.glob("**/*.v")) if source.is_dir() else [source]
    return {"cells": cells(directory, [str(path.relative_to(directory)) for path in files], found["top"], seconds)}
