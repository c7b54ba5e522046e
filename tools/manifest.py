# SPDX-License-Identifier: Apache-2.0
"""The list of a directory's SystemVerilog sources, ``manifest.toml``: groups of module names, in compile order."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

NAME = "manifest.toml"


def read_manifest(directory: Path) -> dict[str, tuple[str, ...]]:
    """Groups in order, each with the names of its files without ``.sv``.

    Raises:
        OSError: there is no manifest.
    """
    groups = tomllib.loads((directory / NAME).read_text())
    return {group: tuple(names) for group, names in groups.items()}


def compile_order(directory: Path) -> list[Path]:
    """All files of a manifest."""
    return [directory / f"{name}.sv" for names in read_manifest(directory).values() for name in names]


def used_by(path: Path) -> set[str]:
    """Names that may be modules it instantiates (``u_...``, as the house style has them) and packages it names."""
    text = re.sub(r"//.*", "", path.read_text())
    return {name for pair in re.findall(r"\b(\w+)::|^ *(\w+) (?:#\(|u_\w+ \()", text, re.M) for name in pair if name}


def findings(manifest: Mapping[str, tuple[str, ...]], directory: Path) -> list[str]:
    """What is wrong between a manifest and the files of its directory, each as a sentence; empty when all is well."""
    listed = [name for names in manifest.values() for name in names]
    files = {path.stem for path in directory.glob("*.sv")}
    found = [f"{name}.sv is in no group of {NAME}." for name in sorted(files - set(listed))]
    found += [f"{NAME} names {name}, which has no file." for name in sorted(set(listed) - files)]
    return found + [f"{NAME} names {name} {count} times." for name, count in Counter(listed).items() if count > 1]
