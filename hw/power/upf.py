# SPDX-License-Identifier: Apache-2.0
"""Reads the power intent: IEEE 1801-2015 commands, as far as ``moe_accelerator.upf`` uses them, into typed objects.

An unknown command or option, a name that was never created and a name that is created twice are errors: a misspelt
intent must not become no intent. Instance paths are as in the UPF file, ``/`` between modules and ``.`` behind a
generate block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hw.power.tcl import Interpreter, as_list, elements
from spec.errors import InputError

UPF = Path(__file__).with_name("moe_accelerator.upf")


@dataclass
class Domain:
    """A power domain: instances and primary supply set."""

    name: str
    elements: tuple[str, ...]
    supply: str


@dataclass
class Switch:
    """A power switch: closed while ``control`` is ``closed_when``; then ``ack`` (None: no answer) is ``ack_when``."""

    name: str
    supply_in: str
    supply_out: str
    control: str
    closed_when: int
    ack: str | None
    ack_when: int


@dataclass
class Isolation:
    """Clamps of a domain's outputs to ``clamp`` while ``signal`` has the level ``sense``."""

    name: str
    domain: str
    signal: str
    sense: int
    clamp: int
    supply: str
    location: str
    cells: tuple[str, ...] = ()


@dataclass
class Retention:
    """What stays while a domain sleeps: instances, with level-sensitive save and restore as (signal, level)."""

    name: str
    domain: str
    supply: str
    save: tuple[str, int]
    restore: tuple[str, int]
    elements: tuple[str, ...]


@dataclass
class PowerState:
    """A state of a supply set, domain or group: the states of others that make it up."""

    name: str
    terms: dict[str, str]
    legal: bool


@dataclass
class Intent:
    """All of it, by name. ``supply_sets`` gives the power net of each."""

    top: str = ""
    nets: set[str] = field(default_factory=set)
    supply_sets: dict[str, str] = field(default_factory=dict)
    domains: dict[str, Domain] = field(default_factory=dict)
    switches: dict[str, Switch] = field(default_factory=dict)
    isolation: dict[str, Isolation] = field(default_factory=dict)
    retention: dict[str, Retention] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    states: dict[str, dict[str, PowerState]] = field(default_factory=dict)


def read_upf(path: Path, instances: Sequence[str]) -> Intent:
    """Read a UPF file.

    Args:
        path: the file.
        instances: path of every instance of the design, for ``find_objects``.

    Raises:
        InputError: with file and line.
    """
    reader = _Reader(instances)
    commands = {name[4:]: getattr(reader, name) for name in dir(reader) if name.startswith("cmd_")}
    Interpreter(commands, path.name).run(path.read_text())
    return reader.intent


def _options(arguments: list[str], names: str, allowed: str, flags: str = "") -> tuple[list[str], dict[str, list[str]]]:
    """Positional arguments and options with all values of each; a flag has the value ``TRUE``."""
    positional: list[str] = []
    found: dict[str, list[str]] = {}
    rest = iter(arguments)
    for word in rest:
        option = word[1:]
        if not word.startswith("-"):
            positional.append(word)
        elif option in flags.split():
            found.setdefault(option, []).append("TRUE")
        elif option in allowed.split():
            value = next(rest, None)
            if value is None:
                raise InputError(f"option -{option} has no value")
            found.setdefault(option, []).append(value)
        else:
            raise InputError(f"option -{option} is not known; known are {', '.join((allowed + ' ' + flags).split())}")
    if len(positional) != len(names.split()):
        raise InputError(f"there are {len(positional)} arguments {positional}, needed are: {names or 'none'}")
    return positional, found


def _only(options: dict[str, list[str]], *names: str) -> list[str]:
    """The one value of each option.

    Raises:
        InputError: an option is missing, or is there more than once.
    """
    for name in names:
        if len(options.get(name, [])) != 1:
            raise InputError(f"option -{name} is given {len(options.get(name, []))} times, needed is once")
    return [options[name][0] for name in names]


def _level(text: str) -> int:
    if text not in ("low", "high"):
        raise InputError(f"the sense is {text!r}, allowed are low and high")
    return int(text == "high")


def _pair(text: str) -> tuple[str, str]:
    values = elements(text)
    if len(values) != 2:
        raise InputError(f"{text!r} has {len(values)} elements, 2 are needed")
    return values[0], values[1]


def _literal(text: str, port: str) -> int:
    """The level of ``port`` at which the expression ``port`` or ``!port`` is true."""
    if text.replace(" ", "") not in (port, f"!{port}"):
        raise InputError(f"the expression is {text!r}, allowed are {port} and !{port}")
    return int("!" not in text)


class _Reader:
    """One method for each command, ``cmd_<name>``."""

    def __init__(self, instances: Sequence[str]) -> None:
        self.intent = Intent()
        self._instances = list(instances)

    @staticmethod
    def _new(table: dict, name: str, value: object) -> None:
        if name in table:
            raise InputError(f"{name} is created twice")
        table[name] = value

    @staticmethod
    def _known(what: str, table: Sequence[str] | dict | set, name: str) -> str:
        if name not in table:
            raise InputError(f"there is no {what} {name!r}; there are {', '.join(sorted(table)) or 'none'}")
        return name

    # ---- Scope ----------------------------------------------------------------------------------------------------
    def cmd_upf_version(self, arguments: list[str]) -> str:
        if arguments != ["3.0"]:
            raise InputError(f"the UPF version is {arguments}, read here is 3.0 (IEEE 1801-2015)")
        return ""

    def cmd_set_design_top(self, arguments: list[str]) -> str:
        (self.intent.top,), _ = _options(arguments, "top", "")
        return ""

    def cmd_set_scope(self, arguments: list[str]) -> str:
        if arguments != ["."]:
            raise InputError(f"the scope is {arguments}, read here is '.'")
        return ""

    def cmd_find_objects(self, arguments: list[str]) -> str:
        """Patterns apply to the instance's own name in its module."""
        (scope,), options = _options(arguments, "scope", "pattern object_type transitive", "regexp")
        pattern, kind, transitive = _only(options, "pattern", "object_type", "transitive")
        if kind != "inst" or transitive != "TRUE" or "regexp" not in options:
            raise InputError("read here is find_objects with -object_type inst, -transitive TRUE and -regexp")
        self._known("instance", self._instances, scope)
        inside = [path for path in self._instances if path.startswith(scope + "/")]
        return as_list([path for path in inside if re.fullmatch(pattern, path.rsplit("/", 1)[1])])

    # ---- Supplies -------------------------------------------------------------------------------------------------
    def cmd_create_supply_port(self, arguments: list[str]) -> str:
        _options(arguments, "port", "direction")
        return ""

    def cmd_create_supply_net(self, arguments: list[str]) -> str:
        (name,), _ = _options(arguments, "net", "")
        if name in self.intent.nets:
            raise InputError(f"{name} is created twice")
        self.intent.nets.add(name)
        return ""

    def cmd_connect_supply_net(self, arguments: list[str]) -> str:
        (name,), _ = _options(arguments, "net", "ports")
        self._known("supply net", self.intent.nets, name)
        return ""

    def cmd_create_supply_set(self, arguments: list[str]) -> str:
        (name,), options = _options(arguments, "set", "function")
        functions = dict(map(_pair, options.get("function", [])))
        if set(functions) != {"power", "ground"}:
            raise InputError(f"supply set {name} has the functions {sorted(functions)}, needed are ground and power")
        for net in functions.values():
            self._known("supply net", self.intent.nets, net)
        self._new(self.intent.supply_sets, name, functions["power"])
        return ""

    # ---- Domains and switches -------------------------------------------------------------------------------------
    def cmd_create_power_domain(self, arguments: list[str]) -> str:
        (name,), options = _options(arguments, "domain", "elements supply")
        members, supply = _only(options, "elements", "supply")
        function, supply_set = _pair(supply)
        if function != "primary":
            raise InputError(f"domain {name} has a supply {function!r}, read here is 'primary'")
        self._known("supply set", self.intent.supply_sets, supply_set)
        self._new(self.intent.domains, name, Domain(name, tuple(elements(members)), supply_set))
        return ""

    def cmd_create_power_switch(self, arguments: list[str]) -> str:
        (name,), options = _options(
            arguments, "switch", "domain input_supply_port output_supply_port control_port ack_port on_state off_state"
        )
        domain, supply_in, supply_out, control, on_state, off_state = _only(
            options, "domain", "input_supply_port", "output_supply_port", "control_port", "on_state", "off_state"
        )
        self._known("domain", self.intent.domains, domain)
        (in_port, in_net), (_, out_net), (port, signal) = map(_pair, (supply_in, supply_out, control))
        for net in (in_net, out_net):
            self._known("supply net", self.intent.nets, net)
        on, off = elements(on_state), elements(off_state)
        if len(on) != 3 or on[1] != in_port or len(off) != 2:
            raise InputError(f"switch {name} has the states {on_state!r}, {off_state!r}; needed are one on and one off")
        closed_when = _literal(on[2], port)
        if _literal(off[1], port) == closed_when:
            raise InputError(f"switch {name} is on and off at the same level of {signal}")
        ack, ack_when = None, 1
        if "ack_port" in options:
            parts = elements(_only(options, "ack_port")[0])
            if len(parts) != 3:
                raise InputError(f"switch {name}: the acknowledge {parts} needs a port, a net and an expression")
            ack, ack_when = parts[1], int(_literal(parts[2], port) == closed_when)
        switch = Switch(name, in_net, out_net, signal, closed_when, ack, ack_when)
        self._new(self.intent.switches, name, switch)
        return ""

    # ---- Isolation and retention ----------------------------------------------------------------------------------
    def cmd_define_isolation_cell(self, arguments: list[str]) -> str:
        _, options = _options(arguments, "", "cells enable valid_location")
        cells, enable, location = _only(options, "cells", "enable", "valid_location")
        if location != "sink":
            raise InputError(f"the valid location of {cells} is {location!r}, read here is 'sink'")
        for cell in elements(cells):
            self._new(self.intent.cells, cell, enable)
        return ""

    def cmd_set_isolation(self, arguments: list[str]) -> str:
        (name,), options = _options(
            arguments,
            "strategy",
            "domain applies_to clamp_value isolation_supply_set isolation_signal isolation_sense location",
        )
        domain, applies, clamp, supply, signal, sense, location = _only(
            options, "domain", "applies_to", "clamp_value", "isolation_supply_set", "isolation_signal",
            "isolation_sense", "location",
        )  # fmt: skip
        self._known("domain", self.intent.domains, domain)
        self._known("supply set", self.intent.supply_sets, supply)
        if applies != "outputs" or clamp not in ("0", "1"):
            raise InputError(f"{name} clamps {applies} to {clamp!r}, read here are outputs to 0 or 1")
        isolation = Isolation(name, domain, signal, _level(sense), int(clamp), supply, location)
        self._new(self.intent.isolation, name, isolation)
        return ""

    def cmd_use_interface_cell(self, arguments: list[str]) -> str:
        _, options = _options(arguments, "name", "strategy domain lib_cells")
        strategy, domain, cells = _only(options, "strategy", "domain", "lib_cells")
        isolation = self.intent.isolation[self._known("isolation strategy", self.intent.isolation, strategy)]
        if domain != isolation.domain:
            raise InputError(f"strategy {strategy} is of domain {isolation.domain}, not of {domain}")
        for cell in elements(cells):
            self._known("isolation cell", self.intent.cells, cell)
        isolation.cells = tuple(elements(cells))
        return ""

    def cmd_set_retention(self, arguments: list[str]) -> str:
        (name,), options = _options(
            arguments,
            "strategy",
            "domain retention_supply_set save_signal restore_signal elements",
            "update use_retention_as_primary",
        )
        domain, members = _only(options, "domain", "elements")
        self._known("domain", self.intent.domains, domain)
        if "update" in options:
            retention = self.intent.retention[self._known("retention strategy", self.intent.retention, name)]
            retention.elements += tuple(elements(members))
            return ""
        supply, save, restore = _only(options, "retention_supply_set", "save_signal", "restore_signal")
        self._known("supply set", self.intent.supply_sets, supply)
        if "use_retention_as_primary" not in options:
            raise InputError(f"{name} copies what it retains, read here is -use_retention_as_primary")
        (save, save_sense), (restore, restore_sense) = _pair(save), _pair(restore)
        retention = Retention(
            name, domain, supply, (save, _level(save_sense)), (restore, _level(restore_sense)), tuple(elements(members))
        )
        self._new(self.intent.retention, name, retention)
        return ""

    # ---- Power states ---------------------------------------------------------------------------------------------
    def cmd_create_power_state_group(self, arguments: list[str]) -> str:
        (name,), _ = _options(arguments, "group", "")
        self.intent.groups.add(name)
        return ""

    def cmd_add_power_state(self, arguments: list[str]) -> str:
        (name,), options = _options(arguments, "object", "state", "supply domain group")
        kinds: dict[str, tuple[str, dict | set, Callable[[str], dict[str, str]]]] = {
            "supply": ("supply set", self.intent.supply_sets, lambda _: {}),
            "domain": ("domain", self.intent.domains, self._terms),
            "group": ("group", self.intent.groups, self._terms),
        }
        kind = [key for key in kinds if key in options]
        if len(kind) != 1:
            raise InputError(f"{name} is given as {kind}, needed is one of -supply, -domain and -group")
        what, table, terms = kinds[kind[0]]
        self._known(what, table, name)
        for text in options.get("state", []):
            state, *rest = elements(text)
            _, found = _options(rest, "", "supply_expr logic_expr simstate", "legal illegal")
            expression = "supply_expr" if kind == ["supply"] else "logic_expr"
            parsed = terms(_only(found, expression)[0])
            self._new(self.intent.states.setdefault(name, {}), state, PowerState(state, parsed, "illegal" not in found))
        return ""

    def _terms(self, expression: str) -> dict[str, str]:
        """``A == ON && B == OFF`` as a table; every state must exist."""
        terms: dict[str, str] = {}
        for term in expression.split("&&"):
            match = re.fullmatch(r"\s*(\w+)\s*==\s*(\w+)\s*", term)
            if match is None:
                raise InputError(f"{expression!r} is not read here: terms 'name == STATE' joined by && are")
            self._known("object with states", self.intent.states, match[1])
            self._known(f"state of {match[1]}", self.intent.states[match[1]], match[2])
            self._new(terms, match[1], match[2])
        return terms
