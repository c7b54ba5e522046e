# SPDX-License-Identifier: Apache-2.0
"""Searches whose results are kept: what was searched, what was chosen, and what that costs in synthesis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from explore.accuracy import Validation
from explore.choice import Equipment
from explore.devices import device_named
from explore.estimate import GE_CYCLES, LOCAL_CYCLES, SITES, WRONG
from explore.fit import CostModel
from explore.front import better, front
from explore.points import TRAINED, load_named, network_named
from explore.search import Found, Search
from explore.space import AXES, Space
from spec.errors import InputError
from spec.folding import build_folding
from spec.paths import CONFIGS
from spec.presets import Accelerator, load_toml

STUDIES = CONFIGS / "explore" / "studies.toml"
FILL = 0.9  # share of a device's LUTs and flip-flops that a design may take
TRIALS = 1000


@dataclass(frozen=True)
class Study:
    """One search.

    Attributes:
        name: of the study.
        chip: a device of :mod:`explore.devices`.
        network: as of a point (:mod:`explore.points`).
        gate: a preset.
        axes: that are free; :data:`explore.space.AXES`.
        references: folding presets made by hand, to be beaten.
        learning, local_only: of the folding.
        fill, trials, seed: of the search.
        synthesised: how many of the chosen designs are, the first ones.
    """

    name: str
    chip: str
    network: str = TRAINED
    gate: str = "rich"
    axes: tuple[str, ...] = ("folding",)
    references: tuple[str, ...] = ()
    learning: bool = True
    local_only: bool = False
    experts: int | None = None
    fill: float = FILL
    trials: int = TRIALS
    seed: int = 0
    synthesised: int = 9

    @property
    def limits(self) -> dict[str, float]:
        """Of the device."""
        return device_named(self.chip).limits(self.fill)


@dataclass(frozen=True)
class Outcome:
    """What a study found.

    Attributes:
        looked: different designs that fit.
        front: those that no other one beats.
        by_hand: the designs made by hand.
        references: their figures, estimated.
        validation: what accuracy was validated on; None without the axis widths.
    """

    study: Study
    space: Space
    looked: int
    front: list[Found]
    by_hand: dict[str, Accelerator]
    references: dict[str, dict[str, float]]
    validation: Validation | None

    @property
    def data(self) -> str | None:
        """Name of the validation images."""
        return self.validation.name if self.validation else None

    def beaten(self) -> dict[str, list[tuple[int, Found]]]:
        """For each design made by hand, those of the front that dominate it."""
        return {name: better(self.front, figures) for name, figures in self.references.items()}

    def chosen(self) -> dict[int, str]:
        """Number in the front -> why: what beats a design made by hand with fewest LUTs; if none does, the fastest."""
        picked: dict[int, str] = {}
        for name, found in self.beaten().items():
            if found:
                picked.setdefault(found[0][0], f"beats `{name}` with the fewest LUTs")
        ends = {} if picked else {"fastest": (GE_CYCLES, LOCAL_CYCLES, SITES)}
        if WRONG in self.front[0].figures:
            ends["most accurate, then fastest"] = (WRONG, GE_CYCLES, SITES)
        for why, wanted in ends.items():
            axes = [axis for axis in wanted if axis in self.front[0].figures]
            numbers = range(1, len(self.front) + 1)
            number = min(numbers, key=lambda n: [self.front[n - 1].figures[axis] for axis in axes])
            picked.setdefault(number, why)
        return picked


def load_studies(path: Path = STUDIES) -> tuple[Study, ...]:
    """The studies of a file, each a table ``[[study]]`` with the attributes of :class:`Study`.

    Raises:
        InputError: it is no such file.
    """
    return load_named(path, "study", "studies", Study)


def run(study: Study, model: CostModel) -> Outcome:
    """Search.

    Raises:
        InputError: nothing fits, or what is named does not exist.
    """
    if unknown := set(study.axes) - set(AXES):
        raise InputError(f"there is no axis '{sorted(unknown)[0]}'; known are {', '.join(AXES)}")
    network, gate = network_named(study.network), load_toml("gates", study.gate)
    validation = Validation.load(network) if "widths" in study.axes else None
    space = Space(network, gate, study.axes, study.experts, validation.scales if validation else None)
    equipment = Equipment(learning=study.learning, local_only=study.local_only)
    by_hand = {name: _by_hand(space, name, equipment) for name in study.references}
    search = Search(
        space, model, study.limits, tuple(by_hand.values()), validation.wrong if validation else None,
        equipment, study.seed,
    )  # fmt: skip
    found = search.run(study.trials)
    figures = {name: search.figures_of(design) for name, design in by_hand.items()}
    return Outcome(study, space, len(found), front(found), by_hand, figures, validation)


def _by_hand(space: Space, name: str, equipment: Equipment) -> Accelerator:
    """A design made by hand.

    Raises:
        InputError: it does not fit the network, or is another kind of device than the search is for.
    """
    moe = space.given()
    folding = build_folding(load_toml("folding", name), moe)
    if (has := Equipment.of(folding)) != equipment:
        raise InputError(f"folding '{name}' is not of the kind that is searched: it has {has}, searched is {equipment}")
    return Accelerator(moe, folding)


def as_point(outcome: Outcome, number: int) -> Mapping[str, Any]:
    """What a design of the front is, as JSON can hold it."""
    found = outcome.front[number - 1]
    folds = {name: asdict(fold) for name, fold in found.layers.items()}
    return {"sizes": found.choice.text(), "folding": folds, "figures": dict(found.figures)}
