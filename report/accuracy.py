# SPDX-License-Identifier: Apache-2.0
"""The paper's Table 2 on the data at hand, by the integer model, for the report."""

from __future__ import annotations

from golden.data import Handwriting, LabelledImages
from report.samples import about
from spec.models_digest import models_digest
from spec.paths import BANKS, BUILD, bank_file
from spec.presets import TRAINED_GATES
from training.table2 import rows

OUT = BUILD / "report" / "accuracy.json"


def measure(users: Handwriting, generic: LabelledImages) -> dict:
    """Rows by gate preset, for every user of whom there is a bank; ``generic`` must be class-balanced."""
    tables = {}
    for gate in TRAINED_GATES:
        numbers = [user for user in users.users if bank_file(gate, user, BANKS).exists()]
        tables[gate] = rows(gate, BANKS, users, generic, numbers)
    return {"sources": models_digest(), "data": about(users, generic), **tables}
