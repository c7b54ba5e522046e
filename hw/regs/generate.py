# SPDX-License-Identifier: Apache-2.0
"""Write what is generated from the register description: the block for the hardware, header and pages for people.

``python -m hw.regs.generate`` writes the C header and the HTML pages to ``build/regs``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from hw.regs.files import BUILD, HEADER, RDL, compile_rdl, register_files
from spec.errors import InputError
from spec.files import write_if_changed
from spec.paths import ROOT


def generate_registers(directory: Path, rdl: Path = RDL) -> list[Path]:
    """Write package, register block, C header and map into ``directory``; files that are right are left alone."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in register_files(rdl).items():
        write_if_changed(directory / name, text)
    return [directory / name for name in register_files(rdl)]


def write_documentation(directory: Path, rdl: Path = RDL) -> Path:
    """Write the browsable documentation as ``directory``, in place of what is there; returns its first page."""
    from peakrdl_html import HTMLExporter

    directory.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=directory.parent))
    try:
        HTMLExporter(generate_source_links=False).export(compile_rdl(rdl), os.fspath(staging))
        shutil.rmtree(directory, ignore_errors=True)
        staging.rename(directory)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return directory / "index.html"


def main() -> int:
    """Write header and pages; say where they are."""
    try:
        header = BUILD / HEADER
        BUILD.mkdir(parents=True, exist_ok=True)
        write_if_changed(header, register_files()[HEADER])
        page = write_documentation(BUILD / "html")
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"C header       {header.relative_to(ROOT)}\ndocumentation  {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
