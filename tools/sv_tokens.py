# SPDX-License-Identifier: Apache-2.0
"""SystemVerilog as tokens, and which of them are code: for changing a source in one place.

Not a parser: it knows what the sources of this project look like, and says nothing about meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:\\.|[^"\\])*")
  | (?P<directive>`\w+)
  | (?P<number>(?:\d+\s*)?'[sS]?[bodhBODH][0-9a-fA-F_xXzZ?]+|'[01xXzZ](?!\w)|\d[\d_]*)
  | (?P<name>[A-Za-z_$][\w$]*)
  | (?P<operator><<<=|>>>=|===|!==|==\?|!=\?|<<<|>>>|<<=|>>=|&&|\|\||==|!=|<=|>=|<<|>>|\+\+|--|\+=|-=|\|=|&=|\^=
        |->|::|\+:|-:|~&|~\||~\^|\*\*|[-+*/%&|^~!<>=?:;,.()\[\]{}@\#'\\])
""",
    re.VERBOSE | re.DOTALL,
)
_ASSERTION_PARAMETERS = ("NeverFull",)
_OPENING = {"(": ")", "[": "]", "{": "}"}
_ENDS = {"begin": "end", "case": "endcase", "function": "endfunction", "module": "endmodule", "package": "endpackage"}


@dataclass(frozen=True)
class Token:
    """``text`` at ``start`` in the source; ``kind`` is the name of a group of the token pattern."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokens(source: str) -> list[Token]:
    """All tokens with comments and strings, in order; white space separates.

    Raises:
        ValueError: a character that begins no token.
    """
    found, position = [], 0
    while position < len(source):
        if source[position].isspace():
            position += 1
            continue
        match = _TOKEN.match(source, position)
        if match is None:
            line = source.count("\n", 0, position) + 1
            raise ValueError(f"line {line}: {source[position : position + 20]!r} begins no SystemVerilog token")
        found.append(Token(str(match.lastgroup), match.group(), position))
        position = match.end()
    return found


class Source:
    """A source file as tokens without comments, with brackets matched and what is not code marked.

    ``tokens``: without comments. ``code[i]``: token i is code that a change may touch. Not code are: headers of
    modules, functions and packages, imports, type definitions, ranges in declarations, strings, directives, everything
    between "`ifndef SYNTHESIS" and its "`endif", parameter checks at elaboration (generate blocks that only say
    ``$error``), what exists only to be called unused, and parameters that only switch assertions.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [token for token in tokens(text) if token.kind != "comment"]
        self.code = [token.kind != "string" for token in self.tokens]
        self.partner = self._partners()
        self._mark_directives()
        self._mark_headers()
        self._mark_statements()
        self._mark_declaration_ranges()
        self._mark_checks()

    def __getitem__(self, index: int) -> str:
        """Text of token ``index``; empty beyond the ends."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def __len__(self) -> int:
        return len(self.tokens)

    def line(self, index: int) -> int:
        """Line of token ``index``, counted from 1."""
        return self.text.count("\n", 0, self.tokens[index].start) + 1

    def behind(self, index: int) -> int:
        """Index behind the statement that begins at token ``index``."""
        while index < len(self):
            if self[index] in ("begin", "case"):
                index = self.partner[index] + 1
                if self[index] == ":":  # end : label
                    index += 2
                return index
            if self[index] in _OPENING:
                index = self.partner[index]
            elif self[index] == ";":
                return index + 1
            index += 1
        return index

    def _partners(self) -> dict[int, int]:
        partner: dict[int, int] = {}
        stack: list[tuple[str, int]] = []
        for index, token in enumerate(self.tokens):
            text = token.text
            if text in _OPENING:
                stack.append((_OPENING[text], index))
            elif text in _ENDS and token.kind == "name":
                stack.append((_ENDS[text], index))
            elif stack and text == stack[-1][0]:
                other = stack.pop()[1]
                partner[other], partner[index] = index, other
        if stack:
            raise ValueError(f"line {self.line(stack[-1][1])}: {self[stack[-1][1]]!r} has no {stack[-1][0]!r}")
        return partner

    def _hide(self, first: int, behind: int) -> None:
        self.code[first:behind] = [False] * (behind - first)

    def _mark_directives(self) -> None:
        for index, token in enumerate(self.tokens):  # conditions do not nest in this project
            if token.kind != "directive":
                continue
            if token.text == "`ifndef" and self[index + 1] == "SYNTHESIS":
                end = next(i for i in range(index, len(self)) if self[i] in ("`endif", "`else"))
                self._hide(index, end + 1)
            elif token.text in ("`define", "`undef", "`include", "`timescale", "`default_nettype"):
                stop = token.start
                while True:  # the directive's lines, with those that a backslash continues
                    stop = self.text.find("\n", stop)
                    if stop < 0 or self.text[stop - 1] != "\\":
                        break
                    stop += 1
                behind = next((i for i in range(index, len(self)) if 0 <= stop <= self.tokens[i].start), len(self))
                self._hide(index, behind)
            else:  # the use of a macro, or a condition
                argument = index + 1
                self._hide(index, self.partner[argument] + 1 if self[argument] == "(" else argument)

    def _mark_headers(self) -> None:
        for index in range(len(self)):
            if self[index] in ("module", "function", "package", "import", "typedef"):
                stop = index
                while self[stop] != ";" or self._in_import(index, stop):
                    stop = self.partner[stop] + 1 if self[stop] in _OPENING else stop + 1
                self._hide(index, stop + 1)
            elif self[index] in ("end", "endcase", "endfunction", "endmodule", "endpackage") and self[index + 1] == ":":
                self._hide(index, index + 3)

    def _in_import(self, first: int, semicolon: int) -> bool:
        """Whether a semicolon ends an import within a module's header, and not the header."""
        before = [self[i] for i in range(first, semicolon)]
        return before[0] == "module" and before[-2:] == ["::", "*"]

    def _mark_statements(self) -> None:
        """What exists to be called unused, for lint alone, and what only switches an assertion on."""
        for index in range(len(self)):
            if self[index] == "." and self[index + 1] in _ASSERTION_PARAMETERS:
                self._hide(index, self.partner[index + 2] + 1)
            if self[index] == "assign" and self[index + 1].startswith("unused_"):
                self._hide(index, self.behind(index))

    def _mark_declaration_ranges(self) -> None:
        for index in range(len(self)):
            if self[index] in ("logic", "bit", "wire", "reg"):
                index += 1
                if self[index] in ("signed", "unsigned"):
                    index += 1
                while self[index] == "[":
                    self._hide(index, self.partner[index] + 1)
                    index = self.partner[index] + 1

    def _mark_checks(self) -> None:
        """``if (...) begin : gen_bad_x $error(...); end`` and every ``else`` or loop around nothing else."""
        changed = True
        while changed:
            changed = False
            for index in range(len(self)):
                if self[index] != "begin" or not self.code[index]:
                    continue
                end = self.partner[index]
                inside = index + (3 if self[index + 1] == ":" else 1)
                if self[inside] == "$error":
                    inside = self.behind(inside)
                while inside < end and not self.code[inside]:
                    inside += 1
                if inside < end:
                    continue
                if inside == index + 1:  # an empty block
                    continue
                head = index
                if self[head - 1] == ")":
                    head = self.partner[head - 1] - 1  # the if or for
                if self[head - 1] == "else":
                    head -= 1
                self._hide(head, end + 1)
                changed = True
