# SPDX-License-Identifier: Apache-2.0
"""Convolution on real values."""

from __future__ import annotations

from torch.nn import functional

from verif.compare.kinds import RealKind, Scaled


def _conv(attributes: dict, x: Scaled, weight: Scaled, bias: Scaled | None = None) -> Scaled:
    pads = attributes.get("pads", [0, 0, 0, 0])
    y = functional.conv2d(
        x.value,
        weight.value,
        None if bias is None else bias.value.flatten(),
        stride=attributes.get("strides", 1),
        padding=tuple(pads[:2]),
        dilation=attributes.get("dilations", 1),
        groups=attributes.get("group", 1),
    )
    return Scaled(y, x.scale * weight.scale)


KIND = RealKind({"Conv": _conv})
