# SPDX-License-Identifier: Apache-2.0
"""``runtime_head``: pooled features, further inputs, a hidden layer if there is one, and an output layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hw.cycles.engine import Network, Stream
from hw.cycles.kinds import cycle_kind
from hw.cycles.localparams import localparam
from hw.cycles.registers import append, feature, fifo, skid, width
from hw.cycles.timing import Timing
from hw.cycles.units import mvu
from spec.folding import Folding
from spec.kinds.matrix import MatrixLayer
from spec.network import Head


@dataclass(frozen=True)
class HeadPlan:
    """One head: its ``name``, which is its group too, and ``ahead`` as in ``pooled_words``."""

    name: str
    head: Head
    folding: Folding
    lanes: int  # of a feature word
    apart: bool  # those never come in consecutive cycles
    ahead: int = 0

    @property
    def first(self) -> MatrixLayer:
        """The first layer."""
        return self.head.layers[0]

    @property
    def simd(self) -> int:
        """Values of a word of its input."""
        return self.folding.layers[self.first.name].simd

    @property
    def pool_words(self) -> int:
        """Words that the pool gives of an image."""
        return self.head.pool.out_shape.size // self.simd

    @property
    def extra_words(self) -> int:
        """Words of further inputs."""
        return -(-self.first.extra_inputs // self.simd)


def head(net: Network, t: Timing, plan: HeadPlan, features: Stream, extra: Stream | None) -> Stream:
    """Logits, one a word.

    Args:
        features: words that enter the domain.
        extra: further inputs, a word an image, on their way into the domain.
    """
    name = plan.name
    pooled = _pooled(net, t, plan, feature(net, t, f"{name} features", features, plan.apart))
    if plan.folding.learning:
        _ring(plan, pooled)
    if extra is not None:
        pooled = _append(net, t, plan, pooled, extra)
    vectors = skid(net, t, f"{name} vectors", pooled)
    out = plan.head.out
    if plan.head.hidden:
        hidden, folding = plan.first, plan.folding.layers[plan.first.name]
        units = _dense(net, t, plan, hidden, vectors)
        queued = fifo(net, t, f"{name} units", units, hidden.output_words(folding))
        simd = plan.folding.layers[out.name].simd
        vectors = skid(net, t, f"{name} unit", width(net, t, f"{name} unit words", queued, folding.pe, simd))
    sums = _dense(net, t, plan, out, vectors)
    return width(net, t, f"{name} logits", sums, plan.folding.layers[out.name].pe, 1)


def _pooled(net: Network, t: Timing, plan: HeadPlan, features: Stream) -> Stream:
    """``pooled_words``."""
    layer, shape = plan.head.pool, plan.head.pool.out_shape
    pooled = cycle_kind(layer).stream(net, t, features, layer, None, plan.lanes, None)
    depth = (1 + plan.ahead * shape.height) * shape.width * shape.channels // plan.lanes
    queued = fifo(net, t, f"{plan.name} pooled", pooled, depth)
    return width(net, t, f"{plan.name} words", queued, plan.lanes, plan.simd)


def _ring(plan: HeadPlan, words: Stream) -> None:
    """``replay_ring``: a word is stored piece by piece, while the next one waits."""
    pieces = localparam("replay_ring", "Pieces", Lanes=plan.simd)
    if pieces > 1:
        words.spacing = np.maximum(words.spacing, pieces)


def _append(net: Network, t: Timing, plan: HeadPlan, pooled: Stream, extra: Stream) -> Stream:
    """The further inputs behind the pooled features."""
    name, group = plan.name, pooled.group
    out, firsts, seconds = append(net, f"{name} whole", 1, plan.pool_words, plan.extra_words, group)
    beats = net.stream(f"{name} extra", 1, group)
    beats.after(extra, t.skid)
    extra.after(beats, t.back, lag=t.skid_words)
    first = net.stream(f"{name} first", pooled.count, group)  # words out of the register in front of the features
    first.after(out, 0, of=firsts)
    pooled.after(first, t.back, lag=t.skid_words)
    out.after(pooled, t.skid, at=firsts)
    if plan.extra_words == 1:
        out.after(extra, t.skid, at=seconds)
        beats.after(out, 0, of=seconds)
    else:
        out.after(beats, t.split, at=seconds[:1])
        beats.after(out, 0, of=seconds[-1:] - out.count)
    return out


def _dense(net: Network, t: Timing, plan: HeadPlan, layer: MatrixLayer, words: Stream) -> Stream:
    """``runtime_dense``."""
    queued = fifo(net, t, f"{plan.name} {layer.name}", words, t.word_queue)
    return mvu(net, t, queued, layer, plan.folding.layers[layer.name], frozen=False)
