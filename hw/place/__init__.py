# SPDX-License-Identifier: Apache-2.0
"""Place and route with open tools: netlist, seeds, what the report says, where the cells are (docs/fpga.md)."""
