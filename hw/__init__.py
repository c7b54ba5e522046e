# SPDX-License-Identifier: Apache-2.0
"""Hardware: SystemVerilog sources and the generators that derive parameters and memories from the specification."""
