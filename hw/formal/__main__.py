# SPDX-License-Identifier: Apache-2.0
"""``python -m hw.formal`` (``make formal``): run all proofs and negative controls and print a table."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from hw.formal.proofs import PROOFS
from hw.formal.runner import BUILD, Outcome, Proof, prove, refute
from hw.gen.digest import rtl_digest
from spec.errors import InputError
from spec.files import write_if_changed
from spec.paths import ROOT

OUT = BUILD / "proofs.json"
KEPT = ROOT / "docs" / "results" / "formal.json"


def main() -> int:
    """Return 1 when a proof does not hold or a defect is not found, 2 when it cannot run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only proofs whose name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time (default: processors)")
    parser.add_argument("--keep", action="store_true", help="also write docs/results/formal.json")
    options = parser.parse_args()
    proofs = [proof for proof in PROOFS if options.only in proof.name]
    try:
        if not proofs:
            names = "; ".join(proof.name for proof in PROOFS)
            raise InputError(f"no proof's name contains '{options.only}'; there are: {names}")
        # What a part says is printed only: a file with it would pass for the whole.
        files = () if options.only else (OUT, KEPT) if options.keep else (OUT,)
        return _run(proofs, options.jobs, files)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(proofs: list[Proof], jobs: int, files: tuple[Path, ...]) -> int:
    start = time.monotonic()
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(jobs) as pool:
        proven = [pool.submit(prove, proof) for proof in proofs]
        refuted = [pool.submit(refute, proof, control) for proof in proofs for control in proof.controls]
        print(f"{'proof':42} {'method':22} {'time':>6}  result")
        for proof, future in zip(proofs, proven, strict=True):
            outcome = future.result()
            outcomes.append(outcome)
            result = "proven" if outcome.good else f"NOT PROVEN ({outcome.status}: {outcome.detail})"
            print(
                f"{outcome.name:42} {outcome.method:22} {outcome.seconds:5.1f}s  {result}\n    {proof.claim}",
                flush=True,
            )
        print(f"\n{'defect, must be refuted':88} {'time':>6}  result")
        for future in refuted:
            outcome = future.result()
            outcomes.append(outcome)
            result = "found by " if outcome.good else f"NOT FOUND ({outcome.status}) "
            print(f"{outcome.name:88} {outcome.seconds:5.1f}s  {result}{outcome.detail}", flush=True)
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(path, json.dumps(_as_data(proofs, outcomes), indent=1) + "\n")
    bad = sum(not outcome.good for outcome in outcomes)
    seconds = time.monotonic() - start
    print(f"\n{len(proven)} proofs, {len(refuted)} defects, {bad} wrong; {seconds:.0f} s with {jobs} at a time")
    return 1 if bad else 0


def _as_data(proofs: list[Proof], outcomes: list[Outcome]) -> dict:
    """The outcomes, proofs first, as plain data for the report."""
    proven, refuted = outcomes[: len(proofs)], outcomes[len(proofs) :]
    return {
        "sources": rtl_digest(),
        "proofs": [{"claim": p.claim, **asdict(outcome)} for p, outcome in zip(proofs, proven, strict=True)],
        "defects": [asdict(outcome) for outcome in refuted],
    }


if __name__ == "__main__":
    sys.exit(main())
