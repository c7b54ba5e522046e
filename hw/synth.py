# SPDX-License-Identifier: Apache-2.0
"""Resources on ECP5 by open synthesis: ``make synth`` (``scripts/synth.py``) counts the device by power domain.

It takes minutes; the result is reused while the sources of the hardware and the tool are the same.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from hw.gen.build import GeneratedHardware, generate
from hw.gen.digest import rtl_digest
from hw.parts import synthesise_parts
from hw.resource_report import page, record, tool
from spec.files import as_json, write_if_changed
from spec.paths import RESULTS, ROOT
from spec.presets import Accelerator
from tools.yosys import DEVICE_NAME, run_yosys, take

BUILD = ROOT / "build" / "synth"
KEPT = RESULTS / "resources.json"  # by design


def synthesise(
    hardware: GeneratedHardware,
    top: str = "moe_top",
    log: Path | None = None,
    parameters: Mapping[str, int | str] | None = None,
) -> dict[str, int]:
    """Cells of one module, flat, by cell type; ``parameters`` are those of the module.

    Raises:
        RuntimeError: Yosys failed; the message has the end of its output.
    """
    sources = " ".join(hardware.relative_sources())
    values = {name: f'"{v}"' if isinstance(v, str) else int(v) for name, v in (parameters or {}).items()}
    options = " ".join(f"-G {name}={value}" for name, value in values.items())
    counts = hardware.directory / f"cells.{os.getpid()}.json"  # the WebAssembly build loses its output behind ABC
    run_yosys(
        hardware.directory,
        f"read_slang --threads 1 --top {top} {options} -D SYNTHESIS {sources}; synth_ecp5 -top {top} -noflatten; "
        f"flatten; tee -q -o {counts.name} stat -top {top} -json",
        log,
    )
    return {name: int(n) for name, n in json.loads(take(counts))["design"]["num_cells_by_type"].items()}


def _read(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def load_resources(design: str) -> dict | None:
    """The record of a design, made here or else the kept one; None unless it is of the present sources and tool."""
    present = (design, rtl_digest(), tool())
    for found in (_read(BUILD / f"{design}.json"), _read(KEPT).get(design, {})):
        if (found.get("design"), found.get("sources"), found.get("tool")) == present:
            return found
    return None


def measure(design: Accelerator) -> dict:
    """Synthesise the device; returns the record, which is also written to ``build/synth``."""
    sources, log = rtl_digest(), BUILD / f"{design.name}.log"
    print(f"{design.name}: synthesising moe_accelerator for {DEVICE_NAME}, several minutes ...", flush=True)
    start = time.monotonic()
    found = synthesise_parts(generate(design), design.moe, log=log, there=design.folding.domains)
    print(f"done in {time.monotonic() - start:.0f} s, log: {log.relative_to(ROOT)}\n")
    result = record(design, found, sources)
    write_if_changed(BUILD / f"{design.name}.json", as_json(result))
    return result


def keep(result: Mapping) -> None:
    """Write ``docs/results/resources.{json,md}``, with the other kept designs that are of the same sources and tool."""
    same = ("sources", "tool")
    others = [other for other in _read(KEPT).values() if all(other[key] == result[key] for key in same)]
    kept = dict(sorted({other["design"]: other for other in [*others, result]}.items()))
    write_if_changed(KEPT, as_json(kept))
    write_if_changed(KEPT.with_suffix(".md"), page(kept.values()))


def resources(design: Accelerator, *, anew: bool = False) -> dict:
    """The record of a design: what there is of the same sources and tool, else synthesised now."""
    return (None if anew else load_resources(design.name)) or measure(design)
