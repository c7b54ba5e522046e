# SPDX-License-Identifier: Apache-2.0
"""The search: Optuna chooses sizes, targets and prices (NSGA-II), and the cheapest folding for them is exact.

The same seed gives the same designs, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from explore.choice import FoldingChoice, Targets
from explore.estimate import BLOCKS, GE_CYCLES, LOCAL_CYCLES, MULTIPLIERS, SITES, WRONG, estimate, fits
from explore.fit import CostModel
from explore.polish import improved
from explore.space import Choice, Space
from spec.errors import InputError
from spec.folding import Folding
from spec.network import Network
from spec.presets import Accelerator
from spec.progress import progress_bar

OBJECTIVES = (GE_CYCLES, LOCAL_CYCLES, SITES, BLOCKS, MULTIPLIERS)
PRICES = (1.0, 5000.0)  # LUT4 sites for a block RAM or a multiplier, least and most
FIRST_PRICES = (1.0, 25.0, 50.0, 100.0, 150.0, 250.0, 500.0, 2000.0)
FIRST_SPEEDS = 4
POPULATION = 60
SLOWEST = 64  # a design slower than the fastest by more is of no interest
DECLINED = 1e12  # of each objective, when nothing is as fast as wanted

Wrong = Callable[[Network], float]
"""Share of validation images that a network answers wrongly, 0..1."""


class NothingFits(InputError):
    """No design fits the device; the message says what the nearest one has too much of."""


@dataclass(frozen=True)
class Found:
    """A design that the search looked at, and its figures."""

    choice: Choice
    folding: Folding
    figures: Mapping[str, float]

    def design(self, space: Space, name: str | None = None) -> Accelerator:
        """The accelerator."""
        folding = self.folding if name is None else Folding(name, *_rest(self.folding))
        return Accelerator(space.moe(self.choice), folding)


def _rest(folding: Folding) -> tuple:
    return folding.weight_banks, folding.layers, folding.learning


class Search:
    """Looks for designs that fit a device.

    Args:
        limits: of each kind of cell.
        references: foldings to begin at, if their layers are the network's.
        wrong: of the axis widths; None leaves accuracy out.
    """

    def __init__(
        self, space: Space, model: CostModel, limits: Mapping[str, float], references: Sequence[Accelerator] = (),
        wrong: Wrong | None = None, banks: int = 2, learning: bool = True, seed: int = 0,
    ) -> None:  # fmt: skip
        self.space, self.model, self.limits, self.wrong = space, model, limits, wrong
        self.references, self.banks, self.learning, self.seed = references, banks, learning, seed
        self._choices: dict[Choice, FoldingChoice] = {}
        self._known: dict = {}
        self._found: dict[tuple, Found] = {}
        ge, local = self._choice_of(Choice()).targets()
        self.ge = [cycles for cycles in ge if cycles <= SLOWEST * max(ge[0], local[0])]
        self.local = [cycles for cycles in local if cycles <= SLOWEST * local[0]]

    def run(self, trials: int) -> list[Found]:
        """Every different design that was looked at and fits, in the order in which they came.

        Raises:
            NothingFits: nothing fits.
            InputError: Optuna is not installed.
        """
        study = _study(self.seed, len(self._objectives))
        for parameters in self._beginnings():
            study.enqueue_trial(parameters)
        for _ in progress_bar(range(trials), description="search", unit="design"):
            trial = study.ask()
            found = self._look(trial)
            if found is None:
                for kind in self.limits:
                    trial.set_constraint(kind, DECLINED)
                study.tell(trial, [DECLINED] * len(self._objectives))
                continue
            for kind, most in self.limits.items():
                trial.set_constraint(kind, found.figures[kind] - most)
            study.tell(trial, [found.figures[name] for name in self._objectives])
        for design in self.references:
            self._keep(Choice(), improved(design, self.model).folding)
        fitting = [found for found in self._found.values() if fits(found.figures, self.limits)]
        if not fitting:
            raise NothingFits(self._nearest())
        return fitting

    @property
    def _objectives(self) -> tuple[str, ...]:
        return (*OBJECTIVES, WRONG) if self.wrong else OBJECTIVES

    def figures_of(self, design: Accelerator) -> dict[str, float]:
        """Figures of a design, as those of what is found."""
        figures = estimate(design, self.model)
        return {**figures, WRONG: self.wrong(design.moe.network)} if self.wrong else figures

    def _beginnings(self) -> list[dict]:
        """Parameters of trials that come first: the speeds of the references, at several prices.

        Without references those of a few foldings from the fastest on.
        """
        speeds = {(self.ge[len(self.ge) * part // 8], self.local[0]) for part in range(FIRST_SPEEDS)}
        if self.references:
            told = [estimate(design, self.model) for design in self.references]
            speeds = {(figures[GE_CYCLES], figures[LOCAL_CYCLES]) for figures in told}
        prices = FIRST_PRICES if self.references else FIRST_PRICES[1::3]
        found = []
        for ge, local in sorted(speeds):
            near = {"ge": _at(self.ge, ge), "local": _at(self.local, local)}
            found += [{**near, "block": block, "multiplier": price} for block in prices for price in prices]
        return found

    def _choice_of(self, choice: Choice) -> FoldingChoice:
        if choice not in self._choices:
            self._choices[choice] = FoldingChoice(
                self.space.moe(choice), self.model, self.banks, self.learning, self._known
            )
        return self._choices[choice]

    def _look(self, trial) -> Found | None:
        """The design of a trial; None when no folding is as fast as it wants, or the choice fits nothing."""

        def one_of(name: str, values: Sequence[int]) -> int:
            return values[trial.suggest_int(name, 0, len(values) - 1)]

        choice = self.space.choose(one_of)
        targets = Targets(
            one_of("ge", self.ge),
            one_of("local", self.local),
            trial.suggest_float("block", *PRICES, log=True),
            trial.suggest_float("multiplier", *PRICES, log=True),
        )
        try:
            folding = self._choice_of(choice).best(targets, "chosen")
        except InputError:
            return None
        if folding is None:
            return None
        return self._keep(choice, folding)

    def _keep(self, choice: Choice, folding: Folding) -> Found:
        """The design and its figures, computed once."""
        key = (choice, tuple(sorted(folding.layers.items(), key=lambda layer: layer[0])))
        if key not in self._found:
            moe = self._choice_of(choice).moe
            self._found[key] = Found(choice, folding, self.figures_of(Accelerator(moe, folding)))
        return self._found[key]

    def _nearest(self) -> str:
        """A sentence: what the design that is nearest to the limits has too much of."""
        if not self._found:
            return "no folding of this network is as fast as wanted"

        def excess(found: Found) -> float:
            return max(found.figures[kind] / max(most, 1e-9) for kind, most in self.limits.items())

        nearest = min(self._found.values(), key=excess)
        over = [
            f"{kind} {nearest.figures[kind]:,.0f} of {most:,.0f}"
            for kind, most in self.limits.items()
            if nearest.figures[kind] > most
        ]
        return f"none of {len(self._found)} designs fits the device; the nearest one has {', '.join(over)}"


def _at(values: Sequence[int], wanted: float) -> int:
    """Index of the largest value that is not above the wanted one."""
    return max((i for i, value in enumerate(values) if value <= wanted), default=0)


def _study(seed: int, objectives: int):
    try:
        import optuna
    except ImportError:
        raise InputError("the search needs Optuna: .venv/bin/pip install -r requirements-explore.txt") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=seed)
    return optuna.create_study(directions=["minimize"] * objectives, sampler=sampler)
