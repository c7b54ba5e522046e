# SPDX-License-Identifier: Apache-2.0
"""Constants that Python reads from accel_pkg."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw.constants import constants


def test_the_write_port() -> None:
    found = constants()
    experts = found["MaxLocalExperts"]
    assert (found["LayerLocalExpert"], found["LayerLocalHidden"]) == (0, experts)
    assert (found["LayerGateHidden"], found["LayerGateOut"]) == (2 * experts, 2 * experts + 1)
    assert max(found["LayerGateHidden"], found["LayerGateOut"]) < 2 ** found["LayerW"]
    assert found["ExpertW"] == experts.bit_length() and found["InFlightW"] == found["InFlight"].bit_length()


def test_a_constant_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    package = tmp_path / "accel_pkg.sv"
    package.write_text("  localparam int unsigned A = 4;\n  localparam int unsigned B = A * 2;\n")
    with pytest.raises(ValueError, match="B is 'A \\* 2'"):
        constants(package)
