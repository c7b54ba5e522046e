# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: written atomically, refused when they belong to another run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from spec.errors import InputError
from spec.files import replacing


def save_checkpoint(path: Path, run: dict[str, Any], state: dict[str, Any]) -> None:
    """Write ``state`` so that a kill at any moment leaves either the old or the new checkpoint.

    Args:
        run: what identifies the run (seed, epochs, data, ...): plain JSON-like values.
        state: state dictionaries and plain values.
    """
    with replacing(path) as stream:
        torch.save({"run": run, "state": state}, stream)
        stream.flush()
        os.fsync(stream.fileno())


def load_checkpoint(path: Path, run: dict[str, Any]) -> dict[str, Any] | None:
    """The saved state, or None when there is no checkpoint yet.

    Raises:
        InputError: the file is damaged, or belongs to a run with other settings.
    """
    if not path.exists():
        return None
    try:
        content = torch.load(path, weights_only=True)
        saved, state = content["run"], content["state"]
    except (RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError):
        raise InputError(f"{path}: not a usable checkpoint; delete it to start again") from None
    different = sorted(key for key in saved.keys() | run.keys() if saved.get(key) != run.get(key))
    if different:
        key = different[0]
        raise InputError(
            f"{path}: made with {key} = {saved.get(key)}, this run has {key} = {run.get(key)}; "
            "repeat the old settings or delete the checkpoint"
        )
    return state
