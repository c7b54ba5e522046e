# SPDX-License-Identifier: Apache-2.0
"""House style of SystemVerilog that no linter knows: length of lines, names of instances, one kind of section rule."""

from __future__ import annotations

import re

LINE = 120
RULE = 112  # columns of a section rule
_INSTANCE = re.compile(r"^ *(?:\) |[a-z]\w* )(\w+) \($")
_NO_INSTANCE = re.compile(r"^ *(?:module|typedef|function|else|assign|return|if|for|case|unique|and|or)\b")


def findings(name: str, text: str) -> list[str]:
    """What is not house style in a file, each as ``name:line: sentence``."""
    found = []

    def says(number: int, sentence: str) -> None:
        found.append(f"{name}:{number}: {sentence}")

    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LINE:
            says(number, f"the line has {len(line)} characters, allowed are {LINE}.")
        instance = _INSTANCE.match(line)
        if instance and not _NO_INSTANCE.match(line) and not instance[1].startswith("u_"):
            says(number, f"the instance {instance[1]} does not begin with u_.")
        ruled = re.search(r"-{4}", line) if re.match(r" *//(?!/)", line) else None
        if ruled and not (re.fullmatch(r" *// ---- [A-Z].* -+", line) and len(line) == RULE):
            says(number, f"a section rule is '// ---- Title ----', {RULE} columns wide.")
    return found
