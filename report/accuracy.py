# SPDX-License-Identifier: Apache-2.0
"""``python -m report.accuracy``: the paper's Table 2 on the data at hand, by the integer model, for the report."""

from __future__ import annotations

import sys

from tqdm import tqdm

from golden.bank import Bank
from golden.data import Handwriting, LabelledImages, balanced_subset, generic_source, users_source
from golden.errors import InputError
from golden.presets import MODELS, ROOT, load_moe
from golden.training.personalise import evaluate
from hw.digest import rtl_digest
from report.samples import about
from verif.compare.report import write_json

OUT = ROOT / "build" / "report" / "accuracy.json"
GATES = ("paper", "tuned")
_SEED = 0  # of the class-balanced test selection, as in Table 2


def measure(users: Handwriting, generic: LabelledImages) -> dict:
    """Rows by gate preset, for every user of whom there is a bank; ``generic`` must be class-balanced."""
    tables: dict[str, list[dict]] = {}
    for gate in GATES:
        moe = load_moe(gate)
        tables[gate] = []
        for user in tqdm(users.users, desc=f"gate '{gate}'", unit="user"):
            path = MODELS / "banks" / gate / f"user{user:02d}.bank"
            if path.exists():
                row = evaluate(moe, Bank.load(path, moe), users.test(user), generic)
                tables[gate].append({"user": user, **row})
    return {"sources": rtl_digest(), "data": about(users, generic), **tables}


def main() -> int:
    """Measure and write."""
    try:
        write_json(OUT, measure(users_source(), balanced_subset(generic_source("test"), seed=_SEED)))
    except InputError as error:
        print(f"accuracy: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
