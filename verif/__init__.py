# SPDX-License-Identifier: Apache-2.0
"""Verification: cocotb tests, the bulk Verilated harness, the comparison of implementations, fault injection."""
