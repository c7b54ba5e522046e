# SPDX-License-Identifier: Apache-2.0
"""Promises about the repository itself: licence lines, pinned dependencies, and a README whose commands exist."""

from __future__ import annotations

import re
import subprocess

import pytest

from spec.paths import ROOT

SOURCE_SUFFIXES = {".py", ".sv", ".svh", ".cpp", ".hpp", ".h", ".toml", ".tcl", ".rdl", ".upf"}
SOURCE_NAMES = {"Makefile", "run"}
LICENCE = "SPDX-License-Identifier: Apache-2.0"
WITHOUT_LICENCE_LINE = {"pyproject.toml"}  # names the licence in its own field


def tracked_files() -> list[str]:
    """Files of the checkout that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listing.returncode:
        pytest.fail(f"git cannot list the files: {listing.stderr}")
    return [name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def lacks_licence(name: str, text: str) -> bool:
    """Whether a source file has no licence line among its first three."""
    path = ROOT / name
    if path.name in WITHOUT_LICENCE_LINE or not (path.suffix in SOURCE_SUFFIXES or path.name in SOURCE_NAMES):
        return False
    return LICENCE not in "\n".join(text.splitlines()[:3])


def test_every_source_file_has_a_licence_line():
    sources = tracked_files()
    assert any(name.endswith(".sv") for name in sources)
    missing = [name for name in sources if lacks_licence(name, (ROOT / name).read_text(errors="replace"))]
    assert missing == []


def test_the_licence_check_sees_a_missing_line():
    assert lacks_licence("spec/network.py", '"""No licence."""\n')


def test_dependencies_are_pinned_exactly():
    for name in (
        "requirements.txt",
        "requirements.lock",
        "requirements-dask.txt",
        "requirements-bench.txt",
        "requirements-explore.txt",
    ):
        lines = [x for x in (ROOT / name).read_text().splitlines() if x and not x.startswith("#")]
        assert lines
        assert [x for x in lines if not re.fullmatch(r"[A-Za-z0-9_.\-]+==[^\s,<>~]+", x)] == []


def test_the_lock_holds_every_direct_dependency_in_the_same_version():
    def pins(name: str) -> dict[str, str]:
        lines = [x for x in (ROOT / name).read_text().splitlines() if "==" in x and not x.startswith("#")]
        return {key.lower().replace("_", "-"): version for key, version in (x.split("==") for x in lines)}

    direct, locked = pins("requirements.txt"), pins("requirements.lock")
    assert {key: locked.get(key) for key in direct} == direct


def test_make_targets_of_the_readme_exist():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    named = set(re.findall(r"`make ([a-z]+)", readme))
    assert named
    assert {target for target in named if not re.search(rf"^{target}:", makefile, re.M)} == set()


def test_relative_links_of_the_documentation_resolve():
    pages = [name for name in tracked_files() if name.endswith(".md")]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", (ROOT / page).read_text()):
            if not ((ROOT / page).parent / target).exists():
                broken.append(f"{page}: {target}")
    assert broken == []
