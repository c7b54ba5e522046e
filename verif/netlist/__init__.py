# SPDX-License-Identifier: Apache-2.0
"""The synthesised netlist, simulated with models of the device's cells: it answers as the golden model does."""
