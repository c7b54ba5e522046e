# SPDX-License-Identifier: Apache-2.0
"""What goes into the tops of :mod:`hls.tops` and what must come out, from the integer model and real banks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.integer_model import MoeModel, confidence, gate_decision, pool
from hls.csim import write_words
from hls.kinds import hls_kind
from hls.tops import CLASS_BITS, COMMAND_BITS, EXPERT_BITS, layer_tops
from hw.gen.memory import LAYER_NUMBERS
from spec.bank import Bank
from spec.network import Head, Mode, name_in_bank
from spec.presets import Accelerator

_END = np.uint64(1 << 62)
_BANK = np.uint64(52)
_LAYER = np.uint64(56)


@dataclass(frozen=True)
class TopVectors:
    """Words of the streams of one top for some images, each uint8 (words, bytes of a word), little endian."""

    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    registers: tuple[int, ...] = ()


def words(values: np.ndarray, lanes: int, bits: int) -> np.ndarray:
    """Values of any shape as words of ``lanes`` values of ``bits`` bits, lane 0 lowest: uint8 (words, bytes)."""
    flat = np.ascontiguousarray(values).astype(np.int64).reshape(-1, lanes)
    single = (flat[:, :, None] >> np.arange(bits)) & 1
    return np.packbits(single.astype(np.uint8).reshape(len(flat), lanes * bits), axis=1, bitorder="little")


def _commands(words_of: np.ndarray, layer: int, banks: np.ndarray) -> np.ndarray:
    """The layer's writes, then the marker of each image: uint8 (commands, 8)."""
    mine = words_of[(words_of >> _LAYER) & np.uint64(31) == layer]
    markers = _END | (banks.astype(np.uint64) << _BANK)
    return np.concatenate([mine, markers]).astype("<u8").view(np.uint8).reshape(-1, COMMAND_BITS // 8)


def top_vectors(accelerator: Accelerator, banks: list[Bank], images: np.ndarray, theta: int) -> dict[str, TopVectors]:
    """Vectors of every top.

    Args:
        accelerator: its first local expert is meant.
        banks: all are loaded, as bank 0, 1, ...; images take them in turn.
        images: uint8 (N, H, W) or (N, H, W, C).
        theta: the gate's threshold.
    """
    moe, folding = accelerator.moe, accelerator.folding
    turns = np.arange(len(images)) % len(banks)
    model = MoeModel(moe)
    runs = [model.run(images, Mode.MOE_PARALLEL, bank, theta, keep_layers=True).layers for bank in banks]
    layers = {name: np.stack([run[name] for run in runs])[turns, np.arange(len(images))] for name in runs[0]}
    bits, lanes = moe.network.feature_type.bits, folding.streams(moe).features
    writes = np.concatenate([write_words(accelerator, bank, number) for number, bank in enumerate(banks)])
    features = layers[moe.network.tap]
    result: dict[str, TopVectors] = {}

    def head_vectors(prefix: str, head: Head, rename, extra: list[np.ndarray]) -> None:
        beats = {"in": words(features, lanes, bits), "out": words(layers[head.pool.name], lanes, bits)}
        beats |= {name: beats["in"] for name in ("to_max", "to_average")}
        for name, half in (("maxima", "maximum"), ("averages", "average")):
            if hasattr(head.pool, half):
                beats[name] = words(pool(features, getattr(head.pool, half)), lanes, bits)
        for process in hls_kind(head.pool).processes():
            streams = [{name: beats[name] for name in names} for names in (process.inputs, process.outputs)]
            result[f"{prefix}_pool{process.suffix}"] = TopVectors(*streams)
        values, width = layers[head.pool.name], lanes
        for layer in head.layers:
            fold = folding.layers[layer.name]
            before = words(values, width, layer.input.bits)
            flat = values.reshape(len(images), -1)
            if layer.extra_inputs:
                flat = np.concatenate([flat, *extra], 1)
                flat = np.pad(flat, ((0, 0), (0, layer.input_words(fold) * fold.simd - flat.shape[1])))
            vector = words(flat, fold.simd, layer.input.bits)
            regroup = {"in": before}
            if layer.extra_inputs:
                regroup |= {f"confidence{e}": words(c, 2, bits) for e, c in enumerate(extra)}
            result[f"{layer.name}_words"] = TopVectors(regroup, {"out": vector})
            values, width = layers[rename(layer.name)], fold.pe
            commands = _commands(writes, LAYER_NUMBERS[rename(layer.name)], turns)
            out = {"out": words(values, width, layer.out_type.bits)}
            result[layer.name] = TopVectors({"commands": commands, "in": vector}, out)

    head_vectors("le", moe.le, lambda name: name_in_bank(name, 0), [])
    logits = layers[name_in_bank(moe.le.out.name, 0)]
    outputs = {"answer": words(logits.argmax(1), 1, CLASS_BITS)}
    extra = []
    if moe.confidence_shift is not None:
        everyone = (layers[name_in_bank(moe.le.out.name, e)] for e in range(moe.local_experts))
        extra = [confidence(values, moe.confidence_shift, bits) for values in everyone]
        outputs["confidence"] = words(extra[0], 2, bits)
    out = moe.le.out
    given = {"in": words(logits, folding.layers[out.name].pe, out.out_type.bits)}
    result["le_answer"] = TopVectors(given, outputs)
    head_vectors("gate", moe.gate, lambda name: name, extra)
    out = moe.gate.out
    logits = layers[out.name]
    decision = words(gate_decision(logits, theta), 1, EXPERT_BITS)
    given = {"in": words(logits, folding.layers[out.name].pe, out.out_type.bits)}
    result["gate_decide"] = TopVectors(given, {"decision": decision}, (theta,))
    return {top.name: result[top.name] for top in layer_tops(accelerator)}
