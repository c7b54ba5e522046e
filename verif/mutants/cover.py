# SPDX-License-Identifier: Apache-2.0
"""Which tests see a change of a module, and a digest of all that their answer depends on."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from spec.errors import InputError
from spec.files import source_digest
from spec.paths import ROOT
from tools.cocotb_run import RTL, rtl_sources

_PACKAGE = r"(?:spec|golden|tools|hw|driver|verif)"  # of what benches use
FILE = Path(__file__).with_name("cover.toml")


@dataclass(frozen=True)
class Cover:
    """Test files of all modules: ``own`` and ``shared`` ones of units, and ``whole`` for those without a unit bench."""

    own: dict[str, Path]
    shared: dict[str, Path]
    whole: dict[str, Path]

    def tests(self, module: str) -> Path:
        """The test file that sees changes of ``module``.

        Raises:
            InputError: there is no such module.
        """
        for files in (self.own, self.shared, self.whole):
            if module in files:
                return files[module]
        known = ", ".join(sorted({*self.own, *self.shared, *self.whole}))
        raise InputError(f"there is no module {module!r} in hw/rtl; there are {known}")

    def together(self, tests: Path) -> list[str]:
        """Modules that a test file covers: it simulates some of them as a part of others."""
        files = {**self.own, **self.shared, **self.whole}
        return sorted(module for module, file in files.items() if file == tests)

    def digest(self, module: str, rtl: Path = RTL) -> str:
        """16 hexadecimal digits of what decides whether a change is seen: sources, tests, and what they use."""
        tests = self.tests(module)
        sources = {path for one in self.together(tests) for path in rtl_sources(one, directory=rtl)}
        return source_digest([*sorted(sources), *_imported(tests)])[:16]

    @property
    def units(self) -> list[str]:
        """Modules that a unit bench covers."""
        return sorted({*self.own, *self.shared})


def load_cover(rtl: Path = RTL, file: Path = FILE, root: Path = ROOT) -> Cover:
    """The cover of every module in ``rtl``; packages have no behaviour to change and are left out.

    Raises:
        InputError: a module has no test file, or the table names a module or file that does not exist.
    """
    table = tomllib.loads(file.read_text())
    modules = {path.stem for path in rtl.glob("*.sv") if not path.stem.endswith("_pkg")}
    named: dict[str, dict[str, Path]] = {}
    for section in ("covered_by", "whole"):
        named[section] = {module: root / path for module, path in table.get(section, {}).items()}
        for module, path in named[section].items():
            if module not in modules:
                raise InputError(f"{file.name}: [{section}] names {module}, which is no module of {rtl}")
            if not path.is_file():
                raise InputError(f"{file.name}: {module} is said to be covered by {path}, which does not exist")
    own = {}
    for module in sorted(modules - {*named["covered_by"], *named["whole"]}):
        own[module] = root / "verif" / "unit" / f"test_{module}.py"
        if not own[module].is_file():
            raise InputError(f"{module} has no test file {own[module]}; name the one that covers it in {file.name}")
    return Cover(own, named["covered_by"], named["whole"])


def _imported(tests: Path) -> list[Path]:
    """A test file and all modules of the project that it names, directly or not, in a fixed order."""
    found: dict[Path, None] = {}
    queue = [tests]
    while queue:
        path = queue.pop()
        if path in found:
            continue
        found[path] = None
        text = path.read_text()
        names = set(re.findall(rf"\b{_PACKAGE}(?:\.\w+)+", text))
        for package, imported in re.findall(rf"from ({_PACKAGE}(?:\.\w+)*) import \(?([\w,\s]+)", text):
            names |= {f"{package}.{name}" for name in re.findall(r"\w+", imported)}
        files = (ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in sorted(names))
        queue += [file for file in files if file.is_file()]
    return sorted(found)
