# SPDX-License-Identifier: Apache-2.0
"""How the tools are run: Verilator, cocotb, Yosys, the object cache, chunks in parallel."""
