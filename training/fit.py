# SPDX-License-Identifier: Apache-2.0
"""The global expert's training loop: class-balanced epochs, validation picks one, resumes after a kill."""

from __future__ import annotations

import copy
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from golden.data import LabelledImages
from golden.torch_model import to_pixels
from spec.progress import Bar, progress_bar
from training.augment import random_affine
from training.checkpoint import load_checkpoint, save_checkpoint
from training.sampling import balanced_draw
from training.shares import balanced_share


@dataclass(frozen=True)
class FitConfig:
    """Settings of one training stage.

    ``per_class`` images of each class make an epoch; the learning rate rises and falls once over all epochs
    (one-cycle schedule, ``learning_rate`` at its peak); ``augmentation`` is the strength of
    :func:`training.augment.random_affine`. What validates and is kept is an exponential moving
    average of the weights, of which each step keeps the share ``averaging`` (0: the weights themselves).
    """

    epochs: int
    learning_rate: float
    per_class: int = 500
    batch: int = 256
    weight_decay: float = 1e-2
    label_smoothing: float = 0.1
    augmentation: float = 1.0
    averaging: float = 0.998
    seed: int = 0


def logits_of(output: Any) -> Tensor:
    """The plain tensor (N, classes) in a network's output, quantised or not."""
    return getattr(output, "value", output)


def predict(model: nn.Module, images: np.ndarray, batch: int = 500) -> np.ndarray:
    """Float32 logits (N, classes) of uint8 images (N, 28, 28), in evaluation mode."""
    model.eval()
    with torch.no_grad():
        parts = [logits_of(model(to_pixels(images[i : i + batch]))) for i in range(0, len(images), batch)]
    return torch.cat(parts).numpy()


def balanced_accuracy(predictions: np.ndarray, labels: np.ndarray) -> float:
    """Mean over classes of the share of right predictions: what a class-balanced set would measure, 0..1."""
    return balanced_share(predictions == labels, labels)


def fit(
    model: nn.Module,
    train: LabelledImages,
    validation: LabelledImages,
    config: FitConfig,
    checkpoint: Path | None = None,
    resume: bool = False,
    stage: str = "fit",
) -> list[dict[str, float]]:
    """Train in place; the model ends with the weights of the epoch that validated best.

    Every random draw is a function of (seed, epoch), so a resumed run is bit-identical to an uninterrupted
    one.

    Args:
        checkpoint: file that is rewritten after every epoch; None keeps nothing.
        resume: continue from the checkpoint if there is one; otherwise an old one is overwritten.
        stage: name on the progress bar.

    Returns:
        One record per epoch: epoch, loss, validation (balanced accuracy, 0..1) and seconds.

    Raises:
        InputError: the checkpoint is damaged or belongs to a run with other settings or data.
    """
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]  # biases and quantiser scales
    groups = [{"params": decayed}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
    batches = -(-config.per_class * len(np.unique(train.labels)) // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.epochs * batches, pct_start=0.15
    )
    run = {
        "stage": stage,
        **asdict(config),
        "train": fingerprint(train),
        "validation": fingerprint(validation),
    }
    history: list[dict[str, float]] = []
    average = copy.deepcopy(model.state_dict())
    best = average
    saved = load_checkpoint(checkpoint, run) if checkpoint is not None and resume else None
    if saved is not None:
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        average, best, history = saved["average"], saved["best"], saved["history"]

    bar = progress_bar(total=config.epochs * batches, initial=len(history) * batches, description=stage, unit="batch")
    for epoch in range(len(history), config.epochs):
        started = time.monotonic()
        loss = _train_epoch(model, train, config, epoch, optimiser, schedule, average, bar)
        current = copy.deepcopy(model.state_dict())
        model.load_state_dict(average)
        accuracy = balanced_accuracy(predict(model, validation.images).argmax(1), validation.labels)
        model.load_state_dict(current)
        if accuracy > max((record["validation"] for record in history), default=-1.0):
            best = copy.deepcopy(average)
        seconds = time.monotonic() - started
        history.append({"epoch": epoch + 1, "loss": loss, "validation": accuracy, "seconds": round(seconds, 1)})
        bar.set_postfix(loss=f"{loss:.3f}", validation=f"{accuracy:.2%}")
        if checkpoint is not None:
            state = {
                "model": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
                "average": average,
                "best": best,
                "history": history,
            }
            save_checkpoint(checkpoint, run, state)
    bar.close()
    model.load_state_dict(best)
    model.eval()
    return history


def _train_epoch(
    model: nn.Module,
    train: LabelledImages,
    config: FitConfig,
    epoch: int,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    average: dict[str, Tensor],
    bar: Bar,
) -> float:
    """One pass over a balanced draw, which also updates ``average`` in place; returns the mean loss."""
    model.train()
    order = balanced_draw(train.labels, config.per_class, epoch, config.seed)
    generator = torch.Generator().manual_seed(config.seed * 100_003 + epoch)
    total = 0.0
    for start in range(0, len(order), config.batch):
        index = order[start : start + config.batch]
        pixels = random_affine(to_pixels(train.images[index]), config.augmentation, generator)
        labels = torch.from_numpy(train.labels[index]).long()
        loss = functional.cross_entropy(logits_of(model(pixels)), labels, label_smoothing=config.label_smoothing)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            averaged = set()  # layers may share a tensor, which then has several names
            for name, value in model.state_dict().items():
                if value.is_floating_point() and average[name].data_ptr() not in averaged:
                    average[name].lerp_(value, 1 - config.averaging)
                    averaged.add(average[name].data_ptr())
        total += loss.item() * len(index)
        bar.update()
    return total / len(order)


def fingerprint(data: LabelledImages) -> str:
    """Name, size and checksum of a data set: tells a checkpoint of other data apart."""
    checksum = zlib.crc32(data.labels.tobytes(), zlib.crc32(np.ascontiguousarray(data.images).tobytes()))
    return f"{data.name}, {len(data)} images, {checksum:08x}"
