# SPDX-License-Identifier: Apache-2.0
"""The paper's Table 2 on the data at hand: accuracy of GE, LE, GN and of the whole, for every user and gate preset.

Everything is computed by the integer golden model, which the RTL equals bit for bit. With EMNIST_DIR and USERS_NPZ
set and the banks under models/, the table is written to docs/results/table2.md and table2.json.
"""

from __future__ import annotations

from _bootstrap import run_main  # first: makes the project's packages importable

from spec.paths import BANKS

import argparse  # isort: skip
import json
from pathlib import Path

import numpy as np

from golden.data import balanced_subset, generic_source, users_source
from hw.gen.digest import rtl_digest
from spec.files import write_if_changed
from spec.paths import ROOT
from training.table2 import GATES, SEED, rows

_COLUMNS = ("ge", "le", "gn", "overall", "le_where_ge_wrong", "generic_overall")
_HEAD = "| user | GE | LE | GN | overall | LE where GE is wrong | EMNIST overall |\n|---|---|---|---|---|---|---|\n"


def parse() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--banks", type=Path, default=BANKS, metavar="DIR", help="banks, as <gate>/userNN.bank")
    add("--out", type=Path, default=ROOT / "docs" / "results", metavar="DIR", help="where the files go")
    return parser.parse_args()


def as_markdown(gate: str, table: list[dict[str, float]]) -> str:
    """The table of one gate preset with its averages and the two figures that the targets are about."""
    lines = [f"| {row['user']} | " + " | ".join(f"{100 * row[key]:.2f}" for key in _COLUMNS) + " |" for row in table]
    mean = {key: float(np.mean([row[key] for row in table])) for key in (*_COLUMNS, "generic_ge", "generic_to_le")}
    lines.append("| **mean** | " + " | ".join(f"**{100 * mean[key]:.2f}**" for key in _COLUMNS) + " |")
    return (
        f"### Gate preset `{gate}`\n\n{_HEAD}" + "\n".join(lines) + "\n\n"
        f"GE alone on EMNIST {100 * mean['generic_ge']:.2f} %; generic images sent to the LE "
        f"{100 * mean['generic_to_le']:.2f} %; overall minus LE on users "
        f"{100 * (mean['overall'] - mean['le']):+.2f} points; EMNIST overall minus GE "
        f"{100 * (mean['generic_overall'] - mean['generic_ge']):+.2f} points.\n"
    )


def main() -> int:
    """Print the tables and, for real data, keep them as files."""
    options = parse()
    generic = balanced_subset(generic_source("test"), seed=SEED)
    users = users_source()
    tables = {gate: rows(gate, options.banks, users, generic, users.users) for gate in GATES}
    per_class = len(generic) // len(np.unique(generic.labels))
    text = (
        "# Table 2 of arXiv 1811.00056 on our data\n\n"
        f"Accuracy in per cent, integer golden model. Generic: {generic.name}, class-balanced, {per_class} images a "
        f"class. Users: {users.name}, test part of each.\nReproduce: `make table`.\n\n"
        + "\n".join(as_markdown(gate, table) for gate, table in tables.items())
    )
    print(text)
    if users.synthetic or generic.synthetic:
        print("Built-in synthetic handwriting was used; nothing is written to docs/results.")
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    write_if_changed(options.out / "table2.md", text)
    write_if_changed(options.out / "table2.json", json.dumps({"sources": rtl_digest(), **tables}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    run_main(main)
