# SPDX-License-Identifier: Apache-2.0
"""The implementations that can be compared, one module each; adding one means adding a line to ``STAGES``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from verif.compare.stage import Setup, Stage
from verif.compare.stages.floating import FloatStage
from verif.compare.stages.hls import Hls4mlStage, HlsStage
from verif.compare.stages.integer import IntegerStage
from verif.compare.stages.pytorch import TorchStage
from verif.compare.stages.rtl import RtlStage

STAGES: dict[str, Callable[[Setup], Stage]] = {
    "float": FloatStage,
    "torch": TorchStage,
    "int": IntegerStage,
    "hls4ml": Hls4mlStage,
    "hls": HlsStage,
    "rtl": RtlStage,
}

DEFAULT_STAGES = ("float", "torch", "int", "rtl")  # the HLS stages first compile for a while; name them to have them


def stage_names(wanted: Iterable[str]) -> list[str]:
    """These names in the registry's order, each once."""
    chosen = set(wanted)
    return [name for name in STAGES if name in chosen]


def open_stages(names: list[str], setup: Setup) -> list[Stage]:
    """Make the stages ready.

    Raises:
        InputError: a stage lacks an input file.
    """
    return [STAGES[name](setup) for name in names]
