# SPDX-License-Identifier: Apache-2.0
"""The accelerator in HLS: hand-written C++ templates, the hls4ml flow, their C simulation and the vendor hand-off."""
