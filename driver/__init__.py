# SPDX-License-Identifier: Apache-2.0
"""Driver of the accelerator: one interface over a simulated device and a memory-mapped one."""

from driver.accelerator import Accelerator, Results
from driver.counters import Counters, DomainCounters
from driver.transport import BusError, DeviceFault, DriverError, Transport

__all__ = [
    "Accelerator",
    "BusError",
    "Counters",
    "DeviceFault",
    "DomainCounters",
    "DriverError",
    "Results",
    "Transport",
]
