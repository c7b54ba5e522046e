# SPDX-License-Identifier: Apache-2.0
"""Cases of a parametrised test of which ``make test`` runs the first ones and ``make long`` all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest


def first_always(cases: Mapping[str, Any], always: int) -> list:
    """What ``pytest.mark.parametrize`` takes for these cases; those behind the first ``always`` are marked ``long``."""
    assert 0 < always < len(cases), f"{always} of {len(cases)} cases leave none, or none to make long"
    return [
        pytest.param(case, id=name, marks=[pytest.mark.long] * (number >= always))
        for number, (name, case) in enumerate(cases.items())
    ]
