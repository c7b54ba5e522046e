# SPDX-License-Identifier: Apache-2.0
"""``python -m report.accuracy``: the paper's Table 2 on the data at hand, by the integer model, for the report."""

from __future__ import annotations

import sys

from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from hw.gen.digest import rtl_digest
from report.samples import about
from spec.errors import InputError
from spec.paths import BANKS, ROOT
from training.table2 import GATES, SEED, bank_file, rows
from verif.compare.report import write_json

OUT = ROOT / "build" / "report" / "accuracy.json"


def measure(users: Handwriting, generic: LabelledImages) -> dict:
    """Rows by gate preset, for every user of whom there is a bank; ``generic`` must be class-balanced."""
    tables = {}
    for gate in GATES:
        numbers = [user for user in users.users if bank_file(BANKS, gate, user).exists()]
        tables[gate] = rows(gate, BANKS, users, generic, numbers)
    return {"sources": rtl_digest(), "data": about(users, generic), **tables}


def main() -> int:
    """Measure and write."""
    try:
        write_json(OUT, measure(users_source(), balanced_subset(generic_source("test"), seed=SEED)))
    except InputError as error:
        print(f"accuracy: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
