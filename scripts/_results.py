# SPDX-License-Identifier: Apache-2.0
"""What becomes of a result of a table: printed, for machines, and kept."""

from __future__ import annotations

import argparse
from typing import Any

from spec.files import write_json
from training.table_files import keep


def hand_over(given: argparse.Namespace, name: str, text: str, result: dict[str, Any]) -> None:
    """Print a table; write ``--json``, and with ``--keep`` the files ``name`` under docs/results."""
    print(text)
    if given.json:
        write_json(given.json, result)
    if given.keep:
        keep(name, text, result)
