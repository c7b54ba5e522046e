# SPDX-License-Identifier: Apache-2.0
"""Layers that an HLS compiler made, each alone in simulation against the integer model."""
