# SPDX-License-Identifier: Apache-2.0
"""Bulk simulation: whole data sets through the Verilated accelerator, on all cores, without VPI."""
