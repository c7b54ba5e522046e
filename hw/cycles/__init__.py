# SPDX-License-Identifier: Apache-2.0
"""Exact cycles of every image, from specification and folding alone (docs/cycles.md): :mod:`hw.cycles.model`."""
