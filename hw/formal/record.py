# SPDX-License-Identifier: Apache-2.0
"""What a run of all proofs and defects found, as plain data and as files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from hw.formal.runner import BUILD, Outcome, Proof
from hw.gen.digest import rtl_digest
from spec.files import as_json, source_digest, write_if_changed
from spec.paths import RESULTS
from tools.yosys import version

OUT = BUILD / "proofs.json"
KEPT = RESULTS / "formal.json"


def proof_digest() -> str:
    """16 hex digits of the hardware, and of what is proven of it and how."""
    here = Path(__file__).parent
    what = source_digest([*sorted(here.glob("*.sv")), here / "proofs.py", here / "runner.py"])
    return hashlib.sha256(f"{rtl_digest()} {what} {version()}".encode()).hexdigest()[:16]


def write_outcomes(files: Sequence[Path], proofs: Sequence[Proof], outcomes: Sequence[Outcome], sources: str) -> None:
    """Write the outcomes, proofs first and then their defects, for the report.

    Args:
        sources: :func:`proof_digest` as it was when the proofs began.
    """
    proven, refuted = outcomes[: len(proofs)], outcomes[len(proofs) :]
    text = as_json(
        {
            "sources": sources,
            "proofs": [{"claim": p.claim, **asdict(outcome)} for p, outcome in zip(proofs, proven, strict=True)],
            "defects": [asdict(outcome) for outcome in refuted],
        }
    )
    for path in files:
        write_if_changed(path, text)
