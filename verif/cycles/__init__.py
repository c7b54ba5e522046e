# SPDX-License-Identifier: Apache-2.0
"""The cycle model (:mod:`hw.cycles`) against the RTL, cycle by cycle of every image."""
