# SPDX-License-Identifier: Apache-2.0
"""Shows that the device gives the golden answers with a bank file, loaded as a person would load it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from driver.accelerator import Accelerator
from driver.transport import DeviceFault
from golden.integer_model import MoeModel
from spec.bank_file import load_bank
from spec.network import Mode
from spec.presets import Accelerator as Design

MODES = (Mode.LE_ONLY, Mode.MOE_PARALLEL, Mode.MOE_GATED)


class DeviceCheck:
    """A simulated device that is opened once for many banks.

    Args:
        design: what the device is built from.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self._device: Accelerator | None = None

    def __call__(self, path: Path, images: np.ndarray) -> str:
        """Load the bank file through the registers and compare the answers to uint8 (N, H, W) images in those of
        three modes that the device has.

        Returns:
            A sentence for people.

        Raises:
            DeviceFault: an answer of the device is not the golden model's.
            DriverError: the device refuses the bank.
        """
        if self._device is None:
            self._device = Accelerator.open(design=self.design)
        device, model = self._device, MoeModel(self.design.moe)
        number = device.load_user(path)
        bank = load_bank(path, self.design.moe)
        modes = [mode for mode in MODES if mode in self.design.folding.modes]
        for mode in modes:
            device.set_mode(mode)
            results = device.classify(images)
            golden = model.run(images, mode, bank)
            wrong = int(((results.classes != golden.classes) | (results.experts != golden.experts)).sum())
            if wrong:
                raise DeviceFault(
                    f"{path}: in {mode.name} the device gives {wrong} wrong answers to {len(images)} images"
                )
            if (results.banks != number).any() or results.no_bank.any():
                raise DeviceFault(f"{path}: the device answered without bank {number}")
        names = ", ".join(mode.name for mode in modes)
        return f"simulated device: {len(images)} images in {names}, every answer equals the golden model's"

    def close(self) -> None:
        """Release the device."""
        if self._device:
            self._device.close()
            self._device = None
