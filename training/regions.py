# SPDX-License-Identifier: Apache-2.0
"""The regions R1 to R4 of the paper's section 2.3: where GE and LE are right, as shares of a set of images.

    R1: both; R2: the LE alone; R3: the GE alone; R4: neither.

A gate that always chooses well answers R1, R2 and R3 rightly.
"""

from __future__ import annotations

import numpy as np

from golden import paper_tables
from training.shares import both_shares

REGIONS = ("r1", "r2", "r3", "r4")


def regions(ge: np.ndarray, le: np.ndarray) -> dict[str, np.ndarray]:
    """bool (N,) of each region.

    Args:
        ge, le: bool (N,), that expert is right.
    """
    return {"r1": ge & le, "r2": ~ge & le, "r3": ge & ~le, "r4": ~ge & ~le}


def region_shares(ge: np.ndarray, le: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Share of each region, 0..1, at the classes' own frequencies, and as ``.._balanced`` with every class alike.

    Args:
        ge, le: bool (N,), that expert is right.
        labels: integer (N,), class.
    """
    found = {}
    for name, inside in regions(ge, le).items():
        found[name], found[f"{name}_balanced"] = both_shares(inside, labels)
    return found


def printed_shares() -> dict[str, float]:
    """The paper's regions on test images, mean over its users, as its Table 2 implies them."""
    rows = paper_tables.TABLE_2
    right, wrong = (np.array([row["ge"] for row in rows]) / 100), (1 - np.array([row["ge"] for row in rows]) / 100)
    r2 = wrong * np.array([row["le_where_ge_wrong"] for row in rows]) / 100
    r1 = np.array([row["le"] for row in rows]) / 100 - r2
    return {name: float(x.mean()) for name, x in zip(REGIONS, (r1, r2, right - r1, wrong - r2), strict=True)}
