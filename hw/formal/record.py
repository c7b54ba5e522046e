# SPDX-License-Identifier: Apache-2.0
"""What a run of all proofs and defects found, as plain data and as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from hw.formal.runner import BUILD, Outcome, Proof
from hw.gen.digest import rtl_digest
from spec.files import as_json, write_if_changed
from spec.paths import RESULTS

OUT = BUILD / "proofs.json"
KEPT = RESULTS / "formal.json"


def write_outcomes(files: Sequence[Path], proofs: Sequence[Proof], outcomes: Sequence[Outcome]) -> None:
    """Write the outcomes, proofs first and then their defects, for the report."""
    proven, refuted = outcomes[: len(proofs)], outcomes[len(proofs) :]
    text = as_json(
        {
            "sources": rtl_digest(),
            "proofs": [{"claim": p.claim, **asdict(outcome)} for p, outcome in zip(proofs, proven, strict=True)],
            "defects": [asdict(outcome) for outcome in refuted],
        }
    )
    for path in files:
        write_if_changed(path, text)
