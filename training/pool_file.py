# SPDX-License-Identifier: Apache-2.0
"""The file of a pool of experts: integer weights, for which global expert, and how it was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from spec.errors import InputError
from spec.files import UNREADABLE, named_by_user, replacing
from spec.network import LayerWeights, Moe
from training.pool import Pool, check_moe


def pool_file(directory: Path, preset: str) -> Path:
    """Where the pool of a gate preset is kept."""
    return directory / f"pool_{preset}.npz"


def local_expert_text(moe: Moe) -> str:
    """Names the features that a local expert reads and its layers: pools for other ones do not fit."""
    return "\n".join([moe.le.pool.layout(), *(layer.fingerprint() for layer in moe.le.layers)])


def save_pool(path: Path, moe: Moe, pool: Pool, record: dict[str, Any]) -> None:
    """Write a pool, atomically.

    Args:
        record: how it was made; anything that JSON can hold.

    Raises:
        InputError: the file cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    for layer, one in zip(moe.le.hidden, pool.library, strict=True):
        arrays |= _arrays(layer.name, one)
    for name, one in pool.experts.items():
        arrays |= _arrays(f"expert.{name}", one) | {f"expert.{name}.classes": pool.groups[name].astype(np.uint8)}
    about = {
        "network_digest": moe.network.digest(),
        "local_expert": local_expert_text(moe),
        "groups": json.dumps(list(pool.experts)),
        "record": json.dumps(record, sort_keys=True),
    }
    with named_by_user(path), replacing(path) as stream:
        np.savez_compressed(stream, **{name: np.array(text) for name, text in about.items()}, **arrays)


def load_pool(path: Path, moe: Moe) -> tuple[Pool, dict[str, Any]]:
    """A pool and the record of how it was made.

    Raises:
        InputError: there is no such file, it cannot be read, or it is for another accelerator.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no pool of experts; make one with scripts/pool.py --train --out FILE")
    try:
        with np.load(path, allow_pickle=False) as stored:
            _check_origin(path, moe, str(stored["network_digest"]), str(stored["local_expert"]))
            names = json.loads(str(stored["groups"]))
            library = tuple(_weights(stored, layer.name) for layer in moe.le.hidden)
            groups = {name: stored[f"expert.{name}.classes"].astype(np.int64) for name in names}
            pool = Pool(library, groups, {name: _weights(stored, f"expert.{name}") for name in names})
            record = json.loads(str(stored["record"]))
    except InputError:
        raise
    except UNREADABLE:
        raise InputError(f"{path}: not a readable pool of experts") from None
    check_moe(moe, pool.groups)
    return pool, record


def _check_origin(path: Path, moe: Moe, network: str, local_expert: str) -> None:
    if network != moe.network.digest():
        raise InputError(
            f"{path}: made for the global expert {network[:12]}, not {moe.network.digest()[:12]}; "
            "make another with scripts/pool.py --train --out FILE"
        )
    if local_expert != local_expert_text(moe):
        raise InputError(f"{path}: made for local experts of other layers than those of gate preset '{moe.preset}'")


def _arrays(name: str, weights: LayerWeights) -> dict[str, np.ndarray]:
    return {f"{name}.weight": weights.weight.astype(np.int8), f"{name}.bias": weights.bias.astype(np.int16)}


def _weights(stored: np.lib.npyio.NpzFile, name: str) -> LayerWeights:
    return LayerWeights(stored[f"{name}.weight"].astype(np.int64), stored[f"{name}.bias"].astype(np.int64))
