# SPDX-License-Identifier: Apache-2.0
"""Peers of this project, generated on the spot and run on the same images (``make bench``)."""
