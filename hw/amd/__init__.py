# SPDX-License-Identifier: Apache-2.0
"""AMD's devices of the seventh series: cells by open synthesis, and a project for the vendor's tool."""
