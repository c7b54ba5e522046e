# SPDX-License-Identifier: Apache-2.0
"""Files that the training steps hand over: the generic head, and experts with held-out logits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spec.errors import InputError
from spec.files import UNREADABLE, replacing
from spec.network import LayerWeights, Moe
from training.features import Samples
from training.local_expert import LocalExpert


def head_file(directory: Path, preset: str) -> Path:
    """Where the generic head of a gate preset is kept: heads of several presets have several shapes."""
    return directory / f"le_generic_{preset}.npz"


def save_head(path: Path, moe: Moe, weights: Sequence[LayerWeights]) -> None:
    """Store a generic or factory head: of each layer int8 weights (outputs, inputs) and int16 biases, for one GE."""
    _save(path, moe, **_arrays(moe, weights))


def load_head(path: Path, moe: Moe) -> tuple[LayerWeights, ...] | None:
    """The stored head, or None when there is none for this GE, its inputs and shape.

    Raises:
        InputError: the file exists and cannot be read.
    """
    arrays = _load(path)
    if arrays is None or _inputs_of(arrays) != _inputs(moe):
        return None
    try:
        return _weights(moe, arrays)
    except KeyError:
        return None


def save_expert(path: Path, moe: Moe, expert: LocalExpert) -> None:
    """Store one user's expert for a later training of the gate."""
    _save(
        path,
        moe,
        **_arrays(moe, expert.weights),
        held_out_logits=expert.held_out_logits,
        epochs=np.array(expert.epochs),
        validation=np.array(expert.validation),
    )


def load_expert(path: Path, moe: Moe, samples: Samples) -> LocalExpert:
    """One user's expert.

    Raises:
        InputError: there is none, or it has other layers, or it belongs to another GE, to other inputs or to other
            training samples.
    """
    arrays = _load(path)
    if arrays is None:
        raise InputError(f"{path}: there is no trained local expert; run the step le first")
    if _inputs_of(arrays)[0] != moe.network.digest():
        raise InputError(f"{path}: this local expert was trained on another global expert; run the step le again")
    if _inputs_of(arrays) != _inputs(moe):
        raise InputError(f"{path}: this local expert was trained on features pooled otherwise; run the step le again")
    if len(arrays["held_out_logits"]) != len(samples):
        found = len(arrays["held_out_logits"])
        raise InputError(f"{path}: trained on {found} samples, there are {len(samples)} now; run the step le again")
    try:
        weights = _weights(moe, arrays)
    except KeyError:
        raise InputError(f"{path}: this local expert has other layers; run the step le again") from None
    return LocalExpert(
        weights,
        arrays["held_out_logits"],
        int(arrays["epochs"]),
        float(arrays["validation"]),
    )


def _arrays(moe: Moe, weights: Sequence[LayerWeights]) -> dict[str, np.ndarray]:
    found = {}
    for layer, one in zip(moe.le.layers, weights, strict=True):
        found[f"{layer.name}.weight"] = one.weight.astype(np.int8)
        found[f"{layer.name}.bias"] = one.bias.astype(np.int16)
    return found


def _weights(moe: Moe, arrays: dict[str, np.ndarray]) -> tuple[LayerWeights, ...]:
    """The local expert's layers.

    Raises:
        KeyError: they are other ones.
    """
    found = []
    for layer in moe.le.layers:
        weight, bias = arrays[f"{layer.name}.weight"], arrays[f"{layer.name}.bias"]
        if weight.shape != (layer.outputs, layer.inputs):
            raise KeyError(layer.name)
        found.append(LayerWeights(weight.astype(np.int64), bias.astype(np.int64)))
    return tuple(found)


def _inputs(moe: Moe) -> tuple[str, str]:
    """What a local expert reads: the features of which GE, and how they are pooled."""
    return moe.network.digest(), moe.le.pool.layout()


def _inputs_of(arrays: dict[str, np.ndarray]) -> tuple[str, str]:
    return str(arrays["network_digest"]), str(arrays["pool"])


def _save(path: Path, moe: Moe, **arrays: np.ndarray) -> None:
    network, pool = _inputs(moe)
    with replacing(path) as stream:
        np.savez_compressed(stream, network_digest=np.array(network), pool=np.array(pool), **arrays)


def _load(path: Path) -> dict[str, np.ndarray] | None:
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored}
            _inputs_of(arrays)
            return arrays
    except UNREADABLE:
        raise InputError(f"{path}: not a readable weight file") from None
