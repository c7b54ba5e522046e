# SPDX-License-Identifier: Apache-2.0
"""Benches of ``hw/cells``: models of the device's cells do what the cells are documented to do."""
