# SPDX-License-Identifier: Apache-2.0
"""The explorer: cost models, accuracy, and the search for designs that fit a device."""
