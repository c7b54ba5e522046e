# SPDX-License-Identifier: Apache-2.0
"""Place and route for ECP5: how nextpnr and ecppack are run. Those on ``PATH`` are faster than those of PyPI.

The builds of PyPI are WebAssembly and reliably see only the directory they run in, so all names are relative to one.
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spec.errors import CheckFailed
from spec.files import write_text
from tools import ecp5
from tools.routing import late, not_converging

PNR, PACK = "nextpnr-ecp5", "ecppack"
DEVICES = {option: device.name for option, device in ecp5.DEVICES.items()}
PACKAGES = {  # that nextpnr knows, by device, the smallest first
    "25k": ("TQFP144", "CSFBGA285", "CABGA256", "CABGA381"),
    "45k": ("TQFP144", "CSFBGA285", "CABGA256", "CABGA381", "CABGA554"),
    "85k": ("CSFBGA285", "CABGA381", "CABGA554", "CABGA756"),
}
GRADES = (6, 7, 8)  # the higher, the faster
REPORT, ROUTED, CONFIG, BITSTREAM, LOG = "report.json", "routed.json", "design.config", "design.bit", "nextpnr.log"
SDC, LPF = "clocks.sdc", "pins.lpf"
RIPUP = "--tmg-ripup"  # nets whose signal comes late are routed anew, also when no other net wants their wires
LOOK = 5.0  # seconds between two looks at the log


@dataclass(frozen=True)
class Target:
    """What a netlist is placed on, and how fast it shall be.

    Attributes:
        device: a key of :data:`DEVICES`.
        package: one of :data:`PACKAGES`.
        grade: one of :data:`GRADES`.
        mhz: every clock's target, MHz.
        clocks: other targets, MHz, by the name of a net or of a port.
        lpf: places of the pins and frequencies, as the text of an LPF file; without it nextpnr chooses the pins.
    """

    device: str = "85k"
    package: str = PACKAGES["85k"][-1]
    grade: int = 8
    mhz: float = 100.0
    clocks: Mapping[str, float] = field(default_factory=dict)
    lpf: str = ""

    def of(self, clock: str) -> float:
        """Target of a clock, MHz."""
        return self.clocks.get(clock, self.mhz)

    def constraints(self, ports: Iterable[str] = ()) -> str:
        """SDC with the targets of clocks that have one of their own; which of them are ``ports``, the netlist says."""
        places = {clock: "ports" if clock in ports else "nets" for clock in self.clocks}
        return "".join(
            f"create_clock -period {1000 / mhz:.4f} [get_{places[clock]} {{{clock}}}]\n"
            for clock, mhz in self.clocks.items()
        )


def command(tool: str) -> list[str]:
    """How a tool is called: the one on ``PATH``, else the WebAssembly build."""
    native = shutil.which(tool)
    return [native or str(Path(sys.executable).with_name(f"yowasp-{tool}"))]


def version() -> str:
    """What places and routes, with its version."""
    if not shutil.which(PNR):
        return f"yowasp-{PNR} {importlib.metadata.version(f'yowasp-{PNR}')}"
    said = subprocess.run([*command(PNR), "--version"], capture_output=True, text=True)
    found = re.search(r"Version ([^)\s]+)", said.stdout + said.stderr)
    return f"{PNR} {found[1] if found else 'of an unknown version'}"


def options(netlist: str, top: str, target: Target, seed: int, into: str, sdc: bool) -> list[str]:
    """Arguments of nextpnr; ``into`` is the directory of the results, in which the constraints are, if any."""
    words = [f"--{target.device}", "--package", target.package, "--speed", str(target.grade)]
    words += ["--json", netlist, "--top", top, "--seed", str(seed), "--freq", f"{target.mhz:g}"]
    words += ["--sdc", f"{into}/{SDC}"] if sdc else []
    words += ["--lpf", f"{into}/{LPF}"] if target.lpf else ["--lpf-allow-unconstrained"]
    words += ["--router", "router2", RIPUP]  # for a full chip the other one takes hours
    words += ["--timing-allow-fail", "--quiet", "--log", f"{into}/{LOG}"]
    words += ["--report", f"{into}/{REPORT}", "--detailed-timing-report"]
    return [*words, "--write", f"{into}/{ROUTED}", "--textcfg", f"{into}/{CONFIG}"]


def place_and_route(directory: Path, netlist: str, top: str, target: Target, seed: int, into: str, sdc: str) -> None:
    """Place, route and make a bitstream; a clock that misses its target is no failure here.

    Where the router cannot meet a target it would try for hours; then it is called again, and does not try.

    Args:
        directory: where the tools run; the other names are relative to it.
        into: directory of the results, which exists.
        sdc: constraints; empty for none.

    Raises:
        CheckFailed: a tool stopped; the message has its last error, its log stays in ``directory``.
    """
    if sdc:
        write_text(directory / into / SDC, sdc)
    if target.lpf:
        write_text(directory / into / LPF, target.lpf)
    words = options(netlist, top, target, seed, into, bool(sdc))
    made = (REPORT, ROUTED, CONFIG)
    try:
        _run(PNR, words, directory, into, seed, made)
    except _Late:
        for log in (failed_log(directory, seed), directory / into / LOG):
            log.unlink(missing_ok=True)
        _run(PNR, [word for word in words if word != RIPUP], directory, into, seed, made)
    _run(PACK, [f"{into}/{CONFIG}", f"{into}/{BITSTREAM}"], directory, into, seed, (BITSTREAM,))


class _Late(CheckFailed):
    """The router was given up while it tried to meet a target."""


def failed_log(directory: Path, seed: int) -> Path:
    """What stays of a seed without a result."""
    return directory / f"seed_{seed}.failed.log"


def _run(tool: str, words: list[str], directory: Path, into: str, seed: int, made: Iterable[str]) -> None:
    code, output, why = _watched([*command(tool), *words], directory, directory / into / LOG)
    missing = [name for name in made if not (directory / into / name).exists()]
    if not code and not missing:
        return
    log = directory / into / LOG
    text = (log.read_text() if log.exists() else "") + output
    kept = failed_log(directory, seed)
    write_text(kept, text)
    errors = [line.strip() for line in text.splitlines() if "ERROR" in line]
    what = errors[-1] if errors else f"exit code {code}" + (f", without {missing}" if missing else "")
    failed = _Late if why and late(text) else CheckFailed
    raise failed(f"{tool} stopped with seed {seed} ({why or what}), log: {kept}")


def _watched(words: list[str], directory: Path, log: Path) -> tuple[int, str, str]:
    """Run a tool; it is given up when its log says that it will not end.

    Returns:
        Its exit code, what it said beside its log, and why it was given up.
    """
    why = ""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(words, cwd=directory, stdout=said, stderr=subprocess.STDOUT)
        try:
            while not why and process.poll() is None:
                try:
                    process.wait(LOOK)
                except subprocess.TimeoutExpired:
                    why = not_converging(log.read_text()) if log.exists() else ""
        finally:
            process.kill()  # nothing, when it has ended
            process.wait()
        said.seek(0)
        return process.returncode, said.read(), why
