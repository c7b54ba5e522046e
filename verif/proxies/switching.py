# SPDX-License-Identifier: Apache-2.0
"""The second proxy: what switches in the device while it answers the images of a case, weighed by synthesised cells.

Each case is recorded as one SAIF of the simulated device, from rest to rest. Of each domain are counted: toggles of its
logic nets, edges of its gated clock, toggles at the operands of its multiplier blocks, and accesses of its memories at
their own enables (:mod:`verif.proxies.nets`). The proxy weighs them by the cells that synthesis gave the domain:

    logic        toggles a net bit                     x LUT4 sites            registers the same x registers
    clock        edges                                 x registers
    multipliers  toggles of all operands of a block    x blocks
    memories     reads and writes                      x block RAMs of the memory

in toggles of one LUT4 output (:mod:`golden.energy.switching_weights`). It sees what the first proxy does not: clocks,
queues, pooling, the interfaces, idle toggling and data. It shares with it neither counters nor folding, but Horowitz's
ratio of a memory access to an addition; and weight reads are the same events, counted elsewhere. Without synthesised
cells it is not measured, and None.
"""

from __future__ import annotations

import math
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from driver import Accelerator
from driver.accelerator import Results
from driver.verilated import VerilatedTransport, build_device
from golden.energy.switching_weights import WEIGHTS, SwitchingWeights
from golden.integer_model import MoeModel
from hw.gen.build import GeneratedHardware, generate
from hw.hierarchy import RESULT_TAKEN, ROUTE_QUEUE, domain_instances, domain_of, saif_path, sequencer
from hw.synth import load_resources
from spec.activity import image_activity
from spec.bank import Bank
from spec.domains import ALWAYS_ON, DOMAINS
from spec.errors import InputError
from spec.network import Mode, Moe
from spec.presets import Accelerator as Design
from verif.proxies.cases import Case
from verif.proxies.nets import events, is_logic, memories, multipliers, scopes
from verif.saif import Activity, read_saif

TOP = "TOP/moe_accelerator"
SETTLING = 2000  # cycles after a change of mode, more than any sequence with the default delays
TAIL = 64  # cycles from the last result until every pipeline is empty, beside the feature store
LONGEST = 5000  # cycles until the domains must be at rest again
SWITCH_LATENCY = 3  # cycles in which the simulated power switch answers
SYNCHRONISER = 2  # registers between the acknowledge and the sequencer
EBR_BITS, EBR_WIDTH = 18432, 36


def measure(
    design: Design,
    bank: Bank,
    cases: Sequence[Case],
    library: Path | None = None,
    hardware: GeneratedHardware | None = None,
    resources: dict | None = None,
) -> list[dict]:
    """Record every case on one simulated device.

    Args:
        design, bank: the device, and the user that is loaded into it.
        cases: what to run.
        library: the device with switching activity; default built from ``hardware``.
        hardware: sources, which may have a defect; default those of the design.
        resources: synthesised cells; default what ``hw.synth`` has of this design and these sources.

    Returns:
        One record a case: ``cycles``, ``images``, ``wrong`` answers, ``domains``, the device's own ``counters`` of the
        same run, and the ``proxy`` an image.

    Raises:
        InputError: the device does not come to rest, or has other multiplier blocks than the folding says.
    """
    library = library or build_device(hardware or generate(design), saif=True)
    resources = resources or load_resources(design.name)
    records = []
    with Accelerator(VerilatedTransport(design, library), design) as device:
        for domain in range(len(DOMAINS)):
            device.transport.power_switch(domain, SWITCH_LATENCY)
        device.load_user(bank)
        for case in cases:
            record, activity = _record(device, bank, case)
            _count(record, activity, design.moe, design.folding.multipliers(design.moe))
            record["proxy"] = proxy(record, resources) if resources else None
            records.append(record)
    return records


# ---- One case on the device ------------------------------------------------------------------------------------------
def _record(device: Accelerator, bank: Bank, case: Case) -> tuple[dict, Activity]:
    """Bring the case's mode to rest and record its images, until the device rests again."""
    transport, images = device.transport, case.images
    mode = Mode.MOE_PARALLEL if case.mode == Mode.MOE_GATED else case.mode  # the same answers
    golden = MoeModel(device.design.moe).run(images, mode, bank, case.theta)
    device.set_threshold(case.theta)
    device.set_mode(case.mode)
    transport.run(SETTLING)
    device.write("result_packet", results=len(images))
    wait = max(SWITCH_LATENCY + SYNCHRONISER + 2, device.read("power_delay.cycles"))
    rest = transport.power
    device.write("counter_snapshot", snapshot=1, clear=1)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "case.saif"
        start = transport.cycles
        transport.trace(path)
        results = Results.decode(transport.stream(images.reshape(len(images), -1)))
        # The feature store may still be dropping the last image.
        words = image_activity(device.design.moe, device.design.folding).feature_words
        transport.run(words + TAIL)
        deadline = transport.cycles + LONGEST
        while transport.power != rest:
            transport.run(1)
            if transport.cycles > deadline:
                raise InputError(f"{case.name}: the device is not at rest {LONGEST} cycles after its last answer")
        transport.trace(None)
        cycles = transport.cycles - start
        counters = device.counters()
        activity = read_saif(path, TOP)
    wrong = (results.classes != golden.classes) | (results.experts != golden.experts)
    record = {
        "case": case.name,
        "images": len(images),
        "cycles": cycles,
        "wrong": int(wrong.sum()),
        "counters": asdict(counters),
        "resting_cycles": counters.cycles - cycles,  # counted by the device, before and after the recording
        "switch_wait": wait,  # cycles of each wake-up from closing the switch to the first edge of the clock
        "domains": {name: {"clock_at_rest": rest.clock[d]} for d, name in enumerate(DOMAINS)},
    }
    return record, activity


def _count(record: dict, activity: Activity, moe: Moe, expected_multipliers: int) -> None:
    """Fill in what each domain did."""
    tree = scopes(activity)
    elements = domain_instances(moe)
    domains = {ALWAYS_ON: {"clock_edges": activity.nets["", "clk_i"].high}, **record["domains"]}
    for d, name in enumerate(DOMAINS):
        switch = activity.nets[saif_path(sequencer(d)), "switch_on_o"]
        domains[name] |= {
            "clock_edges": max(activity.nets[saif_path(element), "clk_i"].high for element in elements[name]),
            "switch_cycles": events(switch),
            "wake_ups": switch.toggles // 2,  # one falls as often as it rises, from rest to rest
        }
    for domain in domains.values():
        domain |= dict.fromkeys(("bits", "toggles", "multipliers", "multiplier_bits", "multiplier_toggles"), 0)
        domain["memories"] = {}
    for path, nets in tree.items():
        domain = domains[domain_of(path)]
        for net in nets.values():
            if is_logic(net):
                domain["bits"] += net.bits
                domain["toggles"] += net.toggles
    blocks = list(multipliers(tree))
    if len(blocks) != expected_multipliers:
        raise InputError(f"the SAIF has {len(blocks)} multiplier blocks, the folding has {expected_multipliers}")
    for block in blocks:
        domain = domains[domain_of(block.name)]
        domain["multipliers"] += 1
        domain["multiplier_bits"] += block.bits
        domain["multiplier_toggles"] += block.toggles
    for memory in memories(tree):
        entry = {key: value for key, value in asdict(memory).items() if key != "name"}
        domains[domain_of(memory.name)]["memories"][memory.name] = entry
    record["domains"] = domains
    record["results"] = events(tree[""][RESULT_TAKEN])
    record["images_accepted"] = events(tree[saif_path(ROUTE_QUEUE)]["push"])


# ---- The proxy -------------------------------------------------------------------------------------------------------
def proxy(record: dict, resources: dict, weights: SwitchingWeights = WEIGHTS) -> dict:
    """Switching of one image in toggles of one LUT4 output, with its bounds, by domain and by kind.

    Args:
        record: what the domains did.
        resources: synthesised cells by domain and by layer.
        weights: weight of each event.
    """
    blocks = memory_blocks(record["domains"], resources)
    parts = {}
    for name, domain in record["domains"].items():
        cells = resources["cells"][name]
        a_bit = domain["toggles"] / domain["bits"] if domain["bits"] else 0.0
        a_block = domain["multiplier_toggles"] / domain["multipliers"] if domain["multipliers"] else 0.0
        amount = {
            "logic": a_bit * cells["lut4_sites"],
            "registers": a_bit * cells.get("TRELLIS_FF", 0),
            "clock": domain["clock_edges"] * cells.get("TRELLIS_FF", 0),
            "multipliers": a_block * cells.get("MULT18X18D", 0),
            "memories": sum((m["reads"] + m["writes"]) * blocks.get(path, 0) for path, m in domain["memories"].items()),
        }
        parts[name] = {kind: amount[kind] * weight / record["images"] for kind, weight in weights.weights().items()}
    by_kind = {kind: sum(part[kind] for part in parts.values()) for kind in weights.weights()}
    low, high = (sum(value * weights.bounds()[kind][end] for kind, value in by_kind.items()) for end in range(2))
    return {
        "total": sum(by_kind.values()),
        "low": low,
        "high": high,
        "by_domain": {name: sum(part.values()) for name, part in parts.items()},
        "by_kind": by_kind,
    }


def memory_blocks(domains: dict, resources: dict) -> dict[str, float]:
    """Block RAMs of each memory, by its path.

    The synthesised ones of a layer, or of what is in no layer of a domain, are shared among its memories in proportion
    to the fewest that each could do with: by its bits, and by the width of its word.
    """
    layers = resources.get("layers", {})
    groups: dict[tuple[str, str | None], dict[str, int]] = defaultdict(dict)
    for name, domain in domains.items():
        for path, memory in domain["memories"].items():
            if memory["block"]:
                layer = memory["layer"] if memory["layer"] in layers else None
                needed = max(
                    math.ceil(memory["width"] * memory["depth"] / EBR_BITS), math.ceil(memory["width"] / EBR_WIDTH)
                )
                groups[name, layer][path] = needed
    shares = {}
    for (name, layer), members in groups.items():
        if layer:
            available = layers[layer].get("DP16KD", 0)
        else:
            inside = {other for owner, other in groups if owner == name and other}
            available = resources["cells"][name].get("DP16KD", 0)
            available -= sum(layers[other].get("DP16KD", 0) for other in inside)
        total = sum(members.values())
        shares |= {path: max(available, 0) * needed / total for path, needed in members.items()}
    return shares
