# SPDX-License-Identifier: Apache-2.0
"""The one way to simulate a module: Verilator and cocotb, with builds that are reused.

A build lives in ``build/sim/<toplevel>/<hash>``. The hash covers parameters, defines, tool
versions and the text of every source, so an edit never meets a stale build, and parallel pytest workers share
one.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spec.files import locked, write_text
from spec.paths import ROOT
from tools.manifest import NAME, compile_order, used_by
from tools.model_objects import COCOTB_RUN, OBJECTS, SHORT_RUN, CompileFailed, ModelCompiler, link_sources
from tools.mutants import ControlsRest, MutantRun, Replacement, under_test
from tools.toolchain import verilator_environment

RTL = ROOT / "hw" / "rtl"
BUILD = ROOT / "build" / "sim"
_PREFIX = "Vtop"  # cocotb's C++ main program includes the model by this name
PARAMETERS_VARIABLE = "SIM_PARAMETERS"  # how a cocotb bench learns the parameters it was built with
# Files whose assertions cocotb rewrites, so that a message has the values: setting that up takes longer than many a
# simulation does, so it is only done for a message that somebody reads.
_REWRITE = "COCOTB_REWRITE_ASSERTION_FILES"
_REWRITTEN, _AS_WRITTEN = {_REWRITE: "bench_*.py stream*.py"}, {_REWRITE: ""}

PATIENCE = 1200.0  # seconds: a simulation that takes longer hangs

Value = int | bool | str


class SimulationError(RuntimeError):
    """A tool is missing, a build failed, or a simulation ended without results. The message is a sentence."""


class Refused(SimulationError):
    """Verilator does not accept the design."""


class Killed(SimulationError):
    """A tool was ended by a signal, which says nothing about the design."""


@dataclass
class Results:
    """Outcome of a run: names of the cocotb tests that passed, and the message of each that failed."""

    passed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise AssertionError, with every message, if a test failed or none ran."""
        assert self.passed or self.failed, "the simulation ran no test"
        assert not self.failed, "\n".join(f"{name}: {message}" for name, message in self.failed.items())


def rtl_sources(*tops: str, directory: Path = RTL) -> list[Path]:
    """Files that define the modules or packages ``tops`` and all they use, in the order of the directory's manifest.

    Raises:
        SimulationError: one of ``tops`` is not in the manifest.
    """
    files = {path.stem: path for path in compile_order(directory)}
    used: set[str] = set()

    def visit(name: str) -> None:
        used.add(name)
        for other in used_by(files[name]) & set(files) - used:
            visit(other)

    for top in tops:
        if top not in files:
            raise SimulationError(f"There is no module {top} in {directory / NAME}.")
        visit(top)
    return [path for name, path in files.items() if name in used]


def mutate(source: Path, old: str, new: str) -> Path:
    """Write a copy of an RTL file with one defect, for negative controls.

    Args:
        source: the file.
        old: text to replace; it must occur exactly once, or the control would control nothing.
        new: its replacement.

    Returns:
        Path of the mutant.
    """
    if under_test():
        raise ControlsRest(f"a control that breaks {source.name} is no test of a mutant")
    text = Replacement(str(source), old, new).applied(source.read_text())
    path = BUILD / "mutants" / hashlib.sha256(text.encode()).hexdigest()[:16] / source.name
    write_text(path, text)
    return path


def with_mutant(sources: Sequence[Path], name: str, old: str, new: str) -> list[Path]:
    """``sources`` with the file ``name``.sv replaced by its mutant."""
    assert any(path.stem == name for path in sources), f"{name}.sv is not among the sources"
    return [mutate(path, old, new) if path.stem == name else path for path in sources]


def run(
    toplevel: str,
    test_module: str,
    *,
    sources: Sequence[Path] | None = None,
    parameters: Mapping[str, Value] | None = None,
    defines: Mapping[str, Value] | None = None,
    testcase: str | Sequence[str] | None = None,
    files: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    build_args: Sequence[str] = (),
    test_args: Sequence[str] = (),
    seed: int = 1,
    check: bool = True,
    optimise: bool = False,
    levels: int = 1,
) -> Results:
    """Build ``toplevel`` (or reuse the build) and run the cocotb tests of ``test_module`` on it.

    Args:
        toplevel: module name.
        test_module: dotted name of the cocotb bench, e.g. ``verif.unit.bench_mvu``.
        sources: files in compilation order; default ``rtl_sources(toplevel)``.
        parameters: of the top module; strings are quoted here. The bench sees them in ``SIM_PARAMETERS``.
        defines: Verilog macros.
        testcase: name(s) of the tests to run; default all.
        files: name -> text, written to the directory the simulation runs in (for ``$readmemh``).
        env: further environment variables of the bench.
        build_args, test_args: further arguments of Verilator and of the simulation.
        seed: of every random choice in the bench.
        check: raise AssertionError when a test fails. Negative controls pass False and look at the result.
        optimise, levels: as of ``build``.

    Returns:
        The tests that passed and failed.

    Raises:
        SimulationError: a tool is missing, the build fails, or the simulation ends without results or hangs.
    """
    from cocotb_tools.runner import get_runner

    parameters = dict(parameters or {})
    tools = _tools()
    directory = build(
        toplevel,
        sources=sources,
        parameters=parameters,
        defines=defines,
        build_args=build_args,
        optimise=optimise,
        levels=levels,
    )

    def once(assertions: Mapping[str, str]) -> tuple[Results, Path]:
        """Outcome of the simulation, and its log, which stays when a test failed."""
        work = Path(tempfile.mkdtemp(prefix=f"{test_module.rsplit('.', 1)[-1]}-", dir=directory))
        for name, text in (files or {}).items():
            (work / name).write_text(text)
        results, log = work / "results.xml", work / "simulation.log"
        with _environ(tools):
            runner = get_runner("verilator")
            runner.build_dir = directory
            # The runner exits instead of raising; the results file says more than its exit code.
            with contextlib.suppress(SystemExit, RuntimeError), _ended_after(PATIENCE, work):
                runner.test(
                    test_module=test_module,
                    hdl_toplevel=toplevel,
                    hdl_toplevel_lang="verilog",
                    testcase=testcase,
                    seed=seed,
                    test_args=list(test_args),
                    extra_env={PARAMETERS_VARIABLE: json.dumps(parameters), **assertions, **(env or {})},
                    build_dir=directory,
                    test_dir=work,
                    results_xml=str(results),
                    log_file=log,
                )
        outcome = _read_results(results, log)
        if not outcome.failed:
            shutil.rmtree(work)
        return outcome, log

    outcome, log = once(_AS_WRITTEN)
    if check and outcome.failed and not under_test():
        explained, explained_log = once(_REWRITTEN)
        if explained.failed:  # as it must, for everything random follows from the seed
            outcome, log = explained, explained_log
    if check:
        try:
            outcome.check()
        except AssertionError as error:
            raise AssertionError(f"{toplevel} {parameters}: {error}\n(log: {log})") from None
    return outcome


def build(
    toplevel: str,
    *,
    sources: Sequence[Path] | None = None,
    parameters: Mapping[str, Value] | None = None,
    defines: Mapping[str, Value] | None = None,
    build_args: Sequence[str] = (),
    optimise: bool = False,
    levels: int = 1,
) -> Path:
    """Verilate and compile ``toplevel`` for cocotb unless that exact build exists; return its directory.

    Args:
        toplevel, sources, parameters, defines, build_args: as of ``run``.
        optimise: for a large design that simulates many cycles: it compiles slowly and runs fast.
        levels: of the hierarchy whose signals the bench sees; 1 for the ports alone. Signals that nobody sees are
            optimised away, and make the model smaller and faster.
    """
    sources = rtl_sources(toplevel) if sources is None else list(sources)
    parameters = dict(parameters or {})
    defines = dict(defines or {})
    flags = ("-std=c++20",) if "--timing" in build_args else ()  # delays are coroutines
    compiler = ModelCompiler(OBJECTS, flags, COCOTB_RUN if optimise else SHORT_RUN)
    mutant, root = under_test(), BUILD
    if mutant and (changed := mutant.stand_in(sources, RTL)) != sources:
        refuse_new_findings(mutant, toplevel, parameters, sources, changed)
        sources, root = changed, mutant.build_directory
        # Nobody builds a mutant again, and several of them run at the same time.
        compiler = ModelCompiler(OBJECTS, flags, own=root / "objects", jobs=1)
    else:
        mutant = None
    # A synchronous design has no delays; without them every design shares one runtime library (see model_objects).
    build_args = ["--assert", "--no-timing", "--public-depth", str(levels), *build_args]
    tools = _tools()
    code = [Path(word) for word in build_args if word.endswith(".cpp")]
    digest = _digest(toplevel, [*sources, *code], parameters, defines, build_args)
    directory = root / toplevel / f"{digest}{'_fast' if optimise else ''}"
    directory.parent.mkdir(parents=True, exist_ok=True)

    with locked(directory.with_suffix(".lock")):
        complete = directory / "complete"
        if complete.exists():
            return directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        try:
            _compile(toplevel, directory, sources, [
                "--timescale", "1ns/1ps", *build_args,
                *(f"-D{name}={_literal(value)}" for name, value in defines.items()),
                *(f"-G{name}={_literal(value)}" for name, value in parameters.items()),
            ], tools, compiler)  # fmt: skip
        except SimulationError as error:
            if mutant and isinstance(error, Refused):
                mutant.refuse(str(error))
            raise SimulationError(f"The build of {toplevel} {parameters} failed:\n{error}") from None
        complete.touch()
    return directory


def _compile(
    toplevel: str,
    directory: Path,
    sources: Sequence[Path],
    arguments: Sequence[str],
    tools: Mapping[str, str],
    compiler: ModelCompiler,
) -> None:
    """Verilate and compile as cocotb's own runner does, but see ``model_objects`` for how.

    C++ sources and shared libraries among the arguments are compiled and linked with the model.
    """
    import cocotb_tools.config

    code = [Path(word) for word in arguments if word.endswith(".cpp")]
    libraries = [word for word in arguments if word.endswith(".so")]
    arguments = [word for word in arguments if not word.endswith((".cpp", ".so"))]

    command = [
        "verilator", "--cc", "--Mdir", ".", "--top-module", toplevel, "--prefix", _PREFIX,
        "--vpi", *arguments, *link_sources(sources, directory),
    ]  # fmt: skip
    try:
        _call(command, tools, directory)
    except Killed:
        raise
    except SimulationError as error:
        raise Refused(str(error)) from None
    harness = Path(cocotb_tools.config.share_dir) / "lib" / "verilator" / "verilator.cpp"
    try:
        objects = compiler.objects(directory, _PREFIX, [harness, *code])
    except CompileFailed as error:
        raise SimulationError(str(error)) from None
    cocotb = cocotb_tools.config.libs_dir
    link = [f"-Wl,-rpath,{cocotb}", f"-L{cocotb}", "-lcocotbvpi_verilator", "-o", toplevel]
    _call(["g++", *map(str, objects), *libraries, *link], tools, directory)


def _call(command: Sequence[str], tools: Mapping[str, str], directory: Path) -> None:
    """Run a tool and log what it says.

    Raises:
        Killed: a signal ended it.
        SimulationError: it failed.
    """
    run = subprocess.run(command, cwd=directory, env=tools, capture_output=True, text=True, check=False)
    text = run.stdout + run.stderr
    with (directory / "build.log").open("a") as file:
        file.write(f"{' '.join(command)}\n{text}")
    if run.returncode < 0:
        raise Killed(f"{command[0]} was ended by signal {-run.returncode}")
    if run.returncode:
        lines = [line for line in text.splitlines() if line.startswith(("%Error", "%Warning"))]
        raise SimulationError("\n".join(lines[:10] or text.splitlines()[-10:]))


def lint(toplevel: str, parameters: Mapping[str, Value] | None = None, sources: Sequence[Path] | None = None) -> str:
    """Return what ``verilator --lint-only -Wall`` has to say about ``toplevel``: nothing when it is clean."""
    tools = _tools()
    command = [
        str(shutil.which("verilator", path=tools["PATH"])),
        "--lint-only",
        "-Wall",
        "--top-module",
        toplevel,
    ]
    command += [f"-G{name}={_literal(value)}" for name, value in (parameters or {}).items()]
    command += map(str, rtl_sources(toplevel) if sources is None else sources)
    result = subprocess.run(command, env=tools, capture_output=True, text=True, check=False)
    # The statistics report, whose lines start with "- ", is not a finding.
    lines = (result.stdout + result.stderr).splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.startswith("- "))


def refuse_new_findings(
    run: MutantRun, toplevel: str, parameters: Mapping[str, Value], sound: Sequence[Path], mutant: Sequence[Path]
) -> None:
    """Note, and raise, what lint says about a mutant and not about the sound design.

    Raises:
        SimulationError: it says something, so the mutant is no design.
    """
    if not (found := _findings(lint(toplevel, parameters, mutant))):
        return
    if messages := "\n".join(sorted(found - _findings(lint(toplevel, parameters, sound)))):
        run.refuse(messages)
        raise SimulationError(f"Lint of the mutant of {toplevel} {parameters} says:\n{messages}")


def _findings(messages: str) -> set[str]:
    """Warnings and errors without the place, which differs between a file and its copy."""
    lines = (line for line in messages.splitlines() if re.match("%Warning|%Error(?!: Exiting)", line))
    return {re.sub(r"(?<=: )\S*/([^/\s:]+)(:\d+)*:(?= )", r"\1:", line) for line in lines}


def _tools() -> dict[str, str]:
    env = verilator_environment()
    if shutil.which("g++", path=env["PATH"]) is None:
        raise SimulationError("g++ was not found on PATH; install it with the system's packages.")
    if under_test():
        env["COCOTB_MAX_FAILURES"] = "1"  # the first test that fails is enough
    return env


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f'"{value}"' if isinstance(value, str) else str(value)


def _digest(
    toplevel: str,
    sources: Iterable[Path],
    parameters: Mapping[str, Value],
    defines: Mapping[str, Value],
    build_args: Sequence[str],
) -> str:
    digest = hashlib.sha256()
    versions = [importlib.metadata.version(name) for name in ("cocotb", "verilator") if _installed(name)]
    described = [toplevel, sorted(parameters.items()), sorted(defines.items()), list(build_args), versions]
    digest.update(json.dumps(described).encode())
    for path in sources:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


@contextlib.contextmanager
def _environ(env: Mapping[str, str]) -> Iterator[None]:
    """cocotb's runner takes its environment from os.environ; restore it afterwards."""
    saved = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)


@contextlib.contextmanager
def _ended_after(seconds: float, work: Path) -> Iterator[None]:
    """Kill processes that run in ``work`` when the block takes longer; cocotb's runner waits without end."""

    def kill() -> None:
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "cwd").readlink() == work:
                    os.kill(int(process.name), signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read_results(path: Path, log: Path) -> Results:
    text = log.read_text(errors="replace") if log.exists() else ""
    if not path.exists():
        tail = "\n".join(text.splitlines()[-10:])
        raise SimulationError(f"The simulation ended without results, see {log}:\n{tail}")
    # What $error and $fatal of the design said; cocotb only sees that the simulation ended.
    said = "; ".join(re.findall(r"%(?:Error|Fatal): (\S+ Assertion failed in .*)", text)[:3])
    results = Results()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = case.get("name", "?")
        failure = next((case.find(tag) for tag in ("failure", "error") if case.find(tag) is not None), None)
        if failure is not None:
            message = failure.get("error_msg") or failure.get("message") or "failed"
            results.failed[name] = f"{message} The design said: {said}" if said else message
        elif case.find("skipped") is None:
            results.passed.append(name)
    return results
