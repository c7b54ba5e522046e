# SPDX-License-Identifier: Apache-2.0
"""Cycles that a word takes through each module of ``hw/rtl``, and how many words each holds.

A latency is what the module's header says. Numbers that stand in the RTL by name are read there
(:mod:`hw.cycles.localparams`), those of ``mvu``, ``pipeline_stream`` and ``replay_ring`` for each instance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hw.constants import constants
from hw.cycles.localparams import connected, localparam


@dataclass(frozen=True)
class Timing:
    """Cycles, or words where it says so."""

    reset: int = 2  # moe_core: from the first cycle without reset to the first in which an image may begin
    accept: int = 1  # image_ingress: from an image's descriptor to its first pixel
    idle: int = 1  # ... from the last pixel of an image to the next one's descriptor
    returned: int = 2  # images_in_flight: from a result to room for one more image
    skid: int = 1  # stream_skid
    fifo: int = 1  # stream_fifo
    back: int = 1  # from a word that leaves a queue to its free place, where ready is a register
    split: int = 1  # stream_width, wide to narrow
    gather: int = 1  # stream_width, narrow to wide
    apart: int = 1  # ... between two words that are split, with Apart
    load: int = 1  # ... from a word that is offered to its being taken, with Apart; max_pool, too
    chain: int = 2  # stream_chain: between two words
    pool: int = 1  # max_pool, average_pool
    window: int = 1  # window_parallel
    rows: int = 1  # sliding_window: from a row that is complete to the read that it allows
    read: int = 1  # ... from a read to its word
    freed: int = 1  # ... from the read that frees a row to the word that may be written
    graph: int = 1  # pipeline_stream: beside its stages
    arg_max: int = 2
    decide: int = 2  # gate_decide
    stored: int = 1  # feature_store: from a word that is written to its being read
    look: int = 1  # ... from the look at an image's tag to its first word
    sent: int = 3  # ... from a word that is read to its being offered
    moves: int = 2  # mvu: from a step to its domain's moving, as it says
    seen: int = 2  # moe_core: from there until the manager knows
    synchronised: int = 2  # moe_accelerator: registers behind the acknowledge of a switch
    answer: int = 1  # answer_queue, and the queue of the GE's answers
    complete: int = 1  # expert_mux: from the last item to the result's being formed
    result: int = 1  # ... and to its being offered
    skid_words: int = 2
    word_queue: int = 2  # words in front of a run-time layer
    in_flight: int = field(default_factory=lambda: constants()["InFlight"])  # images
    frames: int = field(default_factory=lambda: connected("ge_branch", "Frames"))  # images in feature_store
    sent_words: int = field(default_factory=lambda: localparam("feature_store", "OutDepth"))
