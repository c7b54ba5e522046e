# SPDX-License-Identifier: Apache-2.0
"""Reading a device's bank back: the stream that would load it, word by word."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from driver.transport import DriverError, Transport
from hw.regs.map import register
from spec.bank import Bank
from spec.bank_file import bank_of_stream
from spec.presets import Accelerator as Design


class Device(Protocol):
    """What is needed of :class:`driver.accelerator.Accelerator`."""

    transport: Transport
    design: Design

    def read(self, name: str) -> int:
        """Value of a field."""

    def write(self, path: str, **fields: int) -> None:
        """Write a register."""


def read_bank(device: Device, number: int) -> Bank:
    """A bank as it is in the device, CRC-32 checked.

    Raises:
        DriverError: a session is open or was opened meanwhile, or local experts and gate do not wake up.
        InputError: what came back is not a bank of this design.
    """
    words, count = [], device.read("bank_words.words")
    device.write("bank_target", bank=number)
    device.write("bank_read_command", start=1)
    for index in range(count):
        for _ in range(1000):
            status = device.transport.read(register("bank_read_status").address)
            if status & 1:
                break
            if not status:
                raise DriverError(f"bank {number} cannot be read: a learning session is open")
        else:
            raise DriverError(f"bank {number} cannot be read beyond word {index}: local experts or gate do not wake up")
        words.append(device.transport.read(register("bank_read_data").address))
    return bank_of_stream(np.array(words, np.uint32), device.design.moe, device.design.folding, f"bank {number}")
