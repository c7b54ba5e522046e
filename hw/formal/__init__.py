# SPDX-License-Identifier: Apache-2.0
"""Formal proofs of the control logic: what is proven (``proofs``), and how it is run (``runner``)."""
