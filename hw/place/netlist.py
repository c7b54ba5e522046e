# SPDX-License-Identifier: Apache-2.0
"""The netlist that is placed: the whole device, or one module of it between scan registers; made once and kept."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from hw.gen.build import GeneratedHardware, generate
from hw.gen.digest import digest_of
from hw.hierarchy import TOP as DEVICE
from hw.parts import LOGIC_PS, kept_apart, parts
from hw.place import scan
from spec.files import locked, new_directory, write_text
from spec.paths import BUILD
from spec.presets import Accelerator
from tools.yosys import READ_CELLS, SET_PARAMETERS, run_yosys, version

WORK = BUILD / "fpga"
FILE = "netlist.json"
_PLACE = "%PLACE%"  # in a script, for the directory of what is made
_PORTS, _STAT, _WRAPPER = "ports.txt", "stat.json", f"{scan.TOP}.v"


@dataclass(frozen=True)
class Netlist:
    """A synthesised netlist.

    Attributes:
        design: name of the accelerator, and of the module when it is one.
        path: the JSON file.
        module: the module that is placed alone; None for the device.
        children: paths of the instances just below that module.
        digest: 16 hex digits of the sources, of the way of synthesis and of Yosys.
    """

    design: str
    path: Path
    top: str
    clock: str
    module: scan.Instance | None
    digest: str
    children: tuple[str, ...] = ()


def _read(hardware: GeneratedHardware) -> str:
    """Commands that elaborate the device, every instance a module of its own."""
    return (
        f"{READ_CELLS}; read_slang --threads 1 --keep-hierarchy --top {DEVICE} -D SYNTHESIS "
        f"-D TARGET_ECP5 {' '.join(hardware.relative_sources(device=True))}; {SET_PARAMETERS};"
    )


def _name_of(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def device_instances(design: Accelerator, work: Path = WORK) -> tuple[scan.Instance, ...]:
    """Every instance of the device in this design's parameterisation; elaborated once and kept.

    Raises:
        RuntimeError: Yosys failed.
    """
    kept = work / design.name / f"instances_{_name_of(digest_of([design]), version())}"
    with locked(kept.with_suffix(".lock")):
        if not kept.is_dir():
            hardware = generate(design)
            with new_directory(kept) as staging:
                made = hardware.directory / staging.name  # Yosys sees only the directory it runs in
                made.mkdir()
                try:
                    run_yosys(
                        hardware.directory,
                        f"{_read(hardware)} tee -q -o {made.name}/{_PORTS} portlist -m *; "
                        f"tee -q -o {made.name}/{_STAT} stat -json",
                    )
                    for name in (_PORTS, _STAT):
                        (staging / name).write_text((made / name).read_text())
                finally:
                    _remove(made)
    return scan.instances((kept / _PORTS).read_text(), (kept / _STAT).read_text())


def netlist(design: Accelerator, module: str | None = None, flat: bool = False, work: Path = WORK) -> Netlist:
    """Synthesise the device or one module of it; a netlist of the same sources and tool is reused.

    Args:
        module: name of a module or path of an instance, see :func:`hw.place.scan.choose`.
        flat: of the device, do not keep domains and layers as modules: smaller, but not what a supply border allows.

    Raises:
        InputError: there is no such module.
        RuntimeError: Yosys failed; its log stays beside the netlist's directory.
    """
    every = device_instances(design, work) if module else ()
    chosen = scan.choose(every, module) if module else None
    wrapper = scan.wrapper(chosen) if chosen else ""
    name = f"{design.name}.{_plain(chosen.path)}" if chosen else design.name
    # A module that is placed alone stays one: its cells keep their names, and the wrapper cannot change it.
    whole = () if flat else tuple(part.path for part in parts(design.moe))
    apart = tuple(f"{DEVICE}.{path}" for path in ((chosen.path,) if chosen else whole))
    top = scan.TOP if chosen else DEVICE
    hardware = generate(design)
    script = (
        f"{_read(hardware)} {kept_apart(apart)} "
        + (f"read_verilog {_PLACE}/{_WRAPPER}; hierarchy -check -top {top}; " if chosen else "")
        + f"scratchpad -set abc9.D {LOGIC_PS}; synth_ecp5 -top {top} -json {_PLACE}/{FILE}"
    )
    digest = _name_of(digest_of([design]), version(), wrapper, script)
    kept = work / name / f"netlist_{digest}"
    with locked(kept.with_suffix(".lock")):
        if not kept.is_dir():
            _synthesise(hardware, wrapper, script, kept)
    below = scan.children(every, chosen) if chosen else ()
    return Netlist(name, kept / FILE, top, scan.CLOCK if chosen else "clk_i", chosen, digest, below)


def _synthesise(hardware: GeneratedHardware, wrapper: str, script: str, kept: Path) -> None:
    log = kept.with_suffix(".log")
    with new_directory(kept) as staging:
        made = hardware.directory / staging.name
        made.mkdir()
        try:
            if wrapper:
                write_text(made / _WRAPPER, wrapper)
                write_text(staging / _WRAPPER, wrapper)
            run_yosys(hardware.directory, script.replace(_PLACE, made.name), log)
            found = made / FILE
            if not found.exists():
                raise RuntimeError(f"synthesis ended without a netlist, log: {log}")
            (staging / FILE).write_bytes(found.read_bytes())
        finally:
            _remove(made)


def _remove(directory: Path) -> None:
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()


def _plain(path: str) -> str:
    """A path as the name of a file."""
    return re.sub(r"[][]+", "_", path).replace("_.", ".").rstrip("_")


def ports_of(found: Netlist) -> set[str]:
    """Names of the top's ports."""
    return set(json.loads(found.path.read_text())["modules"][found.top]["ports"])
