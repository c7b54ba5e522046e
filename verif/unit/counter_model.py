# SPDX-License-Identifier: Apache-2.0
"""``activity_counters``: its wrapper with flat ports, and its reference model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hw.gen.build import generate
from hw.regs.map import register
from spec import tiny_variants as tiny
from spec.files import write_if_changed
from spec.kinds import weighted
from tools.cocotb_run import BUILD, RTL
from verif.unit.packed import Member, Packed, flat_module

TOP = "activity_counters_flat"
STORE = "u_counters.u_store"
BITS = 64
EXPERTS = 8  # that have a counter
NOBODY = 0xFF
DOMAINS = ("fe", "ge", "le", "gn")

_TOTALS = (
    "cycles",
    "images_in",
    "images_out",
    "answers_ge",
    "answers_nobody",
    "images_short",
    "images_long",
    "images_no_bank",
    "stall_in",
    "stall_out",
    "bank_swaps",
    "bank_words_written",
    "feature_store_writes",
    "feature_store_reads",
)
_OF_A_DOMAIN = ("on_cycles", "active_cycles", "macs", "weight_reads", "buffer_writes", "wake_ups")
COUNTERS = (
    *_TOTALS,
    *(f"answers_le[{i}]" for i in range(EXPERTS)),
    *(f"domain[{d}].{name}" for d in range(len(DOMAINS)) for name in _OF_A_DOMAIN),
)


@dataclass(frozen=True)
class Layer:
    """What one step of a layer counts as."""

    macs: int
    weight_reads: int


@dataclass(frozen=True)
class Device:
    """Layers of the four domains, in order; those of PD_LE local expert by local expert."""

    layers: Mapping[str, tuple[Layer, ...]]
    experts: int

    def path(self, domain: str, index: int) -> str:
        """A layer among the events."""
        depth = len(self.layers["le"]) // self.experts
        return f"events.le[{index // depth}][{index % depth}]" if domain == "le" else f"events.{domain}[{index}]"


# Name here: tiny accelerator. The tiny front end has one layer; in the first one, three stand in for it.
VARIANTS = {"two_experts_three_front_layers": "two", "one": "one", "eight": "eight"}
THREE_LAYERS = (Layer(36, 0), Layer(5, 1), Layer(7, 1))


def device(variant: str) -> Device:
    """The tiny accelerator's layers, from network and folding: PE x SIMD a step, of an adder graph a whole matrix."""
    accelerator = tiny.accelerator(VARIANTS[variant])
    moe, folds = accelerator.moe, accelerator.folding.layers

    def layers(of: Iterable[object]) -> tuple[Layer, ...]:
        found = []
        for layer in weighted(of):
            fold = folds[layer.name]
            is_graph = bool(fold.graph)
            found.append(Layer(layer.inputs * layer.outputs if is_graph else fold.pe * fold.simd, int(not is_graph)))
        return tuple(found)

    return Device(
        {
            "fe": THREE_LAYERS if "three" in variant else layers(moe.network.front_end),
            "ge": layers(moe.network.tail),
            "le": layers(moe.le.layers) * moe.local_experts,
            "gn": layers(moe.gate.layers),
        },
        moe.local_experts,
    )


class CounterModel:
    """Counters, snapshot, and the increments on their way, cycle by cycle; counting begins with ``start``.

    Inputs are a mapping from the wrapper's members to values; one that is missing is 0.
    """

    def __init__(self, made_of: Device, start: int = 0) -> None:
        self.device, self.start = made_of, start
        self.totals = Counter(dict.fromkeys(COUNTERS, start))
        self.snapshot = Counter(self.totals)
        self._pending: Counter[str] = Counter()
        self.in_reset = True  # also in the cycle behind that of the inputs

    def step(self, given: Mapping[str, int]) -> None:
        """Go on by one cycle: the events of the cycle before reach the counters at its end."""
        if self.in_reset:
            self.__init__(self.device, self.start)  # type: ignore[misc]
            self._pending = self.events(given)
            self.in_reset = bool(given.get("reset"))
            return
        self.in_reset = bool(given.get("reset"))
        if given.get("snapshot"):
            self.snapshot = Counter(self.totals)
        if given.get("clear"):
            self.totals = Counter(dict.fromkeys(COUNTERS, self.start))
        self.totals.update(self._pending)
        for name in self.totals:
            self.totals[name] %= 1 << BITS
        self._pending = self.events(given)

    def events(self, given: Mapping[str, int]) -> Counter[str]:
        """What happens in a cycle with these inputs: counter -> how often."""
        is_set = {name for name, value in given.items() if value}
        found = Counter(["cycles"])
        found["images_in"] = int("image_accepted" in is_set)
        found["stall_in"] = int("pixel_valid" in is_set and "pixel_ready" not in is_set)
        found["stall_out"] = int("result_valid" in is_set and "result_ready" not in is_set)
        for name, event in (
            ("bank_swaps", "bank_swap"),
            ("bank_words_written", "bank_write"),
            ("feature_store_writes", "store_write"),
            ("feature_store_reads", "store_read"),
        ):
            found[name] = int(event in is_set)
        if {"result_valid", "result_ready"} <= is_set:
            found.update(self._answer(given))
        for number, domain in enumerate(DOMAINS):
            name = f"domain[{number}]"
            found[f"{name}.on_cycles"] = int(f"on[{number}]" in is_set)
            found[f"{name}.wake_ups"] = int(f"wake[{number}]" in is_set)
            for index, layer in enumerate(self.device.layers[domain]):
                steps, writes = f"{domain}[{index}].step" in is_set, f"{domain}[{index}].write" in is_set
                found[f"{name}.macs"] += layer.macs * steps
                found[f"{name}.weight_reads"] += layer.weight_reads * steps
                found[f"{name}.buffer_writes"] += int(writes)
                if steps or writes:
                    found[f"{name}.active_cycles"] = 1
        return found

    def _answer(self, given: Mapping[str, int]) -> list[str]:
        """Counters of a result that is taken."""
        found = ["images_out"]
        expert = given.get("expert", 0)
        if given.get("class_index", 0) == NOBODY:
            found.append("answers_nobody")
        elif expert == 0:
            found.append("answers_ge")
        elif expert <= self.device.experts:
            found.append(f"answers_le[{expert - 1}]")
        return found + [f"images_{name}" for name in ("short", "long", "no_bank") if given.get(name)]


def address(counter: str) -> int:
    """Where the low half of a counter is read."""
    return register(f"{counter if counter.startswith('domain') else f'counters.{counter}'}.lo").address


def ports(made_of: Device) -> tuple[Packed, Packed]:
    """Inputs of the wrapper, and its outputs: every counter of the snapshot by its name, and what a fetch gives."""
    inputs = [Member(name, 1, name) for name in ("snapshot", "clear")]
    inputs += [Member(name, 1, name) for name in ("pixel_valid", "pixel_ready", "result_valid", "result_ready")]
    inputs += [
        Member(name, bits, f"result.{path}")
        for name, bits, path in (
            ("class_index", 8, "class_index"),
            ("expert", 4, "expert"),
            ("short", 1, "status.short_image"),
            ("long", 1, "status.long_image"),
            ("no_bank", 1, "status.no_bank"),
            ("disabled", 1, "status.disabled"),
            ("bank", 4, "bank"),
            ("sequence", 12, "sequence_number"),
        )
    ]
    inputs += [Member(name, 1, name) for name in ("bank_swap", "bank_write")]
    inputs += [Member(name, 1, f"events.{name}") for name in ("image_accepted", "store_write", "store_read")]
    inputs += [
        Member(f"{domain}[{i}].{what}", 1, f"{made_of.path(domain, i)}.{what}")
        for domain in DOMAINS
        for i in range(len(made_of.layers[domain]))
        for what in ("write", "step")
    ]
    inputs += [Member(f"{name}[{d}]", 1, f"domain_{name}[{d}]") for name in ("on", "wake") for d in range(len(DOMAINS))]
    inputs += [Member(f"fetch_{name}", bits, f"fetch.{name}") for name, bits in (("valid", 1), ("address", 10))]
    outputs = [Member(name, BITS, f"{STORE}.snapshot[{address(name) // 8}]") for name in COUNTERS]
    outputs += [Member("written", 1, f"{STORE}.written"), Member("fetched", 1, "fetched"), Member("word", 32, "word")]
    return Packed(tuple(inputs)), Packed(tuple(outputs))


def wrapper(made_of: Device, start: int = 0) -> str:
    """SystemVerilog of the wrapper around counters that begin with ``start``."""
    names = [
        "snapshot",
        "clear",
        "pixel_valid",
        "pixel_ready",
        "result_valid",
        "result_ready",
        "result",
        "bank_swap",
        "bank_write",
        "events",
        "domain_on",
        "domain_wake",
        "fetch",
    ]
    types = {
        "result": "accel_pkg::result_t",
        "events": "moe_pkg::core_events_t",
        "fetch": "axil_pkg::word_fetch_t",
    }
    types |= dict.fromkeys(("domain_on", "domain_wake"), "logic [accel_pkg::Domains-1:0]")
    declarations = "".join(f"  {types.get(name, 'logic')} {name};\n" for name in names)
    connections = "".join(f"      .{name}_i({name}),\n" for name in names)
    connections = f"      .clk_i,\n      .rst_ni,\n{connections}      .fetched_o(fetched),\n      .word_o(word)\n"
    instance = f"  activity_counters #(.Start({BITS}'d{start})) u_counters (\n{connections}  );\n"
    return flat_module(TOP, *ports(made_of), f"{declarations}  logic fetched;\n  logic [31:0] word;\n{instance}")


def sources(variant: str, start: int = 0) -> list[Path]:
    """The wrapper for a variant, with counters that begin with ``start``, and all it needs, packages first."""
    directory = BUILD / "activity_counters" / f"{variant}_{start:x}"
    write_if_changed(directory / f"{TOP}.sv", wrapper(device(variant), start))
    packages = []
    for path in generate(tiny.accelerator(VARIANTS[variant])).device_sources:
        if path.stem.endswith("_pkg"):
            packages.append(directory / path.name if path.stem in ("moe_pkg", "moe_device_pkg") else path)
            write_if_changed(directory / path.name, _with_front_layers(path.read_text(), device(variant).layers["fe"]))
    return [*packages, RTL / "counter_store.sv", RTL / "activity_counters.sv", directory / f"{TOP}.sv"]


def _with_front_layers(package: str, layers: tuple[Layer, ...]) -> str:
    """A generated package for a front end of other layers: the tiny network has only one."""
    count = len(layers)
    macs = ", ".join(f"32'd{layer.macs}" for layer in reversed(layers))
    memory = "".join(str(layer.weight_reads) for layer in reversed(layers))
    for name, value in (("Layers", count), ("StepMacs", f"{{{macs}}}"), ("HasMemory", f"{count}'b{memory}")):
        package = re.sub(rf"(?<= Front{name} = )[^;]+(?=;)", str(value), package)
    return package
