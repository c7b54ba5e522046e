# SPDX-License-Identifier: Apache-2.0
"""The cases have the images that they say, and nothing else was chosen."""

from __future__ import annotations

import numpy as np
import pytest

from golden.data import generic_source, users_source
from golden.integer_model import MoeModel
from spec.errors import InputError
from spec.network import RUNNING_MODES, Mode
from spec.presets import Accelerator, load_accelerator
from verif.proxies import tiny_run
from verif.proxies.cases import GENERIC, LOCAL, USER, Case, cases, user_bank


def check_kinds(design: Accelerator, bank, found: tuple[Case, ...], per_case: int) -> None:
    """Every mode with both kinds, and the golden gate decides as the kind says."""
    assert [(case.mode, case.kind) for case in found] == [
        (mode, kind) for mode in RUNNING_MODES for kind in (LOCAL, GENERIC)
    ]
    for case in found:
        experts = MoeModel(design.moe).run(case.images, Mode.MOE_GATED, bank, case.theta).experts
        assert len(experts) == per_case
        assert ((experts != 0) == (case.kind == LOCAL)).all(), case.name


def test_random_cases() -> None:
    check_kinds(tiny_run.design(), tiny_run.bank(), tiny_run.cases(), 3)


def test_cases_are_the_first_images_of_their_kind() -> None:
    design = load_accelerator()
    bank = user_bank(design)
    found = cases(design, bank, 5)
    check_kinds(design, bank, found, 5)
    assert {case.theta for case in found} == {0}
    sources = {LOCAL: users_source().test(USER).images, GENERIC: generic_source("test").images}
    for case in found[:2]:
        images = sources[case.kind][:500]
        experts = MoeModel(design.moe).run(images, Mode.MOE_PARALLEL, bank).experts
        np.testing.assert_array_equal(case.images, images[(experts != 0) == (case.kind == LOCAL)][:5])


@pytest.mark.parametrize(("per_case", "message"), [(0, "at least 1"), (1 << 30, "sends to a local expert; the test")])
def test_too_few_images(per_case: int, message: str) -> None:
    design = load_accelerator()
    with pytest.raises(InputError, match=message):
        cases(design, user_bank(design), per_case)
