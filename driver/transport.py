# SPDX-License-Identifier: Apache-2.0
"""What the driver needs of a device: register accesses and two streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from spec.errors import CheckFailed, InputError


class DriverError(InputError):
    """The device did not do what was asked; the message is a sentence."""


class DeviceFault(DriverError, CheckFailed):
    """The device answered wrongly or not at all; nobody asked for the wrong thing."""


class BusError(DriverError):
    """A register access was answered with an error response; nothing was changed."""


class Transport(Protocol):
    """A device as seen from the processor beside it."""

    def read(self, address: int) -> int:
        """Value of the 32-bit register at a byte address.

        Raises:
            BusError: the device answered with an error.
        """

    def write(self, address: int, value: int) -> None:
        """Write a 32-bit register.

        Raises:
            BusError: the device answered with an error; nothing was changed.
        """

    def write_burst(self, address: int, words: np.ndarray) -> None:
        """Write uint32 (n,) one after the other to the same register; stops at the first error."""

    def stream(self, images: np.ndarray, labels: Sequence[int] | None = None) -> np.ndarray:
        """Send uint8 (N, beats) images and return their results, uint32 (N,).

        ``labels``: TUSER of each image's first pixel (:func:`spec.learning.label_word`).

        Raises:
            DriverError: the device did not give N results, or the way to it carries no labels.
        """

    def close(self) -> None:
        """Release the device."""
