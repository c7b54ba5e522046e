# SPDX-License-Identifier: Apache-2.0
"""Groups of classes of which a pool of experts has one primitive expert each, and queries for several of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from golden.data import CLASSES
from spec.errors import InputError

Groups = Mapping[str, np.ndarray]
"""Name of a group to its classes, int64 (n,), rising; no class is in two groups."""


def _span(first: str, last: str) -> np.ndarray:
    return np.arange(CLASSES.index(first), CLASSES.index(last) + 1)


GROUPS: Groups = {"digits": _span("0", "9"), "upper": _span("A", "Z"), "lower": _span("a", "z")}

FINER_GROUPS: Groups = {
    "digits": _span("0", "9"),
    "upper_a_m": _span("A", "M"),
    "upper_n_z": _span("N", "Z"),
    "lower_a_m": _span("a", "m"),
    "lower_n_z": _span("n", "z"),
}
"""The same classes in halves of the alphabet: compared with :data:`GROUPS` on validation data."""

QUERIES = (
    ("digits",),
    ("digits", "upper"),
    ("digits", "lower"),
    ("upper", "lower"),
    ("digits", "upper", "lower"),
)
"""The queries of the published table, in names of :data:`GROUPS`."""


def query_classes(groups: Groups, names: Iterable[str]) -> np.ndarray:
    """Classes of a query, int64 (n,), rising.

    Raises:
        InputError: there is no group of a name, or no name.
    """
    names = tuple(names)
    for name in names:
        if name not in groups:
            raise InputError(f"there is no group of classes '{name}', known are {', '.join(groups)}")
    if not names:
        raise InputError(f"a query needs one group of classes at least, known are {', '.join(groups)}")
    return np.unique(np.concatenate([groups[name] for name in names]))


def query_name(names: Iterable[str]) -> str:
    """How tables call a query."""
    return " + ".join(names)


def characters(classes: np.ndarray) -> str:
    """The characters of some classes."""
    return "".join(CLASSES[label] for label in classes)
