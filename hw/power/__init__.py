# SPDX-License-Identifier: Apache-2.0
"""Power intent of the accelerator (IEEE 1801) and the check that the RTL has what it says."""
