# SPDX-License-Identifier: Apache-2.0
"""Names and types of the generated C++."""

from __future__ import annotations

from spec.fixedpoint import FixedPoint

HEADER = "// SPDX-License-Identifier: Apache-2.0\n// Generated from the network specification; do not edit.\n"


def type_name(layer_name: str) -> str:
    """C++ name of a layer's description: ``gate_hidden`` becomes ``GateHidden``."""
    return "".join(part[:1].upper() + part[1:] for part in layer_name.split("_"))


def cpp_type(kind: FixedPoint, rounding: bool = False) -> str:
    """The ap_fixed type of a value; activations round half to even and saturate."""
    base = f"{'ap_fixed' if kind.signed else 'ap_ufixed'}<{kind.bits}, {kind.bits - kind.fraction_bits}"
    return f"{base}, AP_RND_CONV, AP_SAT>" if rounding else f"{base}>"


def constants(numbers: dict[str, int]) -> list[str]:
    """Members of a layer's description that are numbers."""
    return [f"  static const unsigned {key} = {value};" for key, value in numbers.items()]


def struct(name: str, comment: str, body: list[str]) -> str:
    """A layer's description."""
    return f"/// {comment}\nstruct {type_name(name)} {{\n" + "\n".join(body) + "\n};\n"
