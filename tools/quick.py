# SPDX-License-Identifier: Apache-2.0
"""Which tests say most about a change in little time: those near to what changed, and a core that always runs.

A test file is near when few steps lead from it to a changed file. One step is an import, the name of a cocotb bench, an
instance of an RTL module, or a file's name in a source. What takes longer than the time that is left is not run, and
said.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spec.errors import InputError
from spec.paths import ROOT
from tools.run_order import BUILT, FRESH, kept_seconds

# Together a minute of one core: the arithmetic, one accelerator in all modes in every layer, the device, one bench.
CORE = (
    "spec/tests/test_network.py",
    "spec/tests/test_folding.py",
    "spec/tests/test_fixedpoint.py",
    "golden/tests/test_integer_model.py",
    "golden/tests/test_repository.py",
    "verif/compare/tests/test_rtl.py",
)
_RTL = ("hw/rtl/", "hw/board/")
UNKNOWN = 5.0  # seconds of a test file that was never timed


@dataclass(frozen=True)
class Choice:
    """Test files to run, nearest first and the core last, and those that a change reaches but time does not allow."""

    run: tuple[str, ...]
    left: tuple[str, ...]
    rtl: bool  # whether the RTL or what generates it changed, and is to be linted


def changed_files(root: Path = ROOT, base: str = "main") -> list[str]:
    """Files that differ from the last commit, or from where this branch left ``base``, and files git does not know.

    Raises:
        InputError: this is no git checkout.
    """

    def git(*arguments: str) -> list[str]:
        run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
        if run.returncode:
            raise InputError(f"git {arguments[0]} failed: {run.stderr.strip()}")
        return run.stdout.splitlines()

    found = git("diff", "--name-only", "HEAD") + git("ls-files", "--others", "--exclude-standard")
    known = subprocess.run(["git", "rev-parse", "-q", "--verify", base], cwd=root, capture_output=True, check=False)
    if not known.returncode:
        found += git("diff", "--name-only", f"{base}...HEAD")
    return sorted(set(found))


def is_test(file: str) -> bool:
    """Whether pytest collects the file."""
    return PurePosixPath(file).name.startswith("test_") and file.endswith(".py")


class Sources:
    """All source files of a checkout, and which of them use which."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self._modules = {_module(file): file for file in texts if file.endswith(".py")}
        # A module may have several files, each for another kind of device: by its name all of them are meant.
        self._rtl: dict[str, set[str]] = defaultdict(set)
        for file in texts:
            if file.startswith(_RTL):
                self._rtl[PurePosixPath(file).stem].add(file)
        self.users: dict[str, set[str]] = defaultdict(set)
        for file, text in texts.items():
            for used in self._used(file, text):
                if used != file:
                    self.users[used].add(file)

    @classmethod
    def of(cls, root: Path = ROOT) -> Sources:
        """Of the files that git knows or would know."""
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.sv"]
        run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        return cls({file: (root / file).read_text() for file in run.stdout.splitlines() if (root / file).exists()})

    def _used(self, file: str, text: str) -> set[str]:
        if file.endswith(".sv"):
            words = set(re.findall(r"\w+", re.sub(r"//.*", "", text)))
            return set().union(*(self._rtl[word] for word in words & self._rtl.keys()))
        used = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                word = node.value
                used.add(word)  # the dotted name of a cocotb bench
                if is_test(file):
                    used |= self._rtl.get(word.removesuffix(".sv"), set())
        return {self._modules.get(name, name) for name in used} & self.texts.keys()

    def distances(self, changed: Iterable[str]) -> dict[str, int]:
        """Steps from each test file that the changed files reach."""
        reached = {file: 0 for file in changed if file in self.texts}
        for file in changed:
            if file not in self.texts:
                reached |= dict.fromkeys(self._near(file), 1)
        front = list(reached)
        while front:
            following = []
            for file in front:
                for user in sorted(self.users.get(file, ())):
                    if user not in reached:
                        reached[user] = reached[file] + 1
                        following.append(user)
            front = sorted(following, key=reached.__getitem__)
        return {file: steps for file, steps in reached.items() if is_test(file)}

    def _near(self, file: str) -> list[str]:
        """Sources that use a file which is neither Python nor RTL: they have its name, or test its package."""
        path = PurePosixPath(file)
        quoted = (f'"{path.name}"', f'/{path.name}"')
        named = [
            one for one, text in self.texts.items() if one.endswith(".py") and any(name in text for name in quoted)
        ]
        if path.suffix == ".md":
            named += [one for one, text in self.texts.items() if is_test(one) and '.md"' in text]
        elif path.suffix != ".json":
            named += [one for one in self.texts if is_test(one) and one.split("/")[0] == path.parts[0]]
        return named


def _module(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def choose(
    changed: Sequence[str],
    sources: Sources,
    seconds: Mapping[str, float],
    budget: float,
    core: Sequence[str] = CORE,
) -> Choice:
    """Choose test files that take at most ``budget`` seconds of one core, beside the core."""
    steps = sources.distances(changed)

    def cost(file: str) -> float:
        return seconds.get(file, UNKNOWN)

    near, left, spent = [], [], 0.0
    for file in sorted(steps.keys() - set(core), key=lambda file: (steps[file], cost(file), file)):
        if spent + cost(file) <= budget:
            near.append(file)
            spent += cost(file)
        else:
            left.append(file)
    return Choice((*near, *(file for file in core if file in sources.texts)), tuple(left), touches_rtl(changed))


def touches_rtl(changed: Sequence[str]) -> bool:
    """Whether the RTL or what generates it is among the files."""
    return any(file.startswith((*_RTL, "hw/gen/", "hw/regs/", "configs/folding/")) for file in changed)


def choose_now(budget: float) -> tuple[list[str], Choice]:
    """The changed files of this checkout, and the choice for them."""
    changed = changed_files()
    fresh, built = kept_seconds(FRESH), kept_seconds(BUILT)
    # What was never timed on a built tree takes about a third of what it takes on a fresh one.
    seconds = {file: time / 3 for file, time in fresh.items()} | built
    if touches_rtl(changed):
        seconds |= fresh  # simulations are built again
    return changed, choose(changed, Sources.of(), seconds, budget)


def ruff_passes(root: Path = ROOT) -> bool:
    """Lint and format of all Python sources, which takes less time than to find out which changed."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    calls = (["check", "--quiet", "."], ["format", "--quiet", "--check", "."])
    return not any([subprocess.run([ruff, *call], cwd=root, check=False).returncode for call in calls])


def tests_pass(files: Sequence[str], jobs: int, root: Path = ROOT) -> bool:
    """Run test files, longest first, each on one of ``jobs`` workers."""
    workers = ["-n", str(jobs), "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [sys.executable, "-m", "pytest", "-q", *workers, *files]
    return subprocess.run(command, cwd=root, check=False).returncode == 0
