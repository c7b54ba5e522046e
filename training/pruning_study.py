# SPDX-License-Identifier: Apache-2.0
"""Oracle pruning as a study (``scripts/pruning.py``): correlations, then fewer inputs of all users' local experts.

The hardware is one for all users, so what is pruned is chosen by the mean over them: whole positions or whole channels
of the pooled features, ranked by a rule. How many may go is chosen on a part of the training images that the ranking
has not seen. Test images measure the choice, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from golden.integer_model import MoeModel
from spec.files import source_digest
from spec.folding import Folding
from spec.kinds.data import LayerFolding, Shape
from spec.kinds.matrix import MatrixLayer
from spec.network import Moe
from spec.presets import load_toml
from tools.rows import Row
from tools.workers import Workers
from training import pruning, seed_runs, seeds
from training.features import extract
from training.global_expert import load_float_weights
from training.local_expert import Rehearsal
from training.personalize import fit_expert, fit_gate, make_bank, measure, one_thread, table_2_row, user_data
from training.pruning import Learner, accuracy, learner, loss, parts_of, pruned_weights, without
from training.sampling import folds
from training.table_files import LICENCE

NAME = "pruning"
KINDS = ("positions", "channels")
RULES = {
    "pruned": "loss just after pruning",
    "retrained": "loss on held-out training images, after retraining",
    "weights": "weights times mean input",
}
KEPT = {"positions": (0.78, 0.56, 0.34), "channels": (0.8, 0.5, 0.25)}
"""Shares that the candidates keep, rounded to whole positions and channels."""

TOLERANCE = 0.005
"""Accuracy (0..1) that the chosen pruning may lose on training images that chose nothing else."""

_ROW = 1  # to be raised when rows of the same settings mean something else
RAM_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
"""Widths and depths of a block RAM of an ECP5 (DP16KD): 36 x 512 to 1 x 16384."""


@dataclass(frozen=True)
class Task(seeds.Task):
    """One user's part of a stage.

    Attributes:
        stage: ``oracle``, ``candidates`` or ``test``.
        float_ge: weights of the float GE; None leaves its units out.
        network: preset of the GE.
        prunings: those of the stages after the first, as (kind, numbers of what is removed); none removes nothing.
    """

    stage: str = "oracle"
    float_ge: Path | None = None
    network: str = "lenet5"
    prunings: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def __str__(self) -> str:
        return f"{super().__str__()}, {self.stage}"

    def row(self) -> Row:
        """See :class:`tools.rows.RowTask`."""
        ready = self.prepare()
        work = {"oracle": _oracle, "candidates": _candidates, "test": _test}[self.stage]
        about = f"{_ROW} {self.stage} {self.network} {self.prunings} {pruning.settings()}"
        float_ge = source_digest([self.float_ge]) if self.float_ge and self.float_ge.exists() else None
        depends_on = {**ready.depends_on, "pruning": f"{about} {float_ge}"}
        return Row(self.work, depends_on, partial(_with_name, self, work, ready))


def _with_name(task: Task, work: Any, ready: seeds.Prepared) -> dict[str, Any]:
    with one_thread():
        return {"user": task.user, "seed": task.seed, **work(task, ready)}


def _learner(ready: seeds.Prepared, seed: int) -> tuple[Learner, np.ndarray]:
    training = ready.training
    samples = extract(training.moe, ready.train, training.recipe.copies, training.seed)
    fold = folds(ready.train.labels, pruning.PARTS, seed)
    weight = training.recipe.rehearsal
    rehearsal = Rehearsal(training.generic.learning, weight) if weight else None
    start = training.start(ready.train)
    return learner(training.moe, samples, fold, start, rehearsal, seed), fold


def pooled(moe: Moe) -> Shape:
    """Shape of what the local expert reads."""
    return moe.le.layers[0].in_shape


def _oracle(task: Task, ready: seeds.Prepared) -> dict[str, Any]:
    """Random prunings, and the scores by which the rules rank: the higher, the sooner a part is missed."""
    user, fold = _learner(ready, task.seed)
    shape = pooled(user.moe)
    rows = pruning.le_oracle(user, pruning.random_prunings(shape, task.seed))
    trained = user.train(np.ones(shape.size, bool), pruning.LEARN)
    learn, out = user.part(pruning.LEARN), user.part([pruning.HELD_OUT])
    strength = np.abs(trained[0].weight).sum(0) * learn.local.mean(0)
    scores: dict[str, dict[str, list[float]]] = {rule: {} for rule in RULES}
    for kind in KINDS:
        each = [without(shape, kind, [number]) for number in range(parts_of(shape, kind))]
        cut = [pruned_weights(trained, one.kept) for one in each]
        again = [
            user.train(one.kept, pruning.LEARN, weights, pruning.RETRAIN_EPOCHS)
            for one, weights in zip(each, cut, strict=True)
        ]
        scores["pruned"][kind] = [loss(user.moe, weights, learn) for weights in cut]
        scores["retrained"][kind] = [loss(user.moe, weights, out) for weights in again]
        scores["weights"][kind] = [float(strength[~one.kept].sum()) for one in each]
    found = {"le": rows, "scores": scores}
    if task.float_ge:
        model = load_float_weights(load_toml("networks", task.network), task.float_ge)
        units = pruning.retrained_part(model, 1)[0].in_features
        found["ge"] = pruning.ge_oracle(model, ready.train, fold, pruning.random_units(units, task.seed))
    return found


def _candidates(task: Task, ready: seeds.Prepared) -> dict[str, Any]:
    """Accuracy on ``CHOICE`` of an expert that was trained without what a candidate prunes, on the other parts."""
    user, _ = _learner(ready, task.seed)
    shape, others = pooled(user.moe), [part for part in range(pruning.PARTS) if part != pruning.CHOICE]
    out = user.part([pruning.CHOICE])
    kept = [without(shape, kind, numbers).kept for kind, numbers in task.prunings]
    return {"accuracy": [accuracy(user.moe, user.train(one, others), out) for one in kept]}


def _test(task: Task, ready: seeds.Prepared) -> dict[str, Any]:
    """Personalisation by the usual recipe, with weights of zero for what is pruned: Table 2's figures."""
    training = ready.training
    moe, seed = training.moe, training.seed
    samples, generic = extract(moe, ready.train, training.recipe.copies, seed), training.generic
    start, rows = training.start(ready.train), []
    for kind, numbers in task.prunings:
        kept = without(pooled(moe), kind, numbers).kept
        known = replace(
            generic,
            learning=pruning.masked(generic.learning, kept),
            validation=pruning.masked(generic.validation, kept),
        )
        mine = pruning.masked(samples, kept)
        expert = fit_expert(moe, training.recipe, mine, known, start, seed)
        expert = replace(expert, weights=pruned_weights(expert.weights, kept))
        gate = fit_gate(moe, training.recipe, known, user_data(moe, ready.train, mine, expert), seed)
        bank, model = make_bank(moe, [expert], gate), MoeModel(moe)
        rows.append(table_2_row(measure(model, bank, ready.own), measure(model, bank, ready.other)))
    return {"rows": rows}


def candidates(oracle: Sequence[dict[str, Any]], shape: Shape) -> list[dict[str, Any]]:
    """What to try: of every kind and rule the parts with the lowest mean score go first."""
    found = []
    for kind in KINDS:
        every = parts_of(shape, kind)
        for rule in RULES:
            score = np.mean([row["scores"][rule][kind] for row in oracle], axis=0)
            order = np.argsort(score, kind="stable").tolist()
            for share in KEPT[kind]:
                removed = sorted(order[: every - max(1, round(share * every))])
                found.append({"kind": kind, "rule": rule, "removed": removed, "kept": every - len(removed)})
    return found


def chosen(found: Sequence[dict[str, Any]], unpruned: float, tolerance: float = TOLERANCE) -> dict[str, Any] | None:
    """The candidate with the smallest memory that loses at most ``tolerance`` of accuracy; None when there is none.

    Args:
        found: candidates with ``accuracy`` (0..1) and ``bits``; of equal memory the more accurate one is taken.
    """
    fit = [one for one in found if one["accuracy"] >= unpruned - tolerance]
    return min(fit, key=lambda one: (one["bits"], -one["accuracy"]), default=None)


def block_rams(word_bits: int, words: int) -> int:
    """Block RAMs of a memory: of all shapes of a block the one that needs fewest."""
    return min(-(-word_bits // width) * -(-words // depth) for width, depth in RAM_SHAPES)


def cost(layer: MatrixLayer, folding: LayerFolding, banks: int) -> dict[str, int]:
    """Cycles an image, and memory of the weights in all banks: by formula, nothing is synthesised."""
    word, words = layer.weight_word_bits(folding), layer.input_words(folding) * layer.output_words(folding)
    return {
        "cycles": layer.steps(folding),
        "weights": layer.weights,
        "macs": layer.activity(folding).macs,
        "multipliers": folding.multiplier_blocks,
        "bits": banks * layer.weight_memory_bits(folding),
        "block_rams": block_rams(word, banks * words),
    }


def pruned_cost(moe: Moe, folding: Folding, kind: str, removed: int) -> dict[str, int]:
    """The same of the expert's first layer without so many positions or channels.

    Positions are words that are never read: fewer cycles, a shallower memory. Fewer channels make words narrower; SIMD
    becomes its greatest divisor of what is left, so cycles fall only if that is SIMD still.
    """
    layer = moe.le.layers[0]
    fold, s = folding.layers[layer.name], layer.in_shape
    if kind == "positions":
        small = replace(layer, in_shape=Shape(1, s.height * s.width - removed, s.channels))
        return cost(small, fold, folding.weight_banks)
    left = s.channels - removed
    simd = max(n for n in range(1, min(left, fold.simd) + 1) if left % n == 0)
    small = replace(layer, in_shape=Shape(s.height, s.width, left))
    return cost(small, replace(fold, simd=simd), folding.weight_banks)


def run(same: dict[str, Any], users: Sequence[int], moe: Moe, folding: Folding, workers: Workers) -> dict[str, Any]:
    """All stages.

    Args:
        same: attributes of every :class:`Task`.
    """

    def stage(name: str, prunings: Sequence[tuple[str, tuple[int, ...]]] = ()) -> list[dict[str, Any]]:
        tasks = [Task(**same, user=user, stage=name, prunings=tuple(prunings)) for user in users]
        return seed_runs.run(tasks, workers)

    oracle = stage("oracle")
    found = candidates(oracle, pooled(moe))
    whole = (KINDS[0], ())
    named = [(one["kind"], tuple(one["removed"])) for one in found]
    measured = np.mean([row["accuracy"] for row in stage("candidates", [whole, *named])], axis=0)
    for one, value in zip(found, measured[1:], strict=True):
        one |= {"accuracy": float(value), **pruned_cost(moe, folding, one["kind"], len(one["removed"]))}
    best = chosen(found, float(measured[0]))
    tested = [whole, *([(best["kind"], tuple(best["removed"]))] if best else [])]
    test = [row["rows"] for row in stage("test", tested)]
    means = [{key: float(np.mean([rows[i][key] for rows in test])) for key in test[0][i]} for i in range(len(tested))]
    parts = [part for part in ("le", "ge") if part in oracle[0]]
    return {
        "prunings": {part: len(oracle[0][part]) for part in parts},
        "correlations": {part: _mean([pruning.correlations(row[part]) for row in oracle]) for part in parts},
        "spans": {part: _span([row[part] for row in oracle]) for part in parts},
        "unpruned": {"accuracy": float(measured[0]), **pruned_cost(moe, folding, KINDS[0], 0)},
        "candidates": found,
        "chosen": best,
        "test": {"unpruned": means[0], "pruned": means[1] if best else None},
        "tolerance": TOLERANCE,
        "pixels": moe.network.in_shape.height * moe.network.in_shape.width,
        "users": [{"user": row["user"], **{part: row[part] for part in parts}} for row in oracle],
    }


def _mean(rows: Sequence[dict[str, float | None]]) -> dict[str, dict[str, float]]:
    result = {}
    for key in rows[0]:
        values = [row[key] for row in rows if row[key] is not None]
        if values:
            result[key] = {"mean": float(np.mean(values)), "least": min(values), "most": max(values)}
    return result


def _span(users: Sequence[Sequence[dict[str, Any]]]) -> float:
    """Standard deviation of retrained accuracies among prunings that remove as many, mean over groups and users."""
    found = []
    for rows in users:
        for group in {row["group"] for row in rows}:
            found.append(np.std([row["held_out_accuracy"] for row in rows if row["group"] == group]))
    return float(np.mean(found))


OUTCOMES = {
    "retrained": "loss after retraining, images learned from",
    "held_out": "loss after retraining, held-out training images",
    "held_out_error": "error after retraining, held-out training images",
}
PARTS = {"le": "inputs of the LE", "ge": "units of the GE's first dense layer"}


def as_markdown(result: dict[str, Any]) -> str:
    """The tables for people."""
    rows = []
    for part, found in result["correlations"].items():
        for key, shown in OUTCOMES.items():
            cells = [_tau(found.get(name)) for name in (key, f"{key}_alike")]
            rows.append(f"| {PARTS[part]} | {shown} | {' | '.join(cells)} |")
    spans = ", ".join(f"{PARTS[part]} {100 * span:.2f}" for part, span in result["spans"].items())
    counts = ", ".join(f"{count} of {PARTS[part]}" for part, count in result["prunings"].items())
    lines = [_line("-", result["unpruned"], "none")]
    for one in result["candidates"]:
        lines.append(_line(RULES[one["rule"]], one, f"{len(one['removed'])} {one['kind']}"))
    intro = (
        f"Gate preset `{result['gate']}`, {len(result['users'])} users; random prunings of each: {counts}. Kendall's "
        "tau-b of the loss just after pruning with what it is to tell, mean over the users (least to most). As many: "
        "only pairs of prunings that remove as many of the same kind count. Standard deviation of retrained accuracies "
        f"among those, in points: {spans}."
    )
    fewer = f"The same for all users; by formula from the folding `{result['folding']}`: LE's first layer, all banks. "
    fewer += f"An image's {result['pixels']} pixels arrive one a cycle: fewer cycles than that shorten no image."
    head = "pruned | by | training images held out | cycles | weight memory, kbit | block RAMs | multipliers"
    parts = [
        f"{LICENCE}# Oracle pruning\n\n{intro}\n",
        "| pruned | against | all pairs | as many |\n|---|---|---|---|",
        *rows,
        f"\n## Fewer inputs of the LE\n\n{fewer}\n\n| {head} |\n|---|---|---|---|---|---|---|",
        *lines,
        f"\n{_choice(result)}\n\nReproduce: `{result['command']}`.\n",
    ]
    return "\n".join(parts)


def _tau(found: dict[str, float] | None) -> str:
    return f"{found['mean']:.2f} ({found['least']:.2f} to {found['most']:.2f})" if found else "-"


def _line(rule: str, one: dict[str, Any], what: str) -> str:
    figures = f"{one['cycles']} | {one['bits'] / 1024:.0f} | {one['block_rams']} | {one['multipliers']}"
    return f"| {what} | {rule} | {100 * one['accuracy']:.2f} | {figures} |"


def _choice(result: dict[str, Any]) -> str:
    """What was chosen, and what it costs on test images."""
    best, test = result["chosen"], result["test"]
    limit = f"{100 * result['tolerance']:.1f} points"
    if best is None:
        return f"None loses at most {limit}, so nothing is pruned."
    costs = ", ".join(
        f"{name} {100 * test['unpruned'][key]:.2f} to {100 * test['pruned'][key]:.2f} %"
        for key, name in (("le", "LE alone"), ("overall", "users"), ("generic_overall", "EMNIST"))
    )
    first = result["unpruned"]
    saved = ", ".join(
        f"{name} {first[key]} to {best[key]}"
        for key, name in (("cycles", "cycles"), ("block_rams", "block RAMs"), ("multipliers", "multipliers"))
    )
    return (
        f"Chosen, smallest memory that loses at most {limit}: without {len(best['removed'])} {best['kind']} "
        f"({', '.join(map(str, best['removed']))}), by {RULES[best['rule']]}. {saved}. On test images: {costs}. "
        f"{result['measured_on']}"
    )
