# SPDX-License-Identifier: Apache-2.0
"""Golden models: the bit-accurate integer model, its PyTorch twin, data, and the energy models."""
