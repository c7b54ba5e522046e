# SPDX-License-Identifier: Apache-2.0
"""Load presets and trained artefacts by name: ``configs/`` for descriptions, ``models/`` for weights."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from spec.bank import Bank
from spec.errors import InputError
from spec.folding import Folding, build_folding
from spec.network import Moe, build_moe
from spec.paths import CONFIGS, MODELS
from spec.qonnx_reader import read_qonnx

DEFAULT_FOLDING = "ecp5_85"
DEFAULT_GATE = "rich"
TRAINED_GATES = ("paper", "tuned", "rich")  # those of which banks are shipped and accuracies kept
SHARED_GATE = "shared"  # of devices of several users, which are made to order: none is among those that are shipped


@dataclass(frozen=True)
class Accelerator:
    """A complete description of one accelerator: what it computes and how it is folded.

    ``baked`` is the bank whose weights are constants of the design, for a device whose user never changes; None for a
    device that loads them.
    """

    moe: Moe
    folding: Folding
    baked: Bank | None = None

    @property
    def name(self) -> str:
        """Name of the build: network, gate, number of local experts, folding, and the bank that is baked in."""
        baked = f"-baked_{self.baked.digest()[:8]}" if self.baked else ""
        return f"{self.moe.network.name}-{self.moe.preset}{self.moe.local_experts}-{self.folding.name}{baked}"

    def bake(self, bank: Bank) -> Accelerator:
        """The same accelerator with a bank's weights as constants, as its only bank.

        Raises:
            InputError: the bank does not fit.
        """
        bank.check(self.moe)
        return Accelerator(self.moe, replace(self.folding, weight_banks=1, learning=False), bank)


def load_toml(kind: str, name: str | Path) -> dict:
    """Read ``configs/<kind>/<name>.toml``, or the file itself when ``name`` ends in ``.toml``.

    Raises:
        InputError: there is no such preset (the known ones are listed) or it is not valid TOML.
    """
    path = Path(name) if str(name).endswith(".toml") else CONFIGS / kind / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        known = ", ".join(sorted(p.stem for p in (CONFIGS / kind).glob("*.toml")))
        raise InputError(f"there is no {kind} preset '{name}'; known are {known}") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from None


def load_moe(gate: str = DEFAULT_GATE, ge: str | Path = MODELS / "ge.onnx", local_experts: int | None = None) -> Moe:
    """The network of a gate preset on a trained GE."""
    return build_moe(read_qonnx(ge), load_toml("gates", gate), local_experts)


def load_accelerator(
    folding: str = DEFAULT_FOLDING,
    gate: str = DEFAULT_GATE,
    ge: str | Path = MODELS / "ge.onnx",
    local_experts: int | None = None,
) -> Accelerator:
    """A folded accelerator from preset names."""
    moe = load_moe(gate, ge, local_experts)
    return Accelerator(moe, build_folding(load_toml("folding", folding), moe))


def shipped_accelerators() -> list[Accelerator]:
    """The trained GE in every combination of the gate presets of one user and of the foldings that are made for it."""
    names = sorted(path.stem for path in (CONFIGS / "folding").glob("*.toml"))
    foldings = [name for name in names if load_toml("folding", name).get("network", "lenet5") == "lenet5"]
    gates = sorted(path.stem for path in (CONFIGS / "gates").glob("*.toml") if path.stem != SHARED_GATE)
    return [load_accelerator(folding, gate) for folding in foldings for gate in gates]
