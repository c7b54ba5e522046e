# SPDX-License-Identifier: Apache-2.0
"""Hitless swap: no image is lost, none sees parts of two banks, and every answer is that of the bank it names."""

from __future__ import annotations

import pytest

from driver import DriverError
from driver.accelerator import REASONS
from driver.swap_load import GE_ALONE, USERS, SwapLoad, SwapReport
from driver.tests.devices import open_device
from spec.errors import CheckFailed
from spec.network import Mode
from spec.tiny_variants import random_images

SEED = 1
POOL = random_images(300, SEED)  # different images


ATTACKS = {"the bank is the selected one", "images in flight still use the bank"}


def clean(report: SwapReport) -> bool:
    """No answer is missing or wrong, and no bank was loaded that is in force or in use."""
    return (
        report.results == report.images
        and not report.wrong
        and not report.out_of_order
        and set(report.refused) >= ATTACKS
    )


@pytest.mark.parametrize("mode", [Mode.MOE_PARALLEL, Mode.MOE_GATED, Mode.LE_ONLY])
def test_swap_under_load(mode: Mode) -> None:
    images = 10_000 if mode == Mode.MOE_PARALLEL else 3_000
    with open_device() as device:
        report = SwapLoad(device, mode, images, SEED, POOL).run()
    assert clean(report), report
    # The run was one that could have gone wrong: everybody answered, and banks changed.
    assert set(report.answered_for) == {GE_ALONE, *range(USERS)}, report
    assert report.commits >= 100 and report.selections >= 20, report


@pytest.mark.parametrize(
    "defect",
    [
        ("bank_loader.sv", "else if (target_busy) start_reason = bank_reason__BANK_IN_USE;", ""),
        ("bank_loader.sv", "if ((invalidate_q || (start_q && !start_refused)) &&", "if (invalidate_q &&"),
        (
            "moe_core.sv",
            ".image_i           (frame_image),\n        .in_valid_i        (routed_valid[ToLe+i])",
            # The bank alone, which stands before sequence number, threshold and label in the descriptor.
            ".image_i           ({frame_image[$bits(image_t)-1:BankW+SeqW+ThetaW+LabelW], image.bank,\n"
            "                             frame_image[SeqW+ThetaW+LabelW-1:0]}),\n"
            "        .in_valid_i        (routed_valid[ToLe+i])",
        ),
    ],
    ids=["loads a bank in use", "valid while it is loaded", "bank of now for images of before"],
)
def test_a_defect_is_seen(defect: tuple[str, str, str]) -> None:
    with open_device(defect) as device:
        report = SwapLoad(device, Mode.MOE_PARALLEL, 1_000, SEED, POOL).run()
    assert not clean(report), report


def test_a_device_that_takes_no_bank_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DriverError(f"bank 0 was refused: {REASONS['CRC_MISMATCH']}")

    with open_device() as device:
        monkeypatch.setattr(device, "load_stream", refuse)
        with pytest.raises(CheckFailed, match="a sound bank was not loaded: .*the bank's CRC-32 is wrong"):
            SwapLoad(device, Mode.MOE_PARALLEL, 100, SEED, POOL).run()
