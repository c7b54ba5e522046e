# SPDX-License-Identifier: Apache-2.0
"""Plots of the report, each a function from results to an SVG text; the same results give the same text."""
