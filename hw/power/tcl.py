# SPDX-License-Identifier: Apache-2.0
"""The part of Tcl that the UPF file needs: braces, quotes, ``$variable``, ``[command]``, ``set`` and ``foreach``.

Anything else is refused, never guessed: the file must mean the same to every tool that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from spec.errors import InputError

Command = Callable[[list[str]], str]
_NAME = re.compile(r"\w+")


def elements(text: str) -> list[str]:
    """Elements of a Tcl list; each loses its outer braces.

    Raises:
        InputError: a brace is not closed, or something follows a closing brace.
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at].isspace() or text.startswith("\\\n", at):
            at += 1 + (text[at] == "\\")
        elif text[at] == "{":
            end = _closing(text, at, "{", "}")
            if end + 1 < len(text) and not text[end + 1].isspace():
                raise InputError(f"the list {text!r} has {text[end + 1]!r} right after a closing brace")
            found.append(text[at + 1 : end])
            at = end + 1
        else:
            end = at
            while end < len(text) and not text[end].isspace():
                end += 1
            found.append(text[at:end])
            at = end
    return found


def as_list(words: list[str]) -> str:
    """The Tcl list of words that have no braces or backslashes in them."""
    return " ".join("{" + word + "}" if not word or re.search(r"[\s\[\]$\";]", word) else word for word in words)


def _closing(text: str, at: int, opening: str, closing: str) -> int:
    depth = 0
    for index in range(at, len(text)):
        if text[index] in "{}[]" and index and text[index - 1] == "\\":
            continue
        depth += (text[index] == opening) - (text[index] == closing)
        if depth == 0:
            return index
    raise InputError(f"a {opening!r} is not closed")


class Interpreter:
    """Runs scripts over a set of commands.

    Args:
        commands: name and function, which gets the arguments and returns the result as text.
        source: name of the file, for messages.
    """

    def __init__(self, commands: Mapping[str, Command], source: str) -> None:
        self._commands = {"set": self._set, "foreach": self._foreach, **commands}
        self._source = source
        self._variables: dict[str, str] = {}
        self._line = 0

    def run(self, script: str, line: int = 1) -> str:
        """Run a script that starts at ``line`` of the file; the result is that of its last command.

        Raises:
            InputError: with file and line, when something is not understood or a command refuses its arguments.
        """
        at, result = 0, ""
        while True:
            at = self._skip(script, at, separators=True)
            if at >= len(script):
                return result
            here = line + script.count("\n", 0, at)
            self._line = here
            try:
                words, at = self._words(script, at, here)
                if words[0] not in self._commands:
                    raise InputError(f"there is no command {words[0]!r} in the subset of Tcl and UPF that is read here")
                result = self._commands[words[0]](words[1:])
            except InputError as error:
                if str(error).startswith(f"{self._source}:"):
                    raise
                raise InputError(f"{self._source}:{here}: {error}") from None

    @staticmethod
    def _skip(text: str, at: int, separators: bool) -> int:
        """Over white space; with ``separators`` also over the ends of commands and over comments."""
        while at < len(text):
            if text.startswith("\\\n", at):
                at += 2
            elif text[at] in " \t" or (separators and text[at] in "\n;"):
                at += 1
            elif separators and text[at] == "#":
                end = text.find("\n", at)
                at = len(text) if end < 0 else end
            else:
                break
        return at

    def _words(self, text: str, at: int, line: int) -> tuple[list[str], int]:
        words: list[str] = []
        while True:
            at = self._skip(text, at, separators=False)
            if at >= len(text) or text[at] in "\n;":
                return words, at
            if text[at] == "{":
                end = _closing(text, at, "{", "}")
                word, at = text[at + 1 : end], end + 1
                if word == "*":
                    raise InputError("'{*}' is not read here")
            elif text[at] == '"':
                word, at = self._substitute(text, at + 1, '"', line)
                at += 1
            else:
                word, at = self._substitute(text, at, " \t\n;", line)
            if at < len(text) and text[at] not in " \t\n;" and not text.startswith("\\\n", at):
                raise InputError(f"{text[at]!r} stands right after the word {word!r}")
            words.append(word)

    def _substitute(self, text: str, at: int, until: str, line: int) -> tuple[str, int]:
        parts: list[str] = []
        while at < len(text) and text[at] not in until:
            character = text[at]
            if character == "[":
                end = _closing(text, at, "[", "]")
                parts.append(self.run(text[at + 1 : end], line))
                at = end + 1
            elif character == "$":
                name = _NAME.match(text, at + 1)
                if name is None or name[0] not in self._variables:
                    raise InputError(f"there is no variable {name[0] if name else text[at : at + 2]!r}")
                parts.append(self._variables[name[0]])
                at = name.end()
            elif character == "\\":
                if text.startswith("\\\n", at):
                    break
                raise InputError("a backslash stands outside of braces and not at the end of a line")
            else:
                parts.append(character)
                at += 1
        if until == '"' and at >= len(text):
            raise InputError("a quote is not closed")
        return "".join(parts), at

    def _set(self, arguments: list[str]) -> str:
        if len(arguments) != 2:
            raise InputError(f"set has {len(arguments)} arguments, a name and a value are needed")
        self._variables[arguments[0]] = arguments[1]
        return arguments[1]

    def _foreach(self, arguments: list[str]) -> str:
        if len(arguments) != 3:
            raise InputError(f"foreach has {len(arguments)} arguments, a name, a list and a body are needed")
        name, values, body = arguments
        line = self._line
        for value in elements(values):
            self._variables[name] = value
            self.run(body, line)
        return ""
