# SPDX-License-Identifier: Apache-2.0
"""Benches of ``hw/board``: the serial line, and the bridge from it to registers and streams."""
