# SPDX-License-Identifier: Apache-2.0
"""A design that was found, as files that every command takes: folding, gate, and the network with its widths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from explore.search import Found
from explore.space import Space
from spec.files import write_text
from spec.folding import Folding
from spec.kinds.data import LayerFolding
from spec.paths import MODELS
from spec.qonnx_writer import QonnxWriter

_SPDX = "# SPDX-License-Identifier: Apache-2.0\n"


def folding_toml(folding: Folding, layers: Mapping[str, LayerFolding], name: str, said: str) -> str:
    """A folding preset, with sections for these layers."""
    lines = [_SPDX + f"# {said}", f'name = "{name}"', f"weight_banks = {folding.weight_banks}"]
    if not folding.learning:
        lines.append("learning = false")
    if folding.local_only:
        lines.append("local_only = true")
    for layer, fold in layers.items():
        lines += ["", f"[{layer}]"]
        lines += [] if fold.graph else [f"pe = {fold.pe}", f"simd = {fold.simd}"]
        lines.append(f'multiplier = "{fold.multiplier}"')
    return "\n".join(lines) + "\n"


def gate_toml(gate: Mapping[str, Any], said: str) -> str:
    """A gate preset: keys of its own first, then its sections."""
    plain = {key: value for key, value in gate.items() if not isinstance(value, Mapping)}
    sections = {key: value for key, value in gate.items() if isinstance(value, Mapping)}
    lines = [_SPDX + f"# {said}", *(f"{key} = {_value(value)}" for key, value in plain.items())]
    for title, section in sections.items():
        lines += ["", f"[{title}]", *(f"{key} = {_value(v)}" for key, v in section.items() if not _table(v))]
        for key, inner in section.items():
            if _table(inner):
                lines += ["", f"[{title}.{key}]", *(f"{name} = {_value(v)}" for name, v in inner.items())]
    return "\n".join(lines) + "\n"


def _table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, list) else str(value)


def write(found: Found, space: Space, directory: Path, name: str, said: str) -> dict[str, Path]:
    """Write what the design needs; returns the files by the option that takes them: preset, gate, ge."""
    files = {"preset": directory / f"{name}.toml"}
    write_text(files["preset"], folding_toml(found.folding, found.layers, name, said))
    if found.choice.gate:
        files["gate"] = directory / f"{name}.gate.toml"
        gate = {**space.gate_of(found.choice), "local_experts": space.moe(found.choice).local_experts}
        write_text(files["gate"], gate_toml(gate, said))
    if found.choice.widths:
        files["ge"] = directory / f"{name}.onnx"
        QonnxWriter(space.network_of(found.choice)).save(files["ge"])
    return files


def flags(files: Mapping[str, Path], gate: str, ge: Path, experts: int | None) -> str:
    """Options by which other commands take a written design.

    Args:
        files: of :func:`write`.
        gate, ge, experts: what the search was given; a file of :func:`write` takes the place of what it replaces.
    """
    said: dict[str, object] = dict(files)
    said.setdefault("gate", gate)
    if "ge" not in files and ge != MODELS / "ge.onnx":
        said["ge"] = ge
    if "gate" not in files and experts:
        said["local-experts"] = experts
    return " ".join(f"--{option} {value}" for option, value in said.items())
