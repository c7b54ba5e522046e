# SPDX-License-Identifier: Apache-2.0
"""image_ingress: image sizes that are and are not powers of two, 1 to 8 local experts, 1 to 16 banks."""

from __future__ import annotations

import pytest

from tools.cocotb_run import run
from verif.unit.controls import Defect, check_found

BENCH = "verif.unit.bench_image_ingress"
SHAPES = {
    "7 pixels": {"Beats": 7, "PixelW": 8, "LocalExperts": 3, "Banks": 2, "Classes": 9, "Learn": 1},
    # Short images: with eight experts and 16 banks every descriptor is thousands of them.
    "4 pixels": {"Beats": 4, "PixelW": 5, "LocalExperts": 8, "Banks": 16, "Classes": 62, "Learn": 1},
    "1 pixel": {"Beats": 1, "PixelW": 8, "LocalExperts": 1, "Banks": 1, "Classes": 255, "Learn": 0},
}
DEFECTS = {
    "does not drain": ("state_d = s_last_i ? Idle : Drain;", "state_d = Idle;", "length/kind=too_long"),
    "does not pad": ("else if (pixel_taken && s_last_i) state_d = Pad;", "", "length/kind=too_short"),
    "drains one pixel": (
        "if (s_valid_i && s_last_i) state_d",
        "if (s_valid_i) state_d",
        "length/kind=very_long",
    ),
    "takes pixels in off": ("s_valid_i && !off;", "s_valid_i;", "off/mode=5/accept=1"),
    "begins without leave": ("off     = !accept_i || !", "off     = !", "off/mode=3/accept=0"),
    "any bank is valid": (" bank_ok = bank_valid_i[b];", " bank_ok = 1'b1;", "every_descriptor"),
    "banks alias": ("bank_i == BankW'(b)", "bank_i[0] == b[0]", "every_descriptor"),
    "runs a disabled local expert": ("bank_ok && le_enable_i[local_expert]", "bank_ok", "every_descriptor"),
    "a gate without the GE": ("moe && ge_enable_i && all_le_enabled", "moe && all_le_enabled", "every_descriptor"),
    "learns with a bank that is not valid": (
        "learner_valid = bank_valid_i[b];",
        "learner_valid = 1'b1;",
        "data/idle=none/stall=none",
    ),
    "learns a class that there is not": ("32'(s_label_i.label) < Classes", "1'b1", "every_descriptor"),
    "the GE sees a lesson": ("image_o.use_ge        = 1'b0;", "", "every_descriptor"),
    "a gate without an expert learns": ("ge_enable_i && all_le_enabled;\n", "ge_enable_i;\n", "every_descriptor"),
    "counts accepted offers": (
        "if (pixel_taken) count_q",
        "if (pixel_valid_o) count_q",
        "data/idle=none/stall=random",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_image_ingress(shape: dict[str, int]) -> None:
    run("image_ingress", BENCH, parameters=shape)


@pytest.mark.parametrize("change", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found(change: tuple[str, str, str]) -> None:
    check_found("image_ingress", BENCH, Defect("image_ingress", *change), SHAPES["7 pixels"])
