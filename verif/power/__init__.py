# SPDX-License-Identifier: Apache-2.0
"""Power-aware tests of the whole device: mode changes in flight, corruption of sleeping domains, faulty switches."""
