# SPDX-License-Identifier: Apache-2.0
"""The search: Optuna chooses sizes, targets and prices (NSGA-II), and the cheapest folding for them is exact.

The same seed gives the same designs, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from explore.choice import Equipment, FoldingChoice, Targets
from explore.estimate import BLOCKS, GE_CYCLES, LOCAL_CYCLES, MULTIPLIERS, SITES, WRONG, costs, fits, speed
from explore.fit import CostModel
from explore.polish import improved
from explore.space import Choice, Space
from spec.errors import InputError
from spec.folding import Folding
from spec.kinds.data import LayerFolding
from spec.network import Network
from spec.presets import Accelerator
from spec.progress import progress_bar

CELL_OBJECTIVES = (SITES, BLOCKS, MULTIPLIERS)  # beside cycles and accuracy
PRICES = (1.0, 5000.0)  # LUT4 sites for a block RAM or a multiplier, least and most
FIRST_PRICES = (1.0, 25.0, 50.0, 100.0, 150.0, 250.0, 500.0, 2000.0)
FIRST_SPEEDS = 4
SLOWEST_BLOCK = 200.0  # price of a block RAM of the slowest design
SHARES = (0.2, 1.0)  # of the GE's cycles, for its layers behind a pool, least and most
FIRST_SHARES = (0.5, 1.0)
POPULATION = 60
SLOWEST = 64  # a design slower than the fastest by more is of no interest
DECLINED = 1e12  # of each objective, when nothing is as fast as wanted

Wrong = Callable[[Network], float]
"""Share of validation images that a network answers wrongly, 0..1."""


class NothingFits(InputError):
    """No design fits the device; the message says what the nearest one has too much of."""


@dataclass(frozen=True)
class Found:
    """A design that the search looked at, and its figures.

    ``layers``: foldings of the layers that it has.
    """

    choice: Choice
    folding: Folding
    figures: Mapping[str, float]
    layers: Mapping[str, LayerFolding]

    def design(self, space: Space, name: str | None = None) -> Accelerator:
        """The accelerator."""
        folding = self.folding if name is None else replace(self.folding, name=name)
        return Accelerator(space.moe(self.choice), folding)


class Search:
    """Looks for designs that fit a device.

    Args:
        limits: of each kind of cell.
        references: foldings to begin at, of the same equipment.
        wrong: of the axis widths; None leaves accuracy out.
    """

    def __init__(
        self, space: Space, model: CostModel, limits: Mapping[str, float], references: Sequence[Accelerator] = (),
        wrong: Wrong | None = None, equipment: Equipment | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        self.space, self.model, self.limits, self.wrong = space, model, limits, wrong
        self.references, self.equipment, self.seed = references, equipment or Equipment(), seed
        self._choices: dict[Choice, FoldingChoice] = {}
        self._known: dict = {}
        self._found: dict[tuple, Found] = {}
        self._refused: Counter[str] = Counter()  # choices whose parts do not fit one another, by what is wrong
        ge, local = self._choice_of(Choice()).targets()
        self.targets = {LOCAL_CYCLES: [cycles for cycles in local if cycles <= SLOWEST * local[0]]}
        if not self.equipment.local_only:
            fast = [cycles for cycles in ge if cycles <= SLOWEST * max(ge[0], local[0])]
            self.targets = {GE_CYCLES: fast, **self.targets}

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
        return (*self.targets, *CELL_OBJECTIVES, *((WRONG,) if self.wrong else ()))

    def figures_of(self, design: Accelerator, fitting: bool = False) -> dict[str, float]:
        """Figures of a design; with ``fitting``, of one that does not fit cycles are those of its slowest part."""
        made = costs(design, self.model)
        figures = {**speed(design, exact=not fitting or fits(made, self.limits)), **made}
        return {**figures, WRONG: self.wrong(design.moe.network)} if self.wrong else figures

    def _beginnings(self) -> list[dict]:
        """Parameters of trials that come first.

        The slowest and narrowest design, then the speeds of the references, or a few from the fastest on, at prices.
        """
        if self.references:
            told = [speed(design) for design in self.references]
            speeds = [[_at(values, figures[axis]) for axis, values in self.targets.items()] for figures in told]
            prices = FIRST_PRICES
        else:
            first, *others = self.targets.values()
            speeds = [[len(first) * part // 8, *(0 for _ in others)] for part in range(FIRST_SPEEDS)]
            prices = FIRST_PRICES[1::3]
        slowest = {axis: len(values) - 1 for axis, values in self.targets.items()}
        found = [{**slowest, **self.space.narrowest(), "block": SLOWEST_BLOCK, "multiplier": PRICES[0]}]
        for wanted in sorted(map(tuple, speeds)):
            near = dict(zip(self.targets, wanted, strict=True))
            for number, (block, price) in enumerate(product(prices, prices)):
                behind = {"behind": FIRST_SHARES[number % len(FIRST_SHARES)]} if GE_CYCLES in self.targets else {}
                found.append({**near, "block": block, "multiplier": price, **behind})
        return found

    def _choice_of(self, choice: Choice) -> FoldingChoice:
        if choice not in self._choices:
            self._choices[choice] = FoldingChoice(self.space.moe(choice), self.model, self.equipment, self._known)
        return self._choices[choice]

    def _look(self, trial) -> Found | None:
        """The design of a trial; None when no folding is as fast as it wants, or the choice fits nothing."""

        def one_of(name: str, values: Sequence[int]) -> int:
            return values[trial.suggest_int(name, 0, len(values) - 1)]

        choice = self.space.choose(one_of)
        wanted = {axis: one_of(axis, values) for axis, values in self.targets.items()}
        ge = wanted.get(GE_CYCLES)
        targets = Targets(
            ge,
            wanted[LOCAL_CYCLES],
            trial.suggest_float("block", *PRICES, log=True),
            trial.suggest_float("multiplier", *PRICES, log=True),
            None if ge is None else ge * trial.suggest_float("behind", *SHARES),
        )
        self.space.network_of(choice)  # there is one for every choice: what is wrong with it is no choice's fault
        try:
            foldings = self._choice_of(choice)
        except InputError as reason:
            self._refused[str(reason)] += 1
            return None
        folding = foldings.best(targets, "chosen")
        return folding and self._keep(choice, folding)

    def _keep(self, choice: Choice, folding: Folding) -> Found:
        """The design and its figures, computed once."""
        key = (choice, tuple(sorted(folding.layers.items(), key=lambda layer: layer[0])))
        if key not in self._found:
            moe = self._choice_of(choice).moe
            there = [layer.name for layer in moe.weighted_layers if folding.is_present(layer, moe)]
            layers = {name: folding.layers[name] for name in there}
            self._found[key] = Found(choice, folding, self.figures_of(Accelerator(moe, folding), fitting=True), layers)
        return self._found[key]

    def _nearest(self) -> str:
        """A sentence: what the design that is nearest to the limits has too much of."""
        if not self._found:
            refused = [f"; {count} choices: {why}" for why, count in self._refused.most_common()]
            return "no folding of this network has the speeds that were tried" + "".join(refused)

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
