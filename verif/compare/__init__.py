# SPDX-License-Identifier: Apache-2.0
"""Layer-by-layer comparison of every implementation of the accelerator with the integer golden model."""
