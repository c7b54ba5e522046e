# SPDX-License-Identifier: Apache-2.0
"""What every generated SystemVerilog file begins with."""

from __future__ import annotations

HEADER = """\
// SPDX-License-Identifier: Apache-2.0
/// Generated from the network specification; do not edit.
"""
