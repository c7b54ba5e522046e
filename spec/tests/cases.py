# SPDX-License-Identifier: Apache-2.0
"""Cases of a parametrised test of which ``make test`` runs some and ``make long`` all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest


def some_always(cases: Mapping[str, Any], always: int) -> list:
    """What ``pytest.mark.parametrize`` takes for these cases; ``always`` of them, all over the list, are not long.

    Cases of one module stand together, so that each module has its share.
    """
    total = len(cases)
    assert 0 < always < total, f"{always} of {total} cases leave none, or none to make long"
    return [
        pytest.param(case, id=name, marks=[pytest.mark.long] * (number * always % total >= always))
        for number, (name, case) in enumerate(cases.items())
    ]
