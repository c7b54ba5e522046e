# SPDX-License-Identifier: Apache-2.0
"""``moe_core`` as a network of streams: see there and docs/architecture.md for what each part is for.

Left out is what nobody ever waits for: an image's descriptor is at the router and at the mux, its length status at the
mux, and its tag in every queue of tags but the store's, before a word of it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from hw.cycles.engine import Network, Stream
from hw.cycles.head import HeadPlan, head
from hw.cycles.kinds import cycle_kind
from hw.cycles.registers import feature, skid
from hw.cycles.timing import Timing
from hw.cycles.units import arg_max, logit_arg_max
from spec.kinds.layer import Layer
from spec.presets import Accelerator

ALL = "all"  # groups of images: every one,
STORE = "store"  # ... whose features go to the GE's store,
GE = "ge"  # ... and on to the GE,
GATE = "gate"  # ... about which the gate decides,
GATED = "gated"  # ... and the store waits for that,
CONFIDENCE = "confidence"  # ... from the local experts' confidences


def local(expert: int) -> str:
    """Group of the images that a local expert computes."""
    return f"le{expert}"


@dataclass
class Core:
    """The streams of a device that are fed, or looked at; those of a GE that is not there are None."""

    net: Network
    descriptor: Stream
    pixels: Stream
    first_pixel: Stream
    results: Stream
    offered: Stream | None = None  # the first word that the store offers to the GE
    opened: Stream | None = None  # ... and when it is awake for it
    moved: Stream | None = None  # the last step of the GE's last layer
    classes: Stream | None = None  # what the GE answers


class _Builder:
    def __init__(self, accelerator: Accelerator, timing: Timing) -> None:
        self.accelerator, self.t, self.net = accelerator, timing, Network()
        self.moe, self.folding = accelerator.moe, accelerator.folding
        self.streams = self.folding.streams(self.moe)
        tapped = self.moe.network.front_end[-1]
        self.apart = self.folding.words_apart(tapped, self.streams.into[tapped.name])
        self.frame_words = self.moe.network.features.size // self.streams.features

    def feature(self, name: str, source: Stream) -> Stream:
        return feature(self.net, self.t, name, source, self.apart)

    def skid(self, name: str, source: Stream) -> Stream:
        return skid(self.net, self.t, name, source)

    def event(self, name: str, group: str = ALL) -> Stream:
        return self.net.stream(name, 1, group)

    def chain(self, layers: tuple[Layer, ...], words: Stream) -> Stream:
        apart = False
        for layer in layers:
            fold, weights = self.folding.layers.get(layer.name), self.moe.network.weights.get(layer.name)
            lanes = self.streams.into[layer.name]
            if apart:
                cycle_kind(layer).behind_words_apart(self.t, words)
            apart = self.folding.words_apart(layer, lanes)
            words = cycle_kind(layer).stream(self.net, self.t, words, layer, fold, lanes, weights)
        return words

    def build(self) -> Core:
        net, t = self.net, self.t
        # Ingress: a descriptor, then the pixels.
        descriptor = self.event("descriptor")
        pixels = net.stream("pixels", self.moe.network.in_shape.size, ALL)
        descriptor.after(pixels, t.idle, of=range(-1, 0))
        pixels.after(descriptor, t.accept, at=range(1))
        first_pixel = self.event("first pixel")
        first_pixel.after(pixels, 0, of=range(1))
        features = self.chain(self.moe.network.front_end, self.skid("pixel", pixels))
        features = self.feature("leaving", features)
        forked = self.feature("forked", features)
        # Mux.
        complete, formed = self.event("complete"), self.event("formed")
        complete.after(formed, t.back, lag=1)
        formed.after(complete, t.complete)
        results = self.event("results")
        results.after(formed, t.result)
        formed.after(results, t.back, lag=1)
        descriptor.after(formed, t.returned, lag=t.in_flight)
        # Experts and gate.
        confidences = self._local_experts(forked, complete)
        core = Core(net, descriptor, pixels, first_pixel, results)
        if self.folding.local_only:
            return core
        decided = self.event("decided", GATE)  # offered: in this cycle the mux's queue takes it
        core.offered, core.opened, core.classes = self._global_expert(forked, decided)
        complete.after(core.classes, t.answer)
        self._gate(forked, decided, confidences)
        complete.after(decided, t.answer)
        core.moved = self.event("moved", GE)
        steps = self._steps(self.moe.network.layers[-1])
        core.moved.after(steps, t.moves, of=range(steps.count - 1, steps.count))
        return core

    def _steps(self, layer: Layer) -> Stream:
        """The steps of a matrix layer's last words."""
        return next(s for s in self.net.streams if s.name == f"{layer.name} steps")

    def _consumer(self, forked: Stream, group: str) -> Stream:
        """The words of one output of the router, as they enter a branch."""
        source, delay = forked.offered
        offered = self.net.stream(f"{group} offered", forked.count, group)
        offered.after(source, delay)
        offered.after(forked, 1, lag=1)
        forked.after(offered, 0)
        return self.feature(f"{group} routed", self.feature(f"{group} near", offered))

    def _global_expert(self, forked: Stream, decided: Stream) -> tuple[Stream, Stream, Stream]:
        """``ge_branch``: when the store offers an image, when the GE is awake for it, and answers."""
        net, t = self.net, self.t
        written = self._consumer(forked, STORE)
        words = self.frame_words
        look = self.event("look", STORE)
        look.after(decided, 0, group=GATED)
        read = net.stream("store read", words, STORE)  # or dropped
        look.after(read, 1, of=range(-1, 0))
        read.after(look, t.look, at=range(1))
        read.after(written, t.stored)
        written.after(read, t.back, lag=t.frames * words)
        stored = net.stream("stored", words, GE)
        stored.after(read, t.sent)
        read.after(stored, t.back, lag=t.sent_words)
        offered, opened = self.event("offered", GE), self.event("opened", GE)
        offered.after(read, t.sent, of=range(1))
        offered.after(stored, 1, of=range(-1, 0))
        opened.after(offered, 0)
        stored.after(opened, 0, at=range(1))
        self.look = look
        logits = self.chain(self.moe.network.tail, stored)
        last = self.moe.network.layers[-1]
        lanes = self.streams.after[last.name]
        return offered, opened, logit_arg_max(net, t, "ge", logits, lanes, last.out_type.bits, last.outputs)

    def _local_experts(self, forked: Stream, complete: Stream) -> Stream:
        """``le_branch`` of each: the confidences, as they leave all of them together."""
        net, t = self.net, self.t
        taken = self.event("confidences", CONFIDENCE)
        for i in range(self.moe.local_experts):
            group = local(i)
            plan = HeadPlan(group, self.moe.le, self.folding, self.streams.features, self.apart)
            logits = head(net, t, plan, self._consumer(forked, group), None)
            out = self.moe.le.out
            found = logit_arg_max(net, t, group, logits, 1, out.out_type.bits, out.outputs)
            answered, gone = self.event(f"{group} answered", group), self.event(f"{group} gone", group)
            answered.after(found, t.skid)
            answered.after(gone, 1, lag=1)
            gone.after(answered, 0)
            gone.after(taken, 0)
            found.after(gone, t.back, lag=t.skid_words)
            complete.after(answered, t.answer)
            taken.after(answered, 0)
        return taken

    def _gate(self, forked: Stream, decided: Stream, taken: Stream) -> None:
        """``gn_branch``: fills in when the gate's decisions are there."""
        net, t, moe = self.net, self.t, self.moe
        extra = None
        if moe.confidence_shift is not None:
            extra = self.event("gate confidences", CONFIDENCE)
            extra.after(taken, t.skid)
            taken.after(extra, t.back, lag=t.skid_words)
        ahead = int(bool(moe.le.hidden) and moe.confidence_shift is not None)
        plan = HeadPlan(GATE, moe.gate, self.folding, self.streams.features, self.apart, ahead)
        logits = head(net, t, plan, self._consumer(forked, GATE), extra)
        decision = arg_max(net, t, "decision", logits, moe.gate.out.outputs, t.decide)
        decision.after(decided, 0)
        decision.after(self.look, 0, group=GATED)
        decided.after(logits, t.decide, of=range(logits.count - 1, logits.count))
        decided.after(decision, 1, lag=1)


def build(accelerator: Accelerator, timing: Timing) -> Core:
    """The streams of an accelerator."""
    return _Builder(accelerator, timing).build()
