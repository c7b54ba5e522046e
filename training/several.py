# SPDX-License-Identifier: Apache-2.0
"""Several users of one device, a local expert each: who shares one, its bank, and what it answers.

A local expert does not know who else is on its device, so it is trained once for all of them; the gate, with 1 + N
outputs, is trained for each device. Test images only measure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import lcm
from pathlib import Path
from typing import Any

import numpy as np

from golden.data import Handwriting, LabelledImages
from golden.integer_model import Answers, MoeModel
from spec.bank import Bank
from spec.bank_file import load_bank, save_bank
from spec.errors import InputError
from spec.folding import build_folding
from spec.network import Mode, Moe, build_moe
from spec.presets import DEFAULT_FOLDING, load_toml
from spec.qonnx_reader import read_qonnx
from training.factory_banks import is_writer
from training.features import extract
from training.fit import fingerprint
from training.gate import NO_BALANCE, GenericData, UserData
from training.gate_balance import Balance
from training.personalize import Recipe, fit_shared_gate, make_bank, user_data
from training.user_training import Expert, UserTraining

RECIPE = 1  # to be raised when the same settings give other banks or figures
EXPERT_SEED = 0  # of the local experts, which all devices and their seeds share
SHUFFLE = 0


def assignments(users: Sequence[int], experts: int, seed: int) -> list[tuple[int, ...]]:
    """Devices of ``experts`` users each, so that every user is equally often on one; a seed gives other neighbours.

    Raises:
        InputError: there are fewer users than a device has local experts.
    """
    if experts > len(users):
        raise InputError(f"a device with {experts} local experts needs as many users, the data have {len(users)}")
    order = np.random.default_rng([seed, experts]).permutation(users).tolist()
    places = lcm(len(order), experts)
    around = order * (places // len(order))
    return [tuple(sorted(around[i : i + experts])) for i in range(0, places, experts)]


@dataclass(frozen=True)
class Device:
    """One device: its users in the order of their local experts, the seed of its gate and how that is balanced."""

    users: tuple[int, ...]
    seed: int = 0
    balance: Balance = NO_BALANCE


@dataclass(frozen=True)
class Mixed:
    """Images of a device's users and generic ones, mixed in a fixed random order.

    ``owner`` is int64 (N,): 0 generic, i the user of local expert i - 1. ``images`` uint8 (N, H, W), ``labels`` (N,).
    """

    images: np.ndarray
    labels: np.ndarray
    owner: np.ndarray

    @staticmethod
    def of(own: Sequence[LabelledImages], generic: LabelledImages) -> Mixed:
        """All of them, in the order of the local experts."""
        parts = [generic, *own]
        owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        order = np.random.default_rng(SHUFFLE).permutation(len(owner))
        images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
        return Mixed(images[order], labels[order].astype(np.int64), owner[order])

    def take(self, count: int) -> Mixed:
        """The first ``count``; all of them for 0."""
        return self if not count else Mixed(self.images[:count], self.labels[:count], self.owner[:count])


def loads(answers: Sequence[int]) -> list[float]:
    """Each local expert's number of answers over the mean of all; nothing but 0 when none answered."""
    mean = float(np.mean(answers))
    return [float(count) / mean if mean else 0.0 for count in answers]


def figures(device: Device, mixed: Mixed, answers: Answers) -> dict[str, Any]:
    """What a device's answers to mixed images are worth, shares 0..1.

    ``users``: of each, ``accuracy``; ``local``, the share that any local expert answers; ``own``, the share that the
    user's own one answers. ``accuracy``: mean over the users. ``emnist``, ``generic_to_local``: of generic images.
    ``right_of_local``: of the users' images that a local expert answers, the share that their own one does. ``load``:
    each local expert's answers over the mean of all, as :func:`loads`.
    """
    right, experts = answers.classes == mixed.labels, answers.experts.astype(np.int64)
    users = []
    for number, user in enumerate(device.users, start=1):
        mine = mixed.owner == number
        if not mine.any():
            raise InputError(f"the images have none of user {user}, so nothing can be said about the device")
        users.append(
            {
                "user": user,
                "images": int(mine.sum()),
                "accuracy": float(right[mine].mean()),
                "local": float((experts[mine] > 0).mean()),
                "own": float((experts[mine] == number).mean()),
            }
        )
    generic, local = mixed.owner == 0, (mixed.owner > 0) & (experts > 0)
    counts = np.bincount(experts, minlength=1 + len(device.users))[1:].tolist()
    return {
        "users": users,
        "accuracy": float(np.mean([user["accuracy"] for user in users])),
        "emnist": float(right[generic].mean()),
        "generic_to_local": float((experts[generic] > 0).mean()),
        "right_of_local": float((experts == mixed.owner)[local].mean()) if local.any() else 0.0,
        "answers": counts,
        "load": loads(counts),
    }


@dataclass(frozen=True)
class Several:
    """Trains devices of one gate preset, whatever number of local experts they have.

    Attributes:
        single: trains the local experts; its preset has one.
        preset: the gate preset, as read from ``configs/gates``.
        images: of a user, to learn from.
        work: where local experts and banks are kept.
        unseen: indices of generic validation samples that a gate's threshold must not be chosen on.
    """

    single: UserTraining
    preset: dict
    images: Callable[[int], LabelledImages]
    work: Path
    unseen: tuple[int, ...] = ()

    @staticmethod
    def load(gate: str, ge: Path, train: LabelledImages, users: Handwriting, work: Path) -> Several:
        """Of a gate preset by name, on a GE (QONNX); the generic head comes from beside it, if it is there."""
        preset = load_toml("gates", gate)
        moe = build_moe(read_qonnx(ge), preset, 1)
        recipe, writers = Recipe.of(preset), users.train_parts()
        single = UserTraining.beside(ge.parent, moe, recipe, train, EXPERT_SEED, work, writers)
        return Several(single, preset, users.train, work)

    def moe(self, experts: int) -> Moe:
        """The preset with this number of local experts."""
        return build_moe(self.single.moe.network, self.preset, experts)

    @property
    def balance(self) -> Balance:
        """That of the preset's recipe."""
        return Balance(self.single.recipe.balance_loss, self.single.recipe.balance_capacity)

    @cached_property
    def generic(self) -> GenericData:
        """Generic data, without the unseen validation samples."""
        known = self.single.generic
        seen = np.setdiff1d(np.arange(len(known.validation)), self.unseen)
        return GenericData(known.learning, known.validation.select(seen), known.validation_ge[seen])

    @cached_property
    def _learnt_from(self) -> str:
        return fingerprint(self.single.generic_train)

    def training(self, group: Sequence[int]) -> UserTraining:
        """Trains the experts of a device with these users.

        A start from other writers' handwriting leaves all of them out: the gate learns what an expert says to its
        neighbours' images, and an expert has much to say to images that its start has seen.
        """
        single = self.single
        if single.moe.le_start != "factory" or len(group) == 1:
            return single
        writers = single.writers
        for user in group:
            writers = tuple(writer for writer in writers if not is_writer(self.images(user), writer))
        return replace(single, banks=None, writers=writers)

    def _expert_depends_on(self, user: int, group: Sequence[int]) -> dict[str, Any]:
        single = self.training(group)
        return {
            "recipe": RECIPE,
            "network": single.moe.network.digest(),
            "layers": f"{single.moe.le} {single.moe.le_start}",
            "seed": single.seed,
            "training": [repr(single.recipe.copies), single.recipe.rehearsal, single.settings()],
            "start": single.start_digest(self.images(user)),
            "generic": self._learnt_from,
            "user": fingerprint(self.images(user)),
        }

    def depends_on(self, device: Device) -> dict[str, Any]:
        """Everything that a device's bank depends on, as plain values."""
        moe = self.moe(len(device.users))
        return {
            "experts": [self._expert_depends_on(user, device.users) for user in device.users],
            "arithmetic": moe.arithmetic,
            "threshold": moe.threshold,
            "training": repr(self.single.recipe),
            "balance": repr(device.balance),
            "seed": device.seed,
            "unseen": hashlib.sha256(repr(self.unseen).encode()).hexdigest(),
        }

    def bank_file(self, device: Device) -> Path:
        """Where the device's bank is kept."""
        return self._file(f"{self.single.moe.preset}{len(device.users)}", self.depends_on(device), "bank")

    def _file(self, name: str, depends_on: dict[str, Any], kind: str) -> Path:
        key = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:16]
        return self.work / f"{name}-{key}.{kind}"

    def bank(self, device: Device) -> Bank:
        """The device's bank, from its file when it was trained before."""
        path, moe = self.bank_file(device), self.moe(len(device.users))
        try:
            return load_bank(path, moe)
        except InputError:  # not there, or not whole
            pass
        users = [self.user(user, device.users) for user in device.users]
        recipe = replace(self.single.recipe, balance_loss=device.balance.loss, balance_capacity=device.balance.capacity)
        gate = fit_shared_gate(moe, recipe, self.generic, users, device.seed)
        bank = make_bank(moe, [user.expert for user in users], gate)
        info = {"users": list(device.users), "seed": device.seed, "balance": device.balance.name}
        save_bank(path, bank, moe, build_folding(load_toml("folding", DEFAULT_FOLDING), moe), info)
        return bank

    @cached_property
    def _known(self) -> dict[str, UserData]:
        return {}

    def user(self, user: int, group: Sequence[int]) -> UserData:
        """Samples and local expert of a user of the device with this group; the expert from its file if it is there."""
        depends_on = self._expert_depends_on(user, group)
        file = self._file(f"expert-{self.single.moe.preset}", depends_on, "npz")
        if file.name not in self._known:
            single, images = self.training(group), self.images(user)
            expert = single.train(images, file, Expert.RESUME, expert_only=True).expert
            samples = extract(single.moe, images, single.recipe.copies, single.seed)
            self._known[file.name] = user_data(single.moe, images, samples, expert)
        return self._known[file.name]

    def measure(self, device: Device, mixed: Mixed) -> dict[str, Any]:
        """What the integer model answers with the device's bank, as :func:`figures`."""
        answers = MoeModel(self.moe(len(device.users))).run(mixed.images, Mode.MOE_PARALLEL, self.bank(device))
        return figures(device, mixed, answers)
