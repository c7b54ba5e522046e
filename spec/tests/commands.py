# SPDX-License-Identifier: Apache-2.0
"""Commands as they run, but in the process of the test: what they print, and their exit codes.

A test on any floor may run a command, as a user does.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from spec.paths import ROOT

SCRIPTS = ROOT / "scripts"
NAMES = tuple(sorted(path.stem for path in SCRIPTS.glob("[!_]*.py")))

if str(SCRIPTS) not in sys.path:
    sys.path.append(str(SCRIPTS))  # behind everything, where a command has it


def load(name: str) -> ModuleType:
    """The module of a command."""
    return importlib.import_module(f"scripts.{name}")


def call(name: str, *arguments: object) -> int:
    """Run a command; returns its exit code."""
    from _bootstrap import exit_code

    module = load(name)
    return exit_code(lambda: module.main([str(argument) for argument in arguments]), f"{name}.py")
