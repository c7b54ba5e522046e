# SPDX-License-Identifier: Apache-2.0
"""A page and a JSON interface in front of the simulated device: draw, be misread, correct it, be understood."""
