# SPDX-License-Identifier: Apache-2.0
"""The paper's Table 1: local expert and gate on features pooled to n x n, for any n that divides the maps.

Features are computed once, unpooled, and pooled for each size, so the samples are those that
:func:`training.features.extract` gives for that size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from golden.data import LabelledImages
from golden.integer_model import pool
from spec.bank import Bank
from spec.errors import InputError
from spec.network import Moe, Network, build_moe
from training.features import Samples
from training.gate import GenericData
from training.personalize import Recipe, fit_expert, fit_gate, make_bank, user_data


def moe_of_size(network: Network, gate: dict[str, Any], pooled: int) -> Moe:
    """The gate preset with n = m = ``pooled``, otherwise unchanged.

    Raises:
        InputError: ``pooled`` does not divide the feature maps.
    """
    parts = {name: {**gate[name], "pool": pooled} for name in ("local_expert", "gate")}
    return build_moe(network, {**gate, **parts})


def unpooled_moe(network: Network, gate: dict[str, Any]) -> Moe:
    """The size whose samples hold every feature: what :func:`repool` starts from. Max pools of one pixel keep it."""
    parts = {name: {**gate[name], "pool_kind": "max"} for name in ("local_expert", "gate")}
    return moe_of_size(network, {**gate, **parts}, network.features.height)


def repool(unpooled: Samples, moe: Moe) -> Samples:
    """Samples of another size.

    Args:
        unpooled: with all features, ``local`` and ``gate`` uint8 (N, H*W*C) as :func:`unpooled_moe` has them.
    """
    f = moe.network.features
    shape = (len(unpooled), f.height, f.width, f.channels)
    local, gate = (
        pool(values.reshape(shape), layer)
        for values, layer in ((unpooled.local, moe.le.pool), (unpooled.gate, moe.gate.pool))
    )
    return replace(unpooled, local=local, gate=gate)


def repool_generic(unpooled: GenericData, moe: Moe) -> GenericData:
    """The same for generic data, whose GE answers do not depend on the size."""
    return replace(unpooled, learning=repool(unpooled.learning, moe), validation=repool(unpooled.validation, moe))


def fit_bank(
    moe: Moe, recipe: Recipe, train: LabelledImages, samples: Samples, generic: GenericData, seed: int = 0
) -> Bank:
    """Steps 2 and 3 for one user, with a local expert that starts from random weights.

    Args:
        train: the user's training images, of which ``samples`` are the features.

    Raises:
        InputError: the preset starts from a generic head, which exists for its own size only.
    """
    if moe.le_start != "random":
        raise InputError(f"gate preset '{moe.preset}': start is '{moe.le_start}', other sizes can only be 'random'")
    expert = fit_expert(moe, recipe, samples, generic, None, seed)
    return make_bank(moe, [expert], fit_gate(moe, recipe, generic, user_data(moe, train, samples, expert), seed))


def personal_share(moe: Moe) -> float:
    """Weights of LE and GN by those of the GE, without biases, as the paper's Table 1 counts them."""
    ge = sum(layer.weights for layer in moe.network.layers)
    return personal_weights(moe) / ge


def personal_weights(moe: Moe) -> int:
    """Weights of the local experts and the gate, without biases."""
    return (moe.local_experts - 1) * moe.le.weights + sum(layer.weights for layer in moe.runtime_layers)


def mean_row(rows: list[dict[str, float]], columns: tuple[str, ...]) -> dict[str, float]:
    """Mean over the users of each column."""
    return {column: float(np.mean([row[column] for row in rows])) for column in columns}
