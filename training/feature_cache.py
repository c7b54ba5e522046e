# SPDX-License-Identifier: Apache-2.0
"""Features of generic data, computed once by the integer model and kept in a file for every later user.

The file's name is a digest of all that the features depend on, so a stale file is never read.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path

import numpy as np

from golden.data import LabelledImages
from spec.files import UNREADABLE, replacing
from spec.network import Moe
from training.features import Copies, Samples
from training.fit import fingerprint
from training.gate import GenericData
from training.personalize import POOL_PER_CLASS, generic_data

RECIPE = 3  # to be raised when the features of the same images change


def cached_generic_data(moe: Moe, train: LabelledImages, copies: Copies, seed: int, directory: Path) -> GenericData:
    """As :func:`training.personalize.generic_data`, from ``directory`` when it was computed before.

    A file that cannot be read is computed again.
    """
    pools = (moe.le.pool.layout(), moe.gate.pool.layout())
    key = f"{RECIPE} {moe.network.digest()} {pools} {fingerprint(train)} {copies.once()} {seed} {POOL_PER_CLASS}"
    path = directory / f"features-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            return GenericData(_samples(stored, "learning"), _samples(stored, "validation"), stored["validation_ge"])
    except UNREADABLE:
        pass
    data = generic_data(moe, train, copies, seed)
    arrays = {f"{part}.{f.name}": getattr(getattr(data, part), f.name) for part in _PARTS for f in fields(Samples)}
    with replacing(path) as stream:
        np.savez(stream, validation_ge=data.validation_ge, **arrays)
    return data


_PARTS = ("learning", "validation")


def _samples(stored: np.lib.npyio.NpzFile, part: str) -> Samples:
    return Samples(**{f.name: stored[f"{part}.{f.name}"] for f in fields(Samples)})
