# SPDX-License-Identifier: Apache-2.0
"""What axe-core, an accessibility checker, finds on a page (WCAG 2 A and AA)."""

from __future__ import annotations

import json
from importlib.resources import files

from demo.visitor import Visitor
from spec.errors import InputError

_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
SERIOUS = ("serious", "critical")


def findings(visitor: Visitor, impacts: tuple[str, ...] = SERIOUS) -> list[str]:
    """Sentences about what is wrong on the page as it is now.

    Args:
        impacts: what counts, by axe-core's words.

    Raises:
        InputError: axe-core is not installed.
    """
    try:
        script = files("axe_core_python").joinpath("axe.min.js").read_text()
    except (ModuleNotFoundError, FileNotFoundError):
        raise InputError("axe-core is not installed (axe-core-python of requirements.txt)") from None
    visitor.see(f"{script}; 0")
    options = json.dumps({"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]})
    rows = "r.violations.map(v => [v.impact, v.id, v.help, v.nodes.map(n => n.html)])"
    found = visitor.see(f"axe.run(document, {options}).then(r => {rows})")
    return [
        f"{impact}: {rule}: {words}: {', '.join(part[:160] for part in parts[:3])}"
        for impact, rule, words, parts in found
        if impact in impacts
    ]
