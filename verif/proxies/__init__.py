# SPDX-License-Identifier: Apache-2.0
"""Proxies of energy, case by case: what the device counts, what switches in it, and when each part of it works."""
