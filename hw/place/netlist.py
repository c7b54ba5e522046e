# SPDX-License-Identifier: Apache-2.0
"""The netlist that is placed: the device, alone or on a board, or a module of it between scan registers; made once."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from hw.board import WITHOUT_PLL, as_top, board_sources
from hw.board.boards import CLOCK, DEVICE_PATH, Board
from hw.gen.build import GeneratedHardware, generate
from hw.gen.digest import digest_of
from hw.hierarchy import TOP as DEVICE
from hw.parts import LOGIC_PS, kept_apart, parts
from hw.place import scan
from spec.files import locked, new_directory, write_text
from spec.paths import BUILD
from spec.presets import Accelerator
from tools.carries import open_ends
from tools.yosys import CARRY_MAP, READ_CELLS, SET_PARAMETERS, run_yosys, synthesis, version

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
        board: title of the board around the device; None without one.
    """

    design: str
    path: Path
    top: str
    clock: str
    module: scan.Instance | None
    digest: str
    children: tuple[str, ...] = ()
    board: str | None = None


def _read(hardware: GeneratedHardware, board: Board | None = None) -> str:
    """Commands that elaborate the device, or a board's top, every instance a module of its own."""
    sources = hardware.relative(board_sources(hardware, board) if board else hardware.device_sources)
    cells, top = READ_CELLS, DEVICE
    if board:
        cells += f"; {WITHOUT_PLL}"
        top = f"{board.module} {as_top(board)}"
    return (
        f"{cells}; read_slang --threads 1 --keep-hierarchy --top {top} -D SYNTHESIS "
        f"-D TARGET_ECP5 {' '.join(sources)}; {SET_PARAMETERS};"
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


def netlist(
    design: Accelerator,
    module: str | None = None,
    flat: bool = False,
    work: Path = WORK,
    board: Board | None = None,
) -> Netlist:
    """Synthesise the device, with a board's top around it, or one module of it; what is there already is reused.

    Args:
        module: name of a module or path of an instance, see :func:`hw.place.scan.choose`.
        flat: of the device, do not keep domains and layers as modules: smaller, but not what a supply border allows.
        board: not for a module.

    Raises:
        InputError: there is no such module.
        RuntimeError: Yosys failed; its log stays beside the netlist's directory.
    """
    every = device_instances(design, work) if module else ()
    chosen = scan.choose(every, module) if module else None
    wrapper = scan.wrapper(chosen) if chosen else ""
    name = ".".join([design.name, *([_plain(chosen.path)] if chosen else [board.name] if board else [])])
    # A module that is placed alone stays one: its cells keep their names, and the wrapper cannot change it.
    whole = () if flat else tuple(part.path for part in parts(design.moe, design.folding.domains))
    device = f"{board.module}.{DEVICE_PATH}" if board else DEVICE
    apart = tuple(f"{device}.{path}" for path in ((chosen.path,) if chosen else whole))
    top, clock = (board.module, CLOCK) if board else (scan.TOP, scan.CLOCK) if chosen else (DEVICE, "clk_i")
    hardware = generate(design)
    script = (
        f"{_read(hardware, board)} {kept_apart(apart)} "
        + (f"read_verilog {_PLACE}/{_WRAPPER}; hierarchy -check -top {top}; " if chosen else "")
        + f"scratchpad -set abc9.D {LOGIC_PS}; "
        + synthesis(top, *hardware.relative([CARRY_MAP]), options=f"-json {_PLACE}/{FILE}")
    )
    around = [path.read_text() for path in board_sources(hardware, board)] if board else []
    digest = _name_of(digest_of([design]), version(), wrapper, script, *around)
    kept = work / name / f"netlist_{digest}"
    with locked(kept.with_suffix(".lock")):
        if not kept.is_dir():
            _synthesise(hardware, wrapper, script, kept)
    below = scan.children(every, chosen) if chosen else ()
    return Netlist(name, kept / FILE, top, clock, chosen, digest, below, board.title if board else None)


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
            cells = json.loads(found.read_text())
            open_ends(cells)
            write_text(staging / FILE, json.dumps(cells))
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
