# SPDX-License-Identifier: Apache-2.0
"""Dense layer on real values."""

from __future__ import annotations

from torch.nn import functional

from verif.compare.kinds import RealKind, Scaled


def _gemm(attributes: dict, x: Scaled, weight: Scaled, bias: Scaled | None = None) -> Scaled:
    matrix = weight.value if attributes.get("transB", 0) else weight.value.T
    y = functional.linear(x.value, matrix, None if bias is None else bias.value.flatten())
    return Scaled(y, x.scale * weight.scale)


def _matmul(attributes: dict, x: Scaled, weight: Scaled) -> Scaled:
    return Scaled(x.value @ weight.value, x.scale * weight.scale)


KIND = RealKind({"Gemm": _gemm, "MatMul": _matmul})
