# SPDX-License-Identifier: Apache-2.0
"""Files that the training steps hand over: the generic head, and experts with held-out logits."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from spec.errors import InputError
from spec.files import replacing
from spec.network import LayerWeights, Moe
from training.features import Samples
from training.local_expert import LocalExpert


def save_head(path: Path, moe: Moe, weights: LayerWeights) -> None:
    """Store a generic head: int8 weights (classes, n*n*C) and int16 biases, for one GE."""
    _save(path, moe, weight=weights.weight.astype(np.int8), bias=weights.bias.astype(np.int16))


def load_head(path: Path, moe: Moe) -> LayerWeights | None:
    """The stored head, or None when there is none for this GE, its inputs and shape.

    Raises:
        InputError: the file exists and cannot be read.
    """
    arrays = _load(path)
    if arrays is None or _inputs_of(arrays) != _inputs(moe):
        return None
    weights = LayerWeights(arrays["weight"].astype(np.int64), arrays["bias"].astype(np.int64))
    return weights if weights.weight.shape == (moe.le.outputs, moe.le.inputs) else None


def save_expert(path: Path, moe: Moe, expert: LocalExpert) -> None:
    """Store one user's expert for a later training of the gate."""
    _save(
        path,
        moe,
        weight=expert.weights.weight.astype(np.int8),
        bias=expert.weights.bias.astype(np.int16),
        held_out_logits=expert.held_out_logits,
        epochs=np.array(expert.epochs),
        validation=np.array(expert.validation),
    )


def load_expert(path: Path, moe: Moe, samples: Samples) -> LocalExpert:
    """One user's expert.

    Raises:
        InputError: there is none, or it belongs to another GE, to other inputs or to other training samples.
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
    return LocalExpert(
        LayerWeights(arrays["weight"].astype(np.int64), arrays["bias"].astype(np.int64)),
        arrays["held_out_logits"],
        int(arrays["epochs"]),
        float(arrays["validation"]),
    )


def _inputs(moe: Moe) -> tuple[str, str]:
    """What a local expert reads: the features of which GE, and how they are pooled."""
    return moe.network.digest(), moe.le_pool.layout()


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
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise InputError(f"{path}: not a readable weight file") from None
