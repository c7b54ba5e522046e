# SPDX-License-Identifier: Apache-2.0
"""Models of cells of the ECP5 for simulation: those that the RTL instantiates, and those a netlist has beside."""

from __future__ import annotations

from pathlib import Path

CELLS = Path(__file__).parent
