# SPDX-License-Identifier: Apache-2.0
"""A name for the state of the hardware: results that carry it can be told to be of these sources or of others."""

from __future__ import annotations

import hashlib

from golden.presets import ROOT

# What decides about the hardware of a preset: written and generated RTL, registers, folding, the frozen weights.
_PARTS = ("hw/rtl/*.sv", "hw/regs/*.rdl", "hw/gen/*.py", "golden/folding.py", "configs/**/*.toml", "models/*.onnx")


def rtl_digest() -> str:
    """16 hex digits of all sources of the hardware, names included; the same on every machine."""
    digest = hashlib.sha256()
    for pattern in _PARTS:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
