# SPDX-License-Identifier: Apache-2.0
"""Energy proxies: the paper's estimate, and one fed by the device's counters. Neither is a measurement."""

from golden.energy.hardware import HardwareEnergy, Weights, hardware_energy
from golden.energy.paper import PaperEnergy, PaperExpert
from golden.energy.per_image import Energy, energy_per_image

__all__ = [
    "Energy",
    "HardwareEnergy",
    "PaperEnergy",
    "PaperExpert",
    "Weights",
    "energy_per_image",
    "hardware_energy",
]
