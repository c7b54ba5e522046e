# SPDX-License-Identifier: Apache-2.0
"""Resources on ECP5 by open synthesis: ``python -m hw.synth`` (``make synth``) counts the device by power domain.

It takes minutes; the result is reused while the sources of the hardware and the tool are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hw.gen.build import GeneratedHardware, generate
from hw.gen.digest import rtl_digest
from hw.parts import synthesise_parts
from hw.resource_report import page, record, terminal, tool
from spec.errors import InputError
from spec.files import write_if_changed
from spec.paths import ROOT
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, Accelerator, load_accelerator
from tools.yosys import DEVICE_NAME, run_yosys, take

BUILD = ROOT / "build" / "synth"
KEPT = ROOT / "docs" / "results" / "resources.json"  # by design


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
    """The record of a design: the one made here, else the kept one; None unless it is of the present sources."""
    sources = rtl_digest()
    for found in (_read(BUILD / f"{design}.json"), _read(KEPT).get(design, {})):
        if (found.get("design"), found.get("sources")) == (design, sources):
            return found
    return None


def measure(design: Accelerator) -> dict:
    """Synthesise the device; returns the record, which is also written to ``build/synth``."""
    sources, log = rtl_digest(), BUILD / f"{design.name}.log"
    print(f"{design.name}: synthesising moe_accelerator for {DEVICE_NAME}, several minutes ...", flush=True)
    start = time.monotonic()
    found = synthesise_parts(generate(design), design.moe, log=log)
    print(f"done in {time.monotonic() - start:.0f} s, log: {log.relative_to(ROOT)}\n")
    result = record(design, found, sources)
    write_if_changed(BUILD / f"{design.name}.json", json.dumps(result, indent=1) + "\n")
    return result


def keep(result: Mapping) -> None:
    """Write ``docs/results/resources.{json,md}``, with the other kept designs that are of the same sources."""
    others = [other for other in _read(KEPT).values() if other["sources"] == result["sources"]]
    kept = dict(sorted({other["design"]: other for other in [*others, result]}.items()))
    write_if_changed(KEPT, json.dumps(kept, indent=1) + "\n")
    write_if_changed(KEPT.with_suffix(".md"), page(kept.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 when synthesis made otherwise than counted, 2 when it cannot run."""
    parser = argparse.ArgumentParser("python -m hw.synth", description=__doc__)
    parser.add_argument("--preset", default=DEFAULT_FOLDING, help="folding preset (default %(default)s)")
    parser.add_argument("--gate", default=DEFAULT_GATE, help="gate preset (default %(default)s)")
    parser.add_argument("--force", action="store_true", help="synthesise also when there is a result of these sources")
    parser.add_argument("--keep", action="store_true", help="also write docs/results/resources.{json,md}")
    options = parser.parse_args(arguments)
    try:
        design = load_accelerator(options.preset, options.gate)
        result = None if options.force else load_resources(design.name)
        if result is None or result["tool"] != tool():
            result = measure(design)
    except (InputError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(terminal(result))
    if options.keep:
        keep(result)
    return 1 if result["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
