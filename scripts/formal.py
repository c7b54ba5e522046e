# SPDX-License-Identifier: Apache-2.0
"""Prove the power sequencer, the streams, the mux and the gate, and refute the defects of each proof."""

from __future__ import annotations

from _bootstrap import DIFFERS, DONE, run  # first: the project's packages and Python

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from _arguments import Parser, add_jobs, add_keep, command
from hw.formal import record
from hw.formal.proofs import PROOFS
from hw.formal.runner import Outcome, Proof, prove, refute
from spec.errors import InputError


def options() -> Parser:
    """Command line."""
    parser = command(__file__, __doc__, "--only mux")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only proofs whose name contains this; no file is written"
    )
    add_jobs(parser)
    add_keep(parser, "docs/results/formal.json")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; something differs when a proof does not hold or a defect is not found."""
    given = options().parse_args(arguments)
    proofs = [proof for proof in PROOFS if given.only in proof.name]
    if not proofs:
        names = "; ".join(proof.name for proof in PROOFS)
        raise InputError(f"no proof's name contains '{given.only}'; there are: {names}")
    start, sources = time.monotonic(), record.proof_digest()
    outcomes = prove_and_refute(proofs, given.jobs)
    if not given.only:
        record.write_outcomes((record.OUT, record.KEPT) if given.keep else (record.OUT,), proofs, outcomes, sources)
    bad = sum(not outcome.good for outcome in outcomes)
    seconds = time.monotonic() - start
    print(
        f"\n{len(proofs)} proofs, {len(outcomes) - len(proofs)} defects, {bad} wrong; {seconds:.0f} s with "
        f"{given.jobs} at a time"
    )
    return DIFFERS if bad else DONE


def prove_and_refute(proofs: Sequence[Proof], jobs: int) -> list[Outcome]:
    """Run everything and print each outcome as it comes; proofs first."""
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
    return outcomes


if __name__ == "__main__":
    run(main)
