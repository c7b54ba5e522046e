# SPDX-License-Identifier: Apache-2.0
"""Does the RTL have what the UPF file says, and nothing else? Every difference is one sentence.

The UPF gives names; the elaborated netlist tells what they are. Each switched domain belongs to one power_sequencer:
that of most of its signals, clocks and resets. What leads to another one is a finding.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from hw.power.netlist import Cell, Elaborated, Instance, Net, Netlist, inside
from hw.power.upf import Domain, Intent, Isolation, Retention, Switch
from spec.errors import InputError
from spec.network import Mode

GROUP = "MODES"
STATES = {
    (Mode.OFF, False): "MODE_OFF",
    (Mode.GE_ONLY, False): "GE_ONLY",
    (Mode.LE_ONLY, False): "LE_ONLY",
    (Mode.MOE_PARALLEL, False): "MOE_PARALLEL",
    (Mode.MOE_GATED, False): "MOE_GATED_ASLEEP",
    (Mode.MOE_GATED, True): "MOE_GATED_AWAKE",
}
"""Power state of the UPF for each (mode, the GE has work); where there is none with work, it makes no difference."""


@dataclass(frozen=True)
class Clamped:
    """One output of a domain's instance behind its isolation clamp."""

    domain: str
    instance: str
    port: str
    clamp: str
    value: int


class Check:
    """One comparison; ``findings`` are the differences, none when the intent and the RTL agree."""

    def __init__(self, intent: Intent, elaborated: Elaborated) -> None:
        self.intent = intent
        self.netlist: Netlist = elaborated.netlist
        self._wanted = elaborated.wanted
        self.findings: list[str] = []
        self.clamped: list[Clamped] = []
        self.registers: Counter[str] = Counter()
        self.sequencer: dict[str, Instance] = {}
        self._sequencers = self._of_module("power_sequencer")
        self._gates = {gate.port("clk_o")[0]: gate for gate in self._of_module("clock_gate")}
        self._never_gated_off = self._always_on_clocks()
        self._always_on = [d for d in intent.domains.values() if d.elements == (".",)]
        self._switched = [d for d in intent.domains.values() if d.elements != (".",)]
        self._run()

    def _run(self) -> None:
        if self._says(len(self._always_on) == 1, f"{len(self._always_on)} domains have the element '.', needed is one"):
            return
        if self._elements():
            return  # the rest would be consequences
        for domain in self._switched:
            self._domain(domain)
        for path in sorted({s.path for s in self._sequencers} - {s.path for s in self.sequencer.values()}):
            self.findings.append(f"{path} switches no domain of the UPF.")
        self._clocks()
        self._modes()

    def _always_on_clocks(self) -> set[Net]:
        """The clock, and gated copies of it that no sequencer stops: that of the weight writes."""
        enables = {sequencer.port("clk_en_o")[0] for sequencer in self._sequencers}
        clock = self.netlist.bit("clk_i")
        gates = self._gates.items()
        return {clock} | {
            gated for gated, gate in gates if gate.port("clk_i")[0] == clock and gate.port("enable_i")[0] not in enables
        }

    def _says(self, right: bool, otherwise: str) -> bool:
        if not right:
            self.findings.append(otherwise + ".")
        return not right

    def _of_module(self, module: str) -> list[Instance]:
        return [instance for instance in self.netlist.instances.values() if instance.module == module]

    def _domain_of(self, path: str) -> Domain | None:
        """The switched domain that an instance is in."""
        return next((d for d in self._switched if any(inside(path, element) for element in d.elements)), None)

    def _name(self, net: Net) -> str:
        """A name for a net: a port of the top, else of any instance."""
        if isinstance(net, str):
            return f"the constant {net}"
        for instance in self.netlist.instances.values():
            for port, nets in instance.ports.items():
                if net in nets:
                    index = f"[{nets.index(net)}]" if len(nets) > 1 else ""
                    return f"{instance.path}{'/' if instance.path else ''}{port}{index}"
        return "an inner net"

    # ---- Elements -------------------------------------------------------------------------------------------------
    def _elements(self) -> int:
        before = len(self.findings)
        owner: dict[str, str] = {}
        for domain in self._switched:
            self._says(bool(domain.elements), f"{domain.name} has no elements")
            for element in domain.elements:
                if self._says(
                    element in self.netlist.instances, f"{domain.name} has the element {element}, which is no instance"
                ):
                    continue
                for other, name in owner.items():
                    apart = not inside(element, other) and not inside(other, element)
                    self._says(apart, f"{element} of {domain.name} and {other} of {name} overlap")
                owner[element] = domain.name
        return len(self.findings) - before

    # ---- One domain -----------------------------------------------------------------------------------------------
    def _domain(self, domain: Domain) -> None:
        switch = self._switch_of(domain.supply, domain.name)
        isolation = self._one("isolation strategy", domain, self.intent.isolation)
        retention = [r for r in self.intent.retention.values() if r.domain == domain.name]
        claims: list[tuple[str, Instance | None]] = []
        if switch:
            what = f"{switch.name} of {domain.name} is controlled by {switch.control}, which"
            claims.append((what, self._with_output(switch.control, "switch_on_o")))
            if self._says(switch.ack is not None, f"{switch.name} of {domain.name} has no acknowledge"):
                return
            what = f"{switch.name} of {domain.name} is acknowledged by {switch.ack}, which"
            claims.append((what, self._with_acknowledge(switch.ack)))
        if isolation:
            what = f"{isolation.name} of {domain.name} is controlled by {isolation.signal}, which"
            claims.append((what, self._with_output(isolation.signal, "isolate_o")))
        for strategy in retention:
            for (signal, _), port in ((strategy.save, "save_o"), (strategy.restore, "restore_o")):
                what = f"{strategy.name} of {domain.name} uses {signal}, which"
                claims.append((what, self._with_output(signal, port)))
            memory = self._switch_of(strategy.supply, strategy.name)
            if memory:
                what = f"{memory.name} of {domain.name} is controlled by {memory.control}, which"
                claims.append((what, self._with_memory(memory.control)))
        for element in domain.elements:
            instance = self.netlist.instances[element]
            for port, find in (("clk_i", self._with_clock), ("rst_ni", self._with_reset)):
                net = instance.port(port)[0]
                claims.append((f"{element}/{port} in {domain.name} is {self._name(net)}, which", find(net)))
        votes = Counter(claim.path for _, claim in claims if claim)
        if not votes:
            self.findings.append(f"nothing of {domain.name} leads to a power_sequencer.")
            return
        path = votes.most_common(1)[0][0]
        for what, claim in claims:
            found = f"belongs to {claim.path}" if claim else "belongs to no power_sequencer in that way"
            self._says(claim is not None and claim.path == path, f"{what} {found}, the domain to {path}")
        self.sequencer[domain.name] = self.netlist.instances[path]
        self._polarities(domain, switch, isolation, retention)
        for strategy in retention:
            self._retained(domain, strategy, isolation)
        if isolation:
            self._isolated(domain, isolation)

    def _one(self, what: str, domain: Domain, table: dict[str, Isolation]) -> Isolation | None:
        found = [entry for entry in table.values() if entry.domain == domain.name]
        if self._says(len(found) == 1, f"{domain.name} has {len(found)} of the kind {what}, needed is one"):
            return None
        return found[0]

    def _switch_of(self, supply_set: str, what: str) -> Switch | None:
        net = self.intent.supply_sets[supply_set]
        always_on = self.intent.supply_sets[self._always_on[0].supply]
        found = [switch for switch in self.intent.switches.values() if switch.supply_out == net]
        if self._says(len(found) == 1, f"the supply {net} of {what} has {len(found)} switches, needed is one"):
            return None
        said = f"{found[0].name} takes its supply from {found[0].supply_in}, not from {always_on}"
        self._says(found[0].supply_in == always_on, said)
        return found[0]

    # ---- Which sequencer a signal belongs to ------------------------------------------------------------------------
    def _with_output(self, reference: str, port: str) -> Instance | None:
        net = self.netlist.bit(reference)
        return next((s for s in self._sequencers if s.port(port)[0] == net), None)

    def _with_acknowledge(self, reference: str) -> Instance | None:
        """Back from the sequencer through flip-flops that a reset clears: a synchroniser, and nothing else."""
        net = self.netlist.bit(reference)
        for sequencer in self._sequencers:
            reached = sequencer.port("switch_ack_i")[0]
            stages = 0
            while reached != net and (source := self._behind_register(reached)) is not None:
                reached, stages = source, stages + 1
            if reached == net:
                self._says(stages >= 2, f"{reference} comes to {sequencer.path} through {stages} flip-flops, not 2")
                return sequencer
        return None

    def _with_memory(self, reference: str) -> Instance | None:
        """An OR, in which the memory is supplied at least while the domain is, and while it is retained."""
        leaves, open_nets = set(), [self.netlist.bit(reference)]
        while open_nets:
            net = open_nets.pop()
            cell = self._driver(net)
            if cell and cell.type in ("$or", "$logic_or") and len(cell.pins["Y"]) == 1:
                open_nets += [cell.pins["A"][0], cell.pins["B"][0]]
            else:
                leaves.add(net)
        for sequencer in self._sequencers:
            if {sequencer.port("switch_on_o")[0], sequencer.port("retain_o")[0]} <= leaves:
                return sequencer
        return None

    def _with_clock(self, net: Net) -> Instance | None:
        gate = self._gates.get(net)
        if gate is None or gate.port("clk_i")[0] != self.netlist.bit("clk_i"):
            return None
        latch = next((c for c in self.netlist.cells if c.path == gate.path and c.type == "$dlatch"), None)
        if latch is None or not self._is_and(net, self.netlist.bit("clk_i"), latch.pins["Q"][0]):
            return None
        enable = gate.port("enable_i")[0]
        return next((s for s in self._sequencers if s.port("clk_en_o")[0] == enable), None)

    def _with_reset(self, net: Net) -> Instance | None:
        register = self._register(net)
        if register is None or register[0] != "0":  # a domain is in reset while the device is
            return None
        return next((s for s in self._sequencers if s.port("rst_no")[0] == net), None)

    # ---- Cells ----------------------------------------------------------------------------------------------------
    def _driver(self, net: Net) -> Cell | None:
        drivers = self.netlist.drivers.get(net, [])
        return drivers[0] if len(drivers) == 1 else None

    def _is_and(self, net: Net, one: Net, other: Net) -> bool:
        cell = self._driver(net)
        if cell is None or cell.type not in ("$and", "$logic_and"):
            return False
        return {cell.pins["A"], cell.pins["B"]} == {(one,), (other,)}

    def _register(self, net: Net) -> tuple[Net, Net] | None:
        """What a flip-flop bit becomes in reset, and otherwise; None when ``net`` is none with a synchronous reset."""
        cell = self._driver(net)
        if cell is None or cell.type != "$dff":
            return None
        data = cell.pins["D"][cell.pins["Q"].index(net)]
        mux = self._driver(data)
        if mux is None or mux.type != "$mux":
            return None
        at, select = mux.pins["Y"].index(data), mux.pins["S"][0]
        a, b = mux.pins["A"][at], mux.pins["B"][at]
        reset = self.netlist.bit("rst_ni")
        if select == reset:
            return a, b
        inverter = self._driver(select)
        if inverter and inverter.type in ("$not", "$logic_not") and inverter.pins["A"] == (reset,):
            return b, a
        return None

    def _behind_register(self, net: Net) -> Net | None:
        register = self._register(net)
        return register[1] if register else None

    # ---- Polarities -----------------------------------------------------------------------------------------------
    def _polarities(
        self, domain: Domain, switch: Switch | None, isolation: Isolation | None, retention: list[Retention]
    ) -> None:
        """In reset a domain is off and isolated, and neither saves nor restores: so the RTL tells its active levels."""
        levels: list[tuple[str, str, int, bool]] = []
        if switch:
            levels.append((f"{switch.name} closes", switch.control, switch.closed_when, False))
            same = switch.ack_when == switch.closed_when
            self._says(
                same, f"{switch.name} acknowledges with the opposite of {switch.control}, the RTL expects the same"
            )
        if isolation:
            levels.append((f"{isolation.name} isolates", isolation.signal, isolation.sense, True))
        for strategy in retention:
            levels.append((f"{strategy.name} saves", *strategy.save, False))
            levels.append((f"{strategy.name} restores", *strategy.restore, False))
        for what, signal, level, in_reset in levels:
            register = self._register(self.netlist.bit(signal))
            if self._says(register is not None, f"{signal} is not a register with a reset"):
                continue
            value = int(register[0]) if register[0] in ("0", "1") else None
            right = value is not None and (value == level) == in_reset
            state = "off and isolated" if in_reset else "off"
            self._says(
                right,
                f"{what} at level {level} of {signal}, which the RTL resets to {register[0]} ({domain.name} {state})",
            )

    # ---- Retention ------------------------------------------------------------------------------------------------
    def _retained(self, domain: Domain, strategy: Retention, isolation: Isolation | None) -> None:
        """Retained are exactly the memories that are written by a clock that does not sleep with the domain.

        Nothing of the domain, which has no supply then, may lie on the way from the write port into them.
        """
        holding = set()
        for cell in self.netlist.cells:
            written = cell.type == "$memwr_v2" and cell.pins["CLK"][0] in self._never_gated_off
            if not written or self._domain_of(cell.path) is not domain:
                continue
            element = next((e for e in strategy.elements if inside(cell.path, e)), None)
            if element is None:
                self.findings.append(
                    f"{cell.path} is a memory that is loaded at run time, {strategy.name} does not retain it."
                )
                continue
            holding.add(element)
            for path in sorted(self._written_through(cell, element, isolation)):
                self.findings.append(f"{element} is written through {path} of {domain.name}, which has no supply then.")
        for element in sorted(set(strategy.elements) - holding):
            self.findings.append(f"{strategy.name} retains {element}, which holds no memory that is loaded.")

    def _written_through(self, write: Cell, element: str, isolation: Isolation | None) -> set[str]:
        """Instances in switched domains, outside of ``element``, whose logic the inputs of a memory write depend on.

        What the domain's own isolation clamps, in ``element``, it does not depend on while the domain has no supply.
        """
        found, seen = set(), set()
        nets = [net for _, net in write.inputs()]
        while nets:
            net = nets.pop()
            if net in seen or isinstance(net, str):
                continue
            seen.add(net)
            for driver in self.netlist.drivers.get(net, []):
                if inside(driver.path, element):
                    clamp = self._clamp(driver, isolation)
                    nets += [source for _, source in driver.inputs()] if clamp is None else [clamp]
                elif self._domain_of(driver.path):
                    found.add(driver.path)
        return found

    def _clamp(self, cell: Cell, isolation: Isolation | None) -> Net | None:
        """What controls the isolation cell of ``isolation``, or one that always clamps, that a cell belongs to."""
        instance = self.netlist.instances[cell.path]
        if isolation is None or instance.module not in isolation.cells:
            return None
        control = instance.port(self.intent.cells[instance.module])[0]
        return control if control in ("1", self.netlist.bit(isolation.signal)) else None

    # ---- Isolation ------------------------------------------------------------------------------------------------
    def _isolated(self, domain: Domain, isolation: Isolation) -> None:
        supply = self.intent.supply_sets[isolation.supply]
        always_on = self.intent.supply_sets[self._always_on[0].supply]
        self._says(
            supply == always_on, f"{isolation.name} has the supply {supply}, which can be off; needed is {always_on}"
        )
        self._says(bool(isolation.cells), f"{isolation.name} names no isolation cell of the RTL")
        for element in domain.elements:
            instance = self.netlist.instances[element]
            for port in sorted(instance.ports):
                if instance.directions[port] != "output":
                    continue
                clamps = set()
                for message, clamp in self._border(domain, isolation, element, port):
                    if message:
                        self.findings.append(message)
                        break
                    clamps.add(clamp)
                else:
                    for clamp in sorted(clamps):
                        self.clamped.append(Clamped(domain.name, element, port, clamp, isolation.clamp))

    def _border(
        self, domain: Domain, isolation: Isolation, element: str, port: str
    ) -> Iterator[tuple[str | None, str | None]]:
        """For each reader of each bit of an output: what is wrong, or None, and the clamp it goes through."""
        what = f"{element}/{port} of {domain.name}"
        outside = {net for name, nets in self.netlist.top.ports.items() for net in nets}
        for net in self.netlist.instances[element].ports[port]:
            if isinstance(net, str):
                continue
            if net in outside:
                yield f"{what} leaves the accelerator at {self._name(net)} without a clamp.", None
            for cell, _ in self.netlist.readers.get(net, []):
                if any(inside(cell.path, own) for own in domain.elements):
                    continue
                clamp = self.netlist.instances[cell.path]
                if clamp.module not in isolation.cells:
                    yield f"{what} is read by {cell.path or 'the top'} without an isolation clamp.", None
                    continue
                yield self._clamp_is_wrong(what, isolation, element, clamp, net), clamp.path

    def _clamp_is_wrong(self, what: str, isolation: Isolation, element: str, clamp: Instance, net: Net) -> str | None:
        enable = self.intent.cells[clamp.module]
        control = clamp.port(enable)[0]
        if control != self.netlist.bit(isolation.signal):
            return f"{what} is clamped by {self._name(control)}, {isolation.name} says {isolation.signal}."
        if isolation.location != "parent" or _parent(clamp.path) != _parent(element):
            return f"{what} is clamped in {_parent(clamp.path)}, {isolation.name} says {isolation.location}."
        output = clamp.port("data_o")[clamp.port("data_i").index(net)]
        mux = self._driver(output)
        if mux is None or mux.type != "$mux" or mux.pins["S"] != (control,):
            return f"{what}: {clamp.path} is not a choice between its input and a constant."
        at = mux.pins["Y"].index(output)
        sides = {0: mux.pins["A"][at], 1: mux.pins["B"][at]}
        if sides[1 - isolation.sense] != net:
            return f"{what}: {clamp.path} does not isolate at level {isolation.sense} of {isolation.signal}."
        if sides[isolation.sense] != str(isolation.clamp):
            return f"{what} is clamped to {sides[isolation.sense]}, {isolation.name} says {isolation.clamp}."
        return None

    # ---- Clocks and resets of everything --------------------------------------------------------------------------
    def _clocks(self) -> None:
        """Each register on its own domain's clock, each instance on its own domain's reset, no other on any of them."""
        clock_of = dict.fromkeys(self._never_gated_off, self._always_on[0].name)
        for name, sequencer in self.sequencer.items():
            enable = sequencer.port("clk_en_o")[0]
            clock_of |= {clock: name for clock, gate in self._gates.items() if gate.port("enable_i")[0] == enable}
        written_through = self._write_sides()
        wrong: dict[tuple[str, str], list[str]] = defaultdict(list)
        for cell in self.netlist.cells:
            clocked = "CLK" in cell.pins and cell.parameters.get("CLK_ENABLE", "1")[-1] == "1"
            if not clocked and cell.type != "$dlatch":
                continue
            domain = self._domain_of(cell.path)
            name = domain.name if domain else self._always_on[0].name
            self.registers[name] += len(cell.pins.get("Q", ()))
            if cell.type == "$dlatch":
                module = self.netlist.instances[cell.path].module
                if module != "clock_gate":
                    wrong[name, "a latch"].append(cell.path)
                continue
            clock = cell.pins["CLK"][0]
            if clock in self._never_gated_off and id(cell) in written_through:
                continue  # on the memories' supply, like the cells: they are written while the domain sleeps
            actual = clock_of.get(clock) or self._name(clock)
            if actual != name:
                wrong[name, f"the clock of {actual}"].append(cell.path)
        for (name, what), paths in sorted(wrong.items()):
            first = min(sorted(set(paths)), key=lambda path: path.count("/"))
            more = f" and {len(set(paths)) - 1} more instances" if len(set(paths)) > 1 else ""
            self.findings.append(f"{first or 'the top'}{more} in {name} use {what}.")
        self._resets()

    def _write_sides(self) -> set[int]:
        """``id`` of each cell of a retained element that is one of its memories' writes, or that a write depends on."""
        found: set[int] = set()
        for element in (one for strategy in self.intent.retention.values() for one in strategy.elements):
            cells = [cell for cell in self.netlist.cells if cell.type == "$memwr_v2" and inside(cell.path, element)]
            while cells:
                cell = cells.pop()
                if id(cell) not in found:
                    found.add(id(cell))
                    behind = (driver for _, net in cell.inputs() for driver in self.netlist.drivers.get(net, ()))
                    cells += [driver for driver in behind if inside(driver.path, element)]
        return found

    def _resets(self) -> None:
        for path, instance in sorted(self.netlist.instances.items()):
            domain = self._domain_of(path)
            if "rst_ni" not in instance.ports or (domain and path in domain.elements):
                continue  # the elements' own were compared with the sequencer
            net = instance.ports["rst_ni"][0]
            right = self.netlist.bit("rst_ni")
            if domain:
                element = next(element for element in domain.elements if inside(path, element))
                right = self.netlist.instances[element].port("rst_ni")[0]
            elif self._copies_reset(net):
                continue
            name = domain.name if domain else self._always_on[0].name
            self._says(net == right, f"{path}/rst_ni in {name} is {self._name(net)}, not {self._name(right)}")

    def _copies_reset(self, net: Net) -> bool:
        """The device's reset, also through flip-flops that always run, without a change of its level."""
        reset, level = self.netlist.bit("rst_ni"), True
        while net != reset and (cell := self._driver(net)) is not None:
            if cell.type in ("$not", "$logic_not"):
                net, level = cell.pins["A"][cell.pins["Y"].index(net)], not level
            elif cell.type == "$dff" and cell.pins["CLK"][0] in self._never_gated_off:
                net = cell.pins["D"][cell.pins["Q"].index(net)]
            else:
                return False
        return net == reset and level

    # ---- Modes ----------------------------------------------------------------------------------------------------
    def _modes(self) -> None:
        """The states of the group are what power_manager wants in each mode."""
        states = self.intent.states.get(GROUP, {})
        if self._says(
            set(states) == set(STATES.values()),
            f"the group {GROUP} has the states {sorted(states)}, needed are {sorted(STATES.values())}",
        ):
            return
        manager = self._of_module("power_manager")[0]
        index = {
            name: manager.port("want_o").index(sequencer.port("on_i")[0]) for name, sequencer in self.sequencer.items()
        }
        for (mode, needed), word in self._wanted.items():
            known = mode in list(Mode)
            key = (Mode(mode), needed) if known else (Mode.OFF, False)
            state = states[STATES.get(key) or STATES[key[0], False]]
            work = " with work for the GE" if needed else ""
            for name, bit in index.items():
                on = bool(word >> bit & 1)
                said = state.terms.get(name)
                wanted = "ON" if on else "OFF"
                self._says(
                    said == wanted,
                    f"power_manager wants {name} {wanted} in mode {mode}{work}, {state.name} says {said}",
                )
            self._says(state.legal, f"the state {state.name} is illegal, and power_manager comes to rest in it")


def _parent(path: str) -> str:
    return path.rsplit("/", 1)[0] if "/" in path else ""


def check(intent: Intent, elaborated: Elaborated) -> Check:
    """Compare intent and RTL.

    Raises:
        InputError: the UPF is for another module, or names a port that the accelerator does not have.
    """
    if intent.top != "moe_accelerator":
        raise InputError(f"the UPF is for {intent.top or 'no module'}, checked is moe_accelerator")
    return Check(intent, elaborated)


def isolation_table(result: Check) -> str:
    """Every clamped output as a Markdown table; the local experts, all alike, are one row."""
    rows = {}
    for entry in result.clamped:
        instance = re.sub(r"\[\d+\]", "[i]", entry.instance)
        clamp = re.sub(r"\[\d+\]", "[i]", entry.clamp)
        rows[f"| {entry.domain} | `{instance}` | `{entry.port}` | `{clamp}` | {entry.value} |"] = None
    return "\n".join(["| domain | instance | output | clamp | value |", "|---|---|---|---|---|", *rows])
