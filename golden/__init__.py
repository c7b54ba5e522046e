# SPDX-License-Identifier: Apache-2.0
"""Golden side of the accelerator: specification, data, training, and the bit-accurate integer model."""

__version__ = "0.1.0"
"""As in pyproject.toml."""
