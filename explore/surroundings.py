# SPDX-License-Identifier: Apache-2.0
"""What stands around the matrix layers: pools, queues, arg max, learners, and everything that is always on.

Each function counts what belongs to one layer or one place between two of them, so that a search can go from layer to
layer; :mod:`explore.parts` adds them up.
"""

from __future__ import annotations

from explore.memories import ASYNC, BLOCK, CHECKED, RAM, Memory
from explore.structure import Structure, bits_of, feature_register, skid, width_change
from hw.constants import constants
from hw.cycles.localparams import localparam
from hw.gen.kinds import rtl_kind
from spec.kinds.data import LayerFolding
from spec.kinds.matrix import MatrixLayer
from spec.kinds.pool import PoolLayer
from spec.network import Head, Moe
from spec.storage import STORE_FRAMES

AVERAGES, BOTH = 1, 2  # kinds of pooled_words, beside the maximum
REPLAYED = localparam("learn_pkg", "ReplaySlots")  # images of a replay ring
COUNTERS, COUNTER_BITS = 512, 64  # at most, of the totals of the activity counters, and again of what is read of them
MOVER_WORDS = localparam("weight_mover", "Places")  # that wait in a learner
STORE_OUT = localparam("feature_store", "OutDepth")  # words behind the feature store
REQUEST = sum(constants()[name] for name in ("LayerW", "BankW", "WriteAddrW")) + 2  # bits of a weight_read_t


def queue(found: Structure, bits: int, words: int) -> None:
    """A stream_fifo; of one word it is a register."""
    if words > 1:
        found.memories.append(Memory(bits, words, ASYNC))
    else:
        found.add({}, {"queue": bits})


def pool(found: Structure, layer: PoolLayer, lanes: int) -> None:
    """A pool that gets words of ``lanes`` values."""
    bits, words = layer.activation.bits, layer.in_shape.channels // lanes
    both = rtl_kind(layer).number == BOTH
    averages = both or rtl_kind(layer).number == AVERAGES
    depth = layer.in_shape.width // layer.size * words
    held = 2 if layer.size > 1 else 1  # of a complete window, and what is fetched of the next word's
    if not averages or both:
        found.add({"maximum": lanes * bits}, {"maximum": lanes * bits * held})
        if layer.size > 1:
            found.memories.append(Memory(lanes * bits, depth, ASYNC))
    if averages:
        wide = bits + 2 * (layer.size - 1).bit_length()
        found.add({"average": lanes * wide}, {"average": lanes * wide * held})
        if layer.size > 1:
            found.memories.append(Memory(lanes * wide, depth, ASYNC))
    if both:
        queue(found, lanes * bits, words)


def arg_max(found: Structure, lanes: int, bits: int) -> None:
    """A logit_arg_max of words of ``lanes`` logits."""
    width_change(found, bits, lanes, 1)
    found.add({"largest": bits}, {"largest": bits})


def features_apart(moe: Moe, lanes: int) -> bool:
    """Whether features come every other cycle at most; behind a layer with weights, which may, as if they did not."""
    tapped = moe.network.front_end[-1]
    return not tapped.weighted and tapped.words_apart(None, lanes)


def before_head(moe: Moe, part: Head, lanes: int, fold: LayerFolding, learning: bool) -> Structure:
    """In front of the first layer of a local expert or of the gate, which gets features of ``lanes`` values a word."""
    found = Structure()
    bits, first, simd = moe.network.feature_type.bits, part.layers[0], fold.simd
    feature_register(found, lanes * bits, features_apart(moe, lanes))
    found.add({}, {"request": REQUEST})
    pool(found, part.pool, lanes)
    pooled = part.pool.out_shape
    # Behind a hidden layer, confidences come when the next image's features are there already.
    ahead = int(part is moe.gate and bool(moe.le.hidden) and moe.confidence_shift is not None)
    queue(found, lanes * bits, (1 + ahead * pooled.height) * pooled.width * pooled.channels // lanes)
    width_change(found, bits, lanes, simd)
    skid(found, simd * bits)
    if extra := first.extra_inputs:
        skid(found, (extra + simd) * bits)
        width_change(found, bits, -(-extra // simd) * simd, simd)
    if learning:
        pieces = localparam("replay_ring", "Pieces", Lanes=simd)
        found.memories.append(Memory(simd * bits // pieces, REPLAYED * pooled.size // simd * pieces, CHECKED))
        found.add({"ring": simd * bits}, {"ring": simd * bits + 2 * simd * bits // pieces})
    return found


def between_layers(bits: int, units: int, lanes: int, simd: int) -> Structure:
    """Between a hidden layer of ``units``, which gives ``lanes`` at a time, and the output layer."""
    found = Structure()
    queue(found, lanes * bits, units // lanes)
    width_change(found, bits, lanes, simd)
    skid(found, simd * bits)
    return found


def behind_head(layer: MatrixLayer, fold: LayerFolding, local: bool) -> Structure:
    """Behind the output layer of a local expert, or of the gate."""
    found, bits = Structure(), layer.out_type.bits
    if local:
        arg_max(found, fold.pe, bits)
    else:
        width_change(found, bits, fold.pe, 1)
    return found


def learner(layer: MatrixLayer, fold: LayerFolding, hidden: bool) -> Structure:
    """What moves the weights of a layer; ``hidden``: it is one, and its units are compared."""
    found, moved = Structure(), fold.pe * fold.simd * layer.weight.bits
    words = layer.input_words(fold)
    found.memories.append(Memory(fold.simd * layer.input.bits, words, CHECKED))
    found.memories.append(Memory(1 + bits_of(words * layer.output_words(fold)) + moved, MOVER_WORDS, ASYNC))
    found.add({"mover": moved, "inputs": fold.simd, "learner": 1}, {"mover": moved, "learner": 1})
    if hidden:
        found.add({"units": layer.outputs}, {"units": layer.outputs})
    return found


def always_on(moe: Moe, lanes: int, learning: bool, whole: bool = True) -> Structure:
    """Streams, registers, queues, feature store, power control and counters; not ``whole``: without GE and gate."""
    found, word = Structure(), lanes * moe.network.feature_type.bits
    frame = moe.network.features.size // lanes
    if whole:
        found.memories += [Memory(word, STORE_FRAMES * frame, RAM), Memory(word, STORE_OUT, ASYNC)]
    consumers, apart = moe.local_experts + 2 * whole, features_apart(moe, lanes)
    feature_register(found, word + consumers, apart)
    for _ in range(2 * consumers):
        feature_register(found, word, apart)
    found.memories += 2 * [Memory(COUNTER_BITS, COUNTERS, BLOCK)]
    counted = sum(layer.weighted for layer in moe.network.front_end) + moe.local_experts * len(moe.le.layers)
    if whole:
        counted += sum(layer.weighted for layer in moe.network.tail) + len(moe.gate.layers)
    counts = {"word": word, "counted": counted, "aon": 1, "lessons": int(learning), "experts": moe.local_experts - 1}
    counts["whole"] = int(whole)
    found.add(counts, counts)
    return found
