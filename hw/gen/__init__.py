# SPDX-License-Identifier: Apache-2.0
"""Generators: from the network specification to SystemVerilog parameters, layer chains and memory contents."""
