# SPDX-License-Identifier: Apache-2.0
"""Modules that compute: matrix-vector unit, adder graph, arg max."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hw.cycles.engine import Network, Stream
from hw.cycles.localparams import localparam
from hw.cycles.registers import skid, width
from hw.cycles.timing import Timing
from hw.gen.kinds.matrix import MULTIPLIER
from spec.kinds.data import LayerFolding
from spec.kinds.matrix import MatrixLayer


@dataclass(frozen=True)
class OutputQueue:
    """What stands behind an ``mvu``.

    Attributes:
        reached: cycles from a step to its result at the queue.
        words: that it holds.
        chain: it is a ``stream_chain``.
    """

    reached: int
    words: int
    chain: bool


def far(folding: LayerFolding, frozen: bool) -> bool:
    """The parameter Far of an ``mvu``, as ``rom_mvu`` and ``runtime_dense`` have it."""
    return frozen and not folding.lut


@cache
def output_queue(layer: MatrixLayer, folding: LayerFolding, apart: bool) -> OutputQueue:
    """The output queue of an ``mvu``, as its localparams say; ``apart`` is its parameter Far."""
    parameters = {
        "InWords": layer.input_words(folding), "OutWords": layer.output_words(folding), "Pe": folding.pe,
        "Simd": folding.simd, "ActW": layer.input.bits, "Requant": int(layer.output is not None),
        "AccW": layer.accumulator.bits, "OutW": layer.out_type.bits, "Multiplier": MULTIPLIER[folding.multiplier],
        "Far": int(apart),
    }  # fmt: skip
    reached, words, chain = (localparam("mvu", name, **parameters) for name in ("ToQueue", "OutDepth", "Chain"))
    return OutputQueue(reached, words, bool(chain))


def mvu(
    net: Network, t: Timing, source: Stream, layer: MatrixLayer, folding: LayerFolding, frozen: bool = True
) -> Stream:
    """``mvu``: a word is held while all folds go by; the steps of a vector's last word need room in the output queue.

    ``source`` comes out of a register or a queue, and nothing else holds it up.
    """
    words, folds = layer.input_words(folding), layer.output_words(folding)
    queue = output_queue(layer, folding, far(folding, frozen))
    vectors = source.count // words
    last_words = range(words - 1, source.count, words)
    steps = net.stream(f"{layer.name} steps", vectors * folds, source.group)  # of last words
    firsts, lasts = range(0, steps.count, folds), range(folds - 1, steps.count, folds)
    offering, delay = source.offered
    steps.after(offering, delay, at=firsts, of=last_words)
    steps.after(source, 1, at=firsts, of=last_words, lag=1)
    for relation in source.relations:
        relation.delay += folds - 1
    source.spacing = folds
    source.after(steps, 0, at=last_words, of=lasts)
    out = net.stream(f"{layer.name} out", steps.count, source.group, t.chain if queue.chain else 1)
    out.after(steps, queue.reached + (queue.words if queue.chain else t.fifo))
    steps.after(out, t.back, lag=queue.words)
    return out


def pipeline(net: Network, t: Timing, name: str, source: Stream, stages: int) -> Stream:
    """``pipeline_stream`` around an adder graph."""
    out = net.stream(name, source.count, source.group)
    out.after(source, stages + t.graph)
    source.after(out, t.back, lag=localparam("pipeline_stream", "Depth", Stages=stages))
    return out


def arg_max(net: Network, t: Timing, name: str, source: Stream, count: int, latency: int) -> Stream:
    """``arg_max``, and ``gate_decide``, which is alike: the last of ``count`` words waits for the answer before."""
    out = net.stream(name, source.count // count, source.group)
    lasts = range(count - 1, source.count, count)
    out.after(source, latency, of=lasts)
    out.offered = (source, latency)
    source.after(out, t.back, at=lasts, lag=1)
    return out


def logit_arg_max(net: Network, t: Timing, name: str, source: Stream, lanes: int, bits: int, count: int) -> Stream:
    """``logit_arg_max``: logits of ``bits`` come ``lanes`` a word."""
    apart = lanes * bits >= localparam("logit_arg_max", "WideW")
    logits = width(net, t, f"{name} logits", source, lanes, 1, apart)
    return arg_max(net, t, f"{name} class", skid(net, t, f"{name} logit", logits), count, t.arg_max)
