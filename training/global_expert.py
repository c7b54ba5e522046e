# SPDX-License-Identifier: Apache-2.0
"""Step 1 of the paper's training (section 4.3): the global expert on generic data, then frozen.

The float network is trained first; the quantisation-aware network starts from its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from golden.data import CLASSES, LabelledImages, balanced_subset
from golden.torch_model import Network, Preset, build_float, quantise_from, to_pixels
from spec.errors import InputError
from spec.files import replacing
from spec.kinds import kind_named
from training.fit import FitConfig, fit, predict
from training.sampling import stratified_split

FLOAT = FitConfig(epochs=30, learning_rate=3e-3)
QUANTISED = FitConfig(epochs=8, learning_rate=1e-3, augmentation=0.7, averaging=0.99)

VALIDATION_FRACTION = 0.08
CALIBRATION_IMAGES = 2048


@dataclass(frozen=True)
class GlobalExpert:
    """A trained global expert: the float network, its quantised twin and the record of their training."""

    float_model: Network
    quantised_model: Network
    metrics: dict[str, Any]


def classes(preset: Preset) -> int:
    """How many of the classes of handwriting a network preset tells apart.

    Raises:
        InputError: it does not end with a dense layer of 2 to 62 features.
    """
    last = preset["layer"][-1]
    count = last.get("features")
    if kind_named(last["kind"]).image_only or count not in range(2, len(CLASSES) + 1):
        raise InputError(
            f"network preset '{preset['name']}': layer '{last['name']}' is the last, it must be dense with 2 to "
            f"{len(CLASSES)} features"
        )
    return count


def validation_split(train: LabelledImages) -> tuple[np.ndarray, np.ndarray]:
    """Indices (int64) of generic images to learn from, and of those that validate a GE and what is built on it.

    It is the same for every seed: what validated a GE must not teach its gate.
    """
    return stratified_split(train.labels, VALIDATION_FRACTION, seed=0)


def train_global_expert(
    preset: Preset,
    train: LabelledImages,
    float_config: FitConfig = FLOAT,
    quantised_config: FitConfig = QUANTISED,
    checkpoints: Path | None = None,
    resume: bool = False,
) -> GlobalExpert:
    """Train the float network, then the quantisation-aware one from its weights.

    A stratified part of ``train`` only validates: it chooses the epoch of both stages.

    Args:
        preset: a network preset as read from ``configs/networks``.
        checkpoints: directory for the checkpoints of both stages.
        resume: continue an interrupted run from there.
    """
    seed = float_config.seed
    rest, held_out = validation_split(train)
    learning, validation = train.select(rest), train.select(held_out)

    torch.manual_seed(seed)
    float_model = build_float(preset)
    path = checkpoints / "ge_float.pt" if checkpoints else None
    float_history = fit(float_model, learning, validation, float_config, path, resume, "GE float")

    sample = np.random.default_rng(seed).permutation(len(learning))[:CALIBRATION_IMAGES]
    quantised = quantise_from(preset, float_model, to_pixels(learning.images[sample]))
    path = checkpoints / "ge_quantised.pt" if checkpoints else None
    quantised_history = fit(quantised, learning, validation, quantised_config, path, resume, "GE quantised")
    metrics = {
        "data": train.name,
        "synthetic": train.synthetic,
        "seed": seed,
        "train_images": len(learning),
        "validation_images": len(validation),
        "float_epochs": float_history,
        "quantised_epochs": quantised_history,
    }
    return GlobalExpert(float_model, quantised, metrics)


def accuracy_on_test(model: nn.Module, test: LabelledImages, seed: int = 0) -> dict[str, float | int]:
    """Accuracy (0..1) on the class-balanced test set of the paper's section 4.1."""
    balanced = balanced_subset(test, seed)
    right = predict(model, balanced.images).argmax(1) == balanced.labels
    return {"accuracy": float(right.mean()), "images": len(balanced)}


def save_float_weights(model: Network, path: str | Path) -> None:
    """Store the float network's state dictionary as float16 arrays under their own names, atomically."""
    arrays = {name: value.numpy().astype(np.float16) for name, value in model.state_dict().items()}
    with replacing(Path(path)) as stream:
        np.savez_compressed(stream, **arrays)


def load_float_weights(preset: Preset, path: str | Path) -> Network:
    """The float network with weights stored by :func:`save_float_weights`, computing in float32.

    Raises:
        InputError: the file is missing, is no weight file, or does not fit the preset.
    """
    model = build_float(preset)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            state = {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays}
        model.load_state_dict(state)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file with float weights") from None
    except (ValueError, OSError, EOFError):
        raise InputError(f"{path}: not a file of float weights") from None
    except RuntimeError:
        raise InputError(f"{path}: its weights do not fit the network preset '{preset['name']}'") from None
    model.eval()
    return model
