# SPDX-License-Identifier: Apache-2.0
"""The top level with hls4ml's front end and tail: prepares what ``-DUSE_HLS4ML`` needs (see ``hls/src/layers.hpp``)."""

from __future__ import annotations

from pathlib import Path

from hls.build import build_library
from hls.gen import GeneratedHls
from spec.presets import Accelerator


def build_library_with_hls4ml(
    accelerator: Accelerator, generated: GeneratedHls, directory: Path | None = None, optimise: bool = True
) -> Path:
    """Compile the C simulation with the layers that hls4ml generated; run it with ``hls4ml=True``.

    ``directory`` and ``optimise`` are as for :func:`hls.build.build_library`.

    Raises:
        InputError, CompileError: as :func:`hls.build.build_library` and :func:`hls.hls4ml_project.build_project`.
    """
    from hls.hls4ml_flow import build_parts, frozen_parts, write_seam  # imports hls4ml, which takes seconds
    from hls.hls4ml_project import FLAGS, QUICK_FLAGS

    parts = frozen_parts(accelerator)
    projects = build_parts(parts, flags=FLAGS if optimise else QUICK_FLAGS)
    seam = generated.directory / "hls4ml"
    units = write_seam([projects[part.name] for part in parts], seam)
    return build_library(generated, (seam, units), directory, optimise)
