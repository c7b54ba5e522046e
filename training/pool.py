# SPDX-License-Identifier: Apache-2.0
"""A pool of experts: a local expert for any set of class groups, put together without training.

After "Pool of Experts: Realtime Querying Specialized Knowledge in Massive Neural Networks" (SIGMOD 2021): a shared
*library* and, for each group of classes, a *primitive expert* on it, distilled once; a query is answered by the
library and the primitive experts of its groups side by side. Here the library is the hidden layer of the local expert
and a primitive expert is the output rows of its classes, so that what is put together is a bank as any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from spec.bank import Bank
from spec.errors import InputError
from spec.kinds.matrix import MatrixLayer
from spec.network import LayerWeights, Moe
from training.pool_groups import Groups, query_classes


@dataclass(frozen=True)
class Pool:
    """A trained pool.

    Attributes:
        library: integer weights of the local expert's hidden layers.
        groups: classes of each group.
        experts: of each group the output rows of its classes, weights (n, units) and biases (n,).
    """

    library: tuple[LayerWeights, ...]
    groups: Groups
    experts: Mapping[str, LayerWeights]

    def digest(self) -> str:
        """SHA-256 over groups and weights."""
        h = hashlib.sha256()
        parts = [("library", np.arange(0), one) for one in self.library]
        parts += [(name, self.groups[name], one) for name, one in self.experts.items()]
        for name, classes, one in parts:
            h.update(name.encode())
            for values in (classes, one.weight, one.bias):
                h.update(values.astype("<i8").tobytes())
        return h.hexdigest()

    def rows(self, names: Iterable[str]) -> tuple[np.ndarray, LayerWeights]:
        """Classes of a query, rising, and their output rows.

        Raises:
            InputError: there is no such group.
        """
        names = tuple(dict.fromkeys(names))
        classes = query_classes(self.groups, names)
        order = np.argsort(np.concatenate([self.groups[name] for name in names]))
        weight, bias = (
            np.concatenate([getattr(self.experts[name], part) for name in names])[order] for part in ("weight", "bias")
        )
        return classes, LayerWeights(weight, bias)

    def bank(self, moe: Moe, names: Iterable[str]) -> Bank:
        """The bank of a query, see :func:`bank_of_rows`."""
        return bank_of_rows(moe, self.library, *self.rows(names))


def check_moe(moe: Moe, groups: Groups) -> None:
    """Refuse an accelerator for which there can be no pool.

    Raises:
        InputError: its local experts have no hidden layer, there are several of them, or a group has other classes.
    """
    if not moe.le.hidden:
        raise InputError(
            f"gate preset '{moe.preset}': its local expert has no hidden layer, which a pool shares; use one that has, "
            "for example rich"
        )
    if moe.local_experts != 1:
        raise InputError(f"gate preset '{moe.preset}' has {moe.local_experts} local experts, a pool is for 1")
    last = max(int(classes.max()) for classes in groups.values())
    if last >= moe.network.classes:
        raise InputError(f"network {moe.network.name}: has {moe.network.classes} classes, the pool needs {last + 1}")


def bank_of_rows(moe: Moe, library: tuple[LayerWeights, ...], classes: np.ndarray, rows: LayerWeights) -> Bank:
    """A bank whose local expert answers some classes and never another, behind a gate that always says local.

    Args:
        classes: int64 (n,), which are answered.
        rows: output rows of these classes.

    Raises:
        InputError: weights do not fit, or it cannot be shown that no other class is ever answered.
    """
    out = moe.le.out
    rows = centred(out, rows)
    if not others_never_win(out, rows):
        raise InputError(
            f"a local expert of {len(classes)} classes could answer another one: its logits may fall below the lowest "
            f"bias, {out.bias.minimum}"
        )
    weight = np.zeros((out.outputs, out.inputs), np.int64)
    bias = np.full(out.outputs, out.bias.minimum, np.int64)
    weight[classes], bias[classes] = rows.weight, rows.bias
    bank = Bank(moe.preset, moe.network.digest(), ((*library, LayerWeights(weight, bias)),), local_gate(moe))
    bank.check(moe, "bank of a pool")
    return bank


def centred(layer: MatrixLayer, rows: LayerWeights) -> LayerWeights:
    """The same rows less one integer vector, their mean as far as the types allow: every answer stays what it is.

    All logits lose the same, so neither their order nor a margin changes.
    """

    def shifted(values: np.ndarray, least: int, most: int) -> np.ndarray:
        mean = np.rint(values.mean(0)).astype(np.int64)
        return values - np.clip(mean, values.max(0) - most, values.min(0) - least)

    weight = shifted(rows.weight, layer.weight.minimum, layer.weight.maximum)
    return LayerWeights(weight, shifted(rows.bias, layer.bias.minimum, layer.bias.maximum))


def others_never_win(layer: MatrixLayer, rows: LayerWeights) -> bool:
    """Whether, for every input, the largest logit of the rows is above the lowest bias: a sound test, not a sharp one.

    The largest logit is at least the mean one. With the rows' sum ``s`` and inputs from 0 to ``x`` their sum of logits
    is at least ``x * sum(min(s, 0)) + sum(bias)``. All other classes have the lowest bias and no weights.
    """
    lowest_sum = layer.input.maximum * np.minimum(rows.weight.sum(0), 0).sum() + rows.bias.sum()
    return bool(layer.input.minimum == 0 and lowest_sum > len(rows.bias) * layer.bias.minimum)


def local_gate(moe: Moe) -> tuple[LayerWeights, ...]:
    """A gate that gives every image to the first local expert, for any threshold below the difference of its biases."""
    weights = [
        LayerWeights(np.zeros((layer.outputs, layer.inputs), np.int64), np.zeros(layer.outputs, np.int64))
        for layer in moe.gate.layers
    ]
    bias = moe.gate.out.bias
    weights[-1].bias[:] = bias.minimum
    weights[-1].bias[1] = bias.maximum
    return tuple(weights)
