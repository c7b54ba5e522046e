# SPDX-License-Identifier: Apache-2.0
"""The registers: their SystemRDL description, what is generated from it, and their names in Python."""
