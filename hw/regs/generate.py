# SPDX-License-Identifier: Apache-2.0
"""Write what people read of the register description; what the hardware takes is part of a generated design.

``make regs`` writes the C header and the HTML pages to ``build/regs``.
"""

from __future__ import annotations

import os
from pathlib import Path

from hw.regs.files import BUILD, HEADER, RDL, compile_rdl, register_files
from spec.files import new_directory, write_if_changed


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
