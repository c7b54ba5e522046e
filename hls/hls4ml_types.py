# SPDX-License-Identifier: Apache-2.0
"""hls4ml's names of types and strategies."""

from __future__ import annotations

from spec.fixedpoint import FixedPoint
from spec.kinds.data import LayerFolding
from spec.kinds.matrix import MatrixLayer

REQUANTISED = ",RND_CONV,SAT"  # the specification's requantisation: round half to even, saturate
EXACT = ",TRN,WRAP"  # a type that is wide enough never to round or overflow needs no logic for it


def precision(kind: FixedPoint, modes: str = EXACT) -> str:
    """hls4ml's name of a type, for example ``ufixed<8,1,RND_CONV,SAT>``."""
    return f"{'' if kind.signed else 'u'}fixed<{kind.bits},{kind.bits - kind.fraction_bits}{modes}>"


def reuse_factor(layer: MatrixLayer, folding: LayerFolding) -> int:
    """Products that one multiplier forms for one output position: the initiation interval asked for, in cycles."""
    return 1 if folding.graph else layer.input_words(folding) * layer.output_words(folding)


def strategy(folding: LayerFolding) -> str:
    """hls4ml's strategy: an adder graph is distributed arithmetic; folded layers share multipliers."""
    return "distributed_arithmetic" if folding.graph else "Resource"
