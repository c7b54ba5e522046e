# SPDX-License-Identifier: Apache-2.0
"""Write what is generated from the register description: the block for the hardware, header and pages for people.

``make regs`` writes the C header and the HTML pages to ``build/regs``.
"""

from __future__ import annotations

import os
from pathlib import Path

from hw.regs.files import BUILD, HEADER, RDL, compile_rdl, register_files
from spec.files import new_directory, write_if_changed


def generate_registers(directory: Path, rdl: Path = RDL) -> list[Path]:
    """Write package, register block, C header and map into ``directory``; files that are right are left alone."""
    for name, text in register_files(rdl).items():
        write_if_changed(directory / name, text)
    return [directory / name for name in register_files(rdl)]


def write_documentation(directory: Path, rdl: Path = RDL) -> Path:
    """Write the browsable documentation as ``directory``, in place of what is there; returns its first page."""
    from peakrdl_html import HTMLExporter

    with new_directory(directory, replace=True) as staging:
        HTMLExporter(generate_source_links=False).export(compile_rdl(rdl), os.fspath(staging))
    return directory / "index.html"


def write_header(directory: Path = BUILD, rdl: Path = RDL) -> Path:
    """Write the C header into ``directory``; returns its path."""
    write_if_changed(directory / HEADER, register_files(rdl)[HEADER])
    return directory / HEADER
