# SPDX-License-Identifier: Apache-2.0
"""Energy proxies: the paper's estimate, and one fed by the device's counters. Neither is a measurement."""

from golden.energy.hardware import HardwareEnergy, Weights, hardware_energy
from golden.energy.paper import PaperEnergy, PaperExpert

__all__ = ["HardwareEnergy", "PaperEnergy", "PaperExpert", "Weights", "hardware_energy"]
