# SPDX-License-Identifier: Apache-2.0
"""Which layers exist in a mode, in network order, and how two implementations of one layer differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spec.network import Layer, Mode, Moe, name_in_bank

EXPERT, CLASS = "expert", "class"  # the gate's decision and the answer, compared like layers


def layer_shapes(moe: Moe, mode: Mode, local_expert: int = 0) -> dict[str, tuple[int, ...]]:
    """Everything that is compared in a mode, in network order: name -> shape of its output for one image.

    Order: front end, local experts, gate, ``expert`` (who answers), tail of the GE, ``class``. A first difference in
    this order is the cause of those behind it. Convolutions and pools have shape (row, column, channel).
    """

    def shape(layer: Layer) -> tuple[int, ...]:
        s = layer.out_shape
        return (s.channels,) if s.height == s.width == 1 else (s.height, s.width, s.channels)

    shapes = {layer.name: shape(layer) for layer in moe.network.front_end}
    gate = mode in (Mode.MOE_PARALLEL, Mode.MOE_GATED)
    if mode == Mode.LE_ONLY or gate:
        experts = range(moe.local_experts) if gate else [local_expert]
        if 0 in experts:  # every local expert pools the same features; the first one's pool stands for all
            shapes["le_pool"] = shape(moe.le.pool)
        shapes |= {name_in_bank(layer.name, i): shape(layer) for i in experts for layer in moe.le.layers}
    if gate:
        shapes["gate_pool"] = shape(moe.gate.pool)
        shapes |= {layer.name: shape(layer) for layer in moe.gate.layers}
    shapes[EXPERT] = ()
    if mode != Mode.LE_ONLY:
        shapes |= {layer.name: shape(layer) for layer in moe.network.tail}
    return shapes | {CLASS: ()}


@dataclass(frozen=True)
class Difference:
    """The first difference in one layer.

    ``image`` counts from 0 over the whole data set; ``index`` is the element inside the layer (row, column, channel or
    just the output), None when the whole layer is missing or surplus for this image. ``expected`` is the integer
    model's value.
    """

    layer: str
    image: int
    index: tuple[int, ...] | None
    expected: float | str
    found: float | str

    def __str__(self) -> str:
        element = "" if not self.index else f"[{', '.join(map(str, self.index))}]"
        return f"{self.layer}{element} of image {self.image}: expected {self.expected}, found {self.found}"

    def as_json(self) -> dict:
        """Plain data for a JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class LayerOutput:
    """Output of a layer: ``values`` (any shape, image by image) for the images ``images`` (rows,), ascending."""

    images: np.ndarray
    values: np.ndarray


def compare_layer(
    name: str, shape: tuple[int, ...], expected: LayerOutput, found: LayerOutput
) -> tuple[int, Difference | None]:
    """Number of images for which a layer differs, and the first difference.

    An image for which only one side ran the layer counts as differing. With a wrong number of values it is unknown
    which of them belong to which image, so then every image counts.
    """
    elements = int(np.prod(shape))
    wanted = len(found.images) * elements
    if found.values.size != wanted:
        images = np.union1d(expected.images, found.images)
        sizes = f"{wanted} values for {len(found.images)} images", f"{found.values.size} values"
        return len(images), Difference(name, int(images[0]), None, *sizes)
    common, at_expected, at_found = np.intersect1d(
        expected.images, found.images, assume_unique=True, return_indices=True
    )
    rows_expected = expected.values.reshape(-1, elements)[at_expected]
    rows_found = found.values.reshape(-1, elements)[at_found]
    unequal = rows_expected != rows_found
    wrong = np.flatnonzero(unequal.any(1))
    one_sided = np.setxor1d(expected.images, found.images, assume_unique=True)
    count = len(wrong) + len(one_sided)
    if not count:
        return 0, None
    if not len(wrong) or (len(one_sided) and one_sided[0] < common[wrong[0]]):
        ran = one_sided[0] in expected.images
        verdict = ("the layer runs", "it did not run") if ran else ("the layer does not run", "it ran")
        return count, Difference(name, int(one_sided[0]), None, *verdict)
    row = wrong[0]
    element = int(np.flatnonzero(unequal[row])[0])
    index = tuple(int(i) for i in np.unravel_index(element, shape)) if shape else None
    values = _number(rows_expected[row, element]), _number(rows_found[row, element])
    return count, Difference(name, int(common[row]), index, *values)


def _number(x: np.generic) -> int | float:
    number = x.item()
    return int(number) if number == int(number) else number
