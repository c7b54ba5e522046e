# SPDX-License-Identifier: Apache-2.0
"""Write everything generated for one accelerator into a directory: SystemVerilog, memories and tap tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hw.gen import systemverilog
from hw.gen.kinds import rtl_kind
from hw.gen.kinds.matrix import memory_files as memory_files_of
from hw.gen.taps import taps
from hw.hierarchy import header
from hw.regs.files import BLOCK, PACKAGE, register_files
from spec.files import write_if_changed
from spec.kinds.layer import Layer
from spec.paths import ROOT
from spec.presets import Accelerator
from tools.manifest import read_manifest

RTL = ROOT / "hw" / "rtl"
LOCAL_ONLY = "local_only"  # below it, what stands in the places of the GE and the gate in a device that has none
_DEVICE_PACKAGE = "moe_device_pkg.sv"


@dataclass(frozen=True)
class GeneratedHardware:
    """Where the generated files are. Simulators must run in ``directory`` to find the memory files.

    ``rtl`` is the directory of the hand-written sources; fault injection puts an altered copy in its place.
    ``local_only``: of a device with front end and local experts only.
    """

    directory: Path
    generated_modules: tuple[str, ...]
    rtl: Path = RTL
    local_only: bool = False

    def _sources(self, device: bool) -> list[Path]:
        """The manifest's files with the generated ones in their places; without ``device`` those of moe_top."""
        groups = {group: [self.rtl / f"{name}.sv" for name in names] for group, names in read_manifest(RTL).items()}
        generated = [self.directory / f"{name}.sv" for name in self.generated_modules]
        sources = [*groups["packages"], self.directory / "moe_pkg.sv"]
        if device:
            sources += [self.directory / PACKAGE, *groups["device_packages"], self.directory / _DEVICE_PACKAGE]
        sources += [*groups["layers"], *generated, *groups["datapath"]]
        if self.local_only:
            names = read_manifest(RTL / LOCAL_ONLY)["branches"]
            sources += [self.rtl / LOCAL_ONLY / f"{name}.sv" for name in names]
        else:
            sources += [*groups["global_expert"], *groups["gate"]]
        sources += groups["core"]
        return [*sources, self.directory / BLOCK, *groups["device"]] if device else sources

    @property
    def synthesis_sources(self) -> list[Path]:
        """All sources of moe_top, packages first."""
        return self._sources(device=False)

    @property
    def device_sources(self) -> list[Path]:
        """All sources of moe_accelerator, packages first."""
        return self._sources(device=True)

    def relative_sources(self, device: bool = False) -> list[str]:
        """Sources of moe_top (or of moe_accelerator) as names below ``directory``, where they are copied.

        The WebAssembly build of Yosys sees only its working directory reliably (not, for example, another place
        below the system's temporary directory).
        """
        return self.relative(self.device_sources if device else self.synthesis_sources)

    def relative(self, sources: Iterable[Path]) -> list[str]:
        """The same for any sources."""
        names = []
        for path in sources:
            if path.parent != self.directory:
                (self.directory / "rtl").mkdir(exist_ok=True)
                write_if_changed(self.directory / "rtl" / path.name, path.read_text())
                names.append(f"rtl/{path.name}")
            else:
                names.append(path.name)
        return names

    @property
    def simulation_sources(self) -> list[Path]:
        """All sources of moe_sim."""
        return [*self.synthesis_sources, self.directory / "moe_sim.sv"]


def memory_files(accelerator: Accelerator) -> dict[str, str]:
    """File name and $readmemh text of every constant weight and bias memory."""
    files = baked_files(accelerator) if accelerator.baked else {}
    network, folds = accelerator.moe.network, accelerator.folding.layers
    for layer in _frozen_layers(accelerator):
        files |= rtl_kind(layer).memories(layer, folds.get(layer.name), network.weights.get(layer.name))
    return files


def baked_files(accelerator: Accelerator) -> dict[str, str]:
    """The same for the layers that are otherwise loaded at run time, from the bank that is baked in."""
    files, moe, folding = {}, accelerator.moe, accelerator.folding
    for (name, layer), (_, weights) in zip(moe.bank_layers, accelerator.baked.layers(), strict=True):
        if folding.is_present(layer, moe):
            files |= memory_files_of(name, layer, folding.layers[layer.name], weights)
    return files


def _frozen_layers(accelerator: Accelerator) -> tuple[Layer, ...]:
    """The GE's layers that the device has."""
    moe, folding = accelerator.moe, accelerator.folding
    return tuple(layer for layer in moe.network.layers if folding.is_present(layer, moe))


def layer_modules(accelerator: Accelerator) -> dict[str, str]:
    """Module name and SystemVerilog of everything that is generated for one layer: adder graphs."""
    modules = {}
    network, folds = accelerator.moe.network, accelerator.folding.layers
    lanes = accelerator.folding.streams(accelerator.moe).into
    for layer in _frozen_layers(accelerator):
        fold, weights = folds.get(layer.name), network.weights.get(layer.name)
        modules |= rtl_kind(layer).modules(layer, fold, lanes[layer.name], weights)
    return modules


def generated_files(accelerator: Accelerator) -> dict[str, str]:
    """File name and text of everything that is generated for an accelerator."""
    moe, folding = accelerator.moe, accelerator.folding
    tap_table = taps(moe, folding)
    return {
        "moe_pkg.sv": systemverilog.package(moe, folding, accelerator.baked is not None),
        **{f"{name}.sv": text for name, text in _modules(accelerator).items()},
        _DEVICE_PACKAGE: systemverilog.device_package(moe, folding),
        "moe_sim.sv": systemverilog.watched_top(tap_table),
        "taps.h": systemverilog.tap_header(moe, tap_table),
        "hierarchy.h": header(),
        **memory_files(accelerator),
        **register_files(),
    }


def _modules(accelerator: Accelerator) -> dict[str, str]:
    """Name and text of the generated modules."""
    moe, folding = accelerator.moe, accelerator.folding
    chains = {"front_end": systemverilog.front_end(moe, folding)}
    if not folding.local_only:
        chains["ge_tail"] = systemverilog.ge_tail(moe, folding)
    return chains | layer_modules(accelerator)


def generate(accelerator: Accelerator, directory: Path | None = None) -> GeneratedHardware:
    """Generate everything into ``directory`` (default ``build/hw/<accelerator name>``)."""
    directory = directory or ROOT / "build" / "hw" / accelerator.name
    directory.mkdir(parents=True, exist_ok=True)
    files = generated_files(accelerator)
    for name, text in files.items():
        write_if_changed(directory / name, text)
    others = {"moe_pkg.sv", _DEVICE_PACKAGE, "moe_sim.sv", PACKAGE, BLOCK}
    modules = tuple(name[:-3] for name in files if name.endswith(".sv") and name not in others)
    return GeneratedHardware(directory, modules, local_only=accelerator.folding.local_only)
