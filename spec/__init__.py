# SPDX-License-Identifier: Apache-2.0
"""What every part agrees on: network, folding, banks and their file format, presets, domains, fixed point.

The lowest floor of the house: it imports no other package of the project.
"""

__version__ = "0.1.0"
"""As in pyproject.toml."""
