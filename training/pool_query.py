# SPDX-License-Identifier: Apache-2.0
"""A query to a pool of experts becomes a bank file, and generic handwriting becomes a pool (``scripts/pool.py``)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import CLASSES, LabelledImages, balanced_subset, generic_source
from spec import __version__
from spec.bank_file import save_bank
from spec.folding import build_folding
from spec.paths import BUILD, MODELS
from spec.presets import DEFAULT_FOLDING, Accelerator, load_moe, load_toml
from spec.progress import progress_bar
from training.pool import Pool, check_moe
from training.pool_data import COPIES, MOST_PER_CLASS, pool_data
from training.pool_distil import Scale
from training.pool_file import load_pool, pool_file, save_pool
from training.pool_groups import GROUPS, QUERIES, characters, query_classes, query_name
from training.pool_training import PoolTraining, epochs, validation_accuracy

GATE = "rich"
WORK = BUILD / "pool"


@dataclass(frozen=True)
class Query:
    """What a bank is wanted for.

    Attributes:
        names: groups of classes.
        out: the bank file.
        pool: file of the pool; None takes the one beside the global expert.
        gate, preset: gate preset, and folding of the device.
        ge: QONNX file of the global expert.
    """

    names: Sequence[str]
    out: Path
    pool: Path | None = None
    gate: str = GATE
    preset: str = DEFAULT_FOLDING
    ge: Path = MODELS / "ge.onnx"


@dataclass(frozen=True)
class Answered:
    """The bank of a query: its description, the pool's file, the design it is packed for, and its classes."""

    info: dict[str, Any]
    pool: Path
    design: Accelerator
    classes: np.ndarray


def answer(query: Query) -> Answered:
    """Write the bank file of a query.

    Raises:
        InputError: there is no such pool, group or preset, or the file cannot be written.
    """
    moe = load_moe(query.gate, query.ge)
    check_moe(moe, GROUPS)
    folding = build_folding(load_toml("folding", query.preset), moe)
    file = query.pool or pool_file(query.ge.parent, moe.preset)
    started = time.perf_counter()
    pool, record = load_pool(file, moe)
    bank = pool.bank(moe, query.names)
    classes = query_classes(pool.groups, query.names)
    info = {
        "tool": f"personal-moe-fpga {__version__}",
        "command": f"python scripts/pool.py --classes {','.join(query.names)} --gate {moe.preset}",
        "groups": list(query.names),
        "classes": characters(classes),
        "pool": pool.digest(),
        "generic": record.get("generic"),
        "synthetic": record.get("synthetic"),
    }
    save_bank(query.out, bank, moe, folding, info)
    seconds = {"seconds": time.perf_counter() - started}
    return Answered(info | seconds, file, Accelerator(moe, folding), classes)


def images_of(classes: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Generic test images of some classes, uint8 (up to ``count``, H, W)."""
    test = balanced_subset(generic_source("test"), seed)
    return test.images[np.isin(test.labels, classes)][:count]


def train(out: Path, gate: str = GATE, ge: Path = MODELS / "ge.onnx", seed: int = 0, work: Path = WORK) -> dict:
    """Make a pool of generic handwriting and write its file; returns the record of how it was made.

    An interrupted call goes on from ``work``.

    Raises:
        InputError: there can be no pool for the gate preset, or the file cannot be written.
    """
    moe = load_moe(gate, ge)
    check_moe(moe, GROUPS)
    images = generic_source("train").of_classes(moe.network.classes)
    training = PoolTraining(moe, pool_data(moe, images, work), work)
    with progress_bar(total=epochs(), description="pool of experts", unit="epoch") as bar:
        pool = training.pool(seed, progress=bar.update)
    record = record_of(training, pool, images, seed)
    save_pool(out, moe, pool, record)
    return record


def record_of(training: PoolTraining, pool: Pool, images: LabelledImages, seed: int) -> dict[str, Any]:
    """How a pool was made, and what it reaches on images that only validated."""
    moe, data = training.moe, training.data
    return {
        "tool": f"personal-moe-fpga {__version__}",
        "command": f"python scripts/pool.py --train --gate {moe.preset} --seed {seed} --out FILE",
        "generic": images.name,
        "synthetic": images.synthetic,
        "samples": f"{len(data.labels)}: at most {MOST_PER_CLASS} images a class and {COPIES.mild} affine copy of each",
        "seed": seed,
        "scale": Scale.LIBRARY.value,
        "groups": {name: characters(classes) for name, classes in pool.groups.items()},
        "pool": pool.digest(),
        "validation": {
            query_name(query): validation_accuracy(moe, data, pool.library, *pool.rows(query)) for query in QUERIES
        },
        "classes": CLASSES[: moe.network.classes],
    }
