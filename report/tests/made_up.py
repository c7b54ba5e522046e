# SPDX-License-Identifier: Apache-2.0
"""Small made-up results of every source, in the form that their commands write; no figure in them was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hw.gen.digest import rtl_digest
from hw.place.cells import USED
from report.context import digests_now
from report.evidence import SOURCES, Places
from spec.presets import TRAINED_GATES, load_accelerator

DATA = {"generic": "made-up generic", "user": "user 1", "users": "made-up users", "synthetic": False}
MODES = ("GE_ONLY", "LE_ONLY", "MOE_PARALLEL", "MOE_GATED")
DOMAINS = ("aon", "fe", "ge", "le", "gn")
CELLS = ("lut4_sites", "TRELLIS_FF", "DP16KD", "MULT18X18D")
COUNTED = ("weights", "macs", "lane_macs", "weight_memory_bits", "buffer_bits", "multipliers")


def everything() -> dict[str, Any]:
    """Content by key of the source."""
    found: dict[str, Any] = {
        "compare": compare(),
        "proxies": proxies(),
        "designs": designs(),
        "accuracy": {"data": DATA, **table_2(0.002)},
        "samples": samples(),
        "table2": table_2(0.0),
        "table1": {"rows": [{"pooled": 3, "share": 0.0252, "overall": 0.8361, "generic_overall": 0.6877}]},
        "table4": table_4(),
        "seeds": seeds(),
        "regions": regions(),
        "soft_gate": soft_gate(),
        "few_samples": few_samples(),
        "learning": learning(),
        "learning_energy": learning_energy(),
        "several": several(),
        "bench": bench(),
        "netlist": netlist(),
        "pool": pool(),
        "pruning": pruning(),
        "resources": resources(),
        "gated": {name: gated(i) for i, name in enumerate(("user 1", "user 2", "user 1 with 2 % generic"))},
        "sweep": sweep(),
        "formal": formal(),
        "power": {"items": [item("holds", "ok"), item("does not", "FAILED")], "coverage": ""},
    }
    digests = digests_now(rtl_digest())
    contents = {
        source.key: {"sources": digests[source.of], **found[source.key]} for source in SOURCES if source.key in found
    }
    return {**contents, "fpga": {"a device": placed()}}


def table_2(shift: float) -> dict:
    """Rows of two users for every trained gate preset."""
    columns = ("ge", "le", "gn", "overall", "le_where_ge_wrong", "generic_overall", "generic_ge")
    return {
        gate: [
            {"user": user, **{c: 0.5 + 0.05 * i + 0.01 * user + shift for i, c in enumerate(columns)}}
            for user in (1, 2)
        ]
        for gate in TRAINED_GATES
    }


def table_4() -> dict:
    """All models, two users."""
    phases = ("before_customised", "before_emnist", "after_customised", "after_emnist")
    names = (*(f"moe_{gate}" for gate in TRAINED_GATES), "harris", "fine_tuning")
    rows = [
        {"model": name, "weights_per_user": 1234} | {phase: 0.1 * i + 0.01 * j for j, phase in enumerate(phases)}
        for i, name in enumerate(names, 3)
    ]
    keys = [f"{name}_{data}" for name in names for data in ("customised", "emnist")]
    users = [{"user": u, **{k: 0.1 * u + 0.3 + 0.01 * i for i, k in enumerate(keys)}} for u in (1, 2)]
    return {"random_starts": 7, "rows": rows, "users": users}


def seeds() -> dict:
    """A gate preset and two variants of fine-tuning, one user, two seeds; the GE has 0.5 and 0.7."""
    common = ("overall", "balanced", "generic_overall")

    def entry(name: str, base: float, weights: int, keys: tuple[str, ...]) -> dict:
        figures = {"ge": 0.5, "generic_ge": 0.7, **{key: base - 0.01 * i for i, key in enumerate(keys)}}
        mean = {key: {"mean": value, "spread": 0.0012} for key, value in figures.items()}
        rows = [{"user": 1, "seed": seed, **figures} for seed in (0, 1)]
        return {"name": name, "weights": weights, "share": weights / 456_500, "mean": mean, "rows": rows}

    return {
        "gates": {"tuned": entry("`tuned`", 0.75, 21_234, (*common, "le", "gn", "generic_to_le"))},
        "fine_tuning": {
            "paper": entry("fine-tuning as in the paper", 0.65, 431_000, common),
            "factory": entry("fine-tuning at the factory alone", 0.55, 0, common),
        },
        "measured_on": "Made-up images.",
        "data": DATA,
        "sources": None,
    }


def regions() -> dict:
    """Every trained preset, three trainings each."""
    shares = {"r1": 0.5, "r2": 0.25, "r3": 0.125, "r4": 0.125}
    keys = ("overall", "overall_balanced", "generic_overall", "le_where_ge_wrong_seen", "le_where_ge_wrong_held_out")
    keys += ("le_where_ge_wrong_test", "wrong_to_le_test", "right_to_le_test", "wrong_to_le_seen", "right_to_le_seen")

    def training(base: float) -> dict:
        return {key: base + 0.01 * i for i, key in enumerate(keys)}

    trainings = {
        name: training(0.7 - 0.1 * i) for i, name in enumerate(("usual", "alternative", "alternative_generic"))
    }
    mean = {"train": shares, "test": shares, **trainings}
    return {"data": DATA, "paper": shares, "gates": {gate: {"mean": mean, "users": []} for gate in TRAINED_GATES}}


def soft_gate() -> dict:
    """Every trained preset, three gates each."""
    keys = ("users", "users_balanced", "emnist")
    mean = {
        name: {key: 0.8 + 0.01 * i + 0.001 * j for j, key in enumerate(keys)}
        for i, name in enumerate(("binary", "softmax", "logits"))
    }
    return {"data": DATA, "gates": {gate: {"mean": mean, "users": []} for gate in TRAINED_GATES}}


def few_samples() -> dict:
    """None, two and all images, with both starts."""

    def line(base: float) -> list[dict]:
        keys = ("ge", "overall", "balanced", "le", "le_balanced", "generic_overall")
        return [
            {
                "count": count,
                "images_a_class": each,
                "mean": {key: {"mean": base + 0.1 * i + 0.01 * j, "spread": 0.01} for j, key in enumerate(keys)},
            }
            for i, (count, each) in enumerate(((0, 0.0), (2, 2.0), (None, 9.5)))
        ]

    gate = {"fits": "", "le_start": "factory", "starts": {"usual": line(0.6), "generic": line(0.55)}}
    return {"data": DATA, "gates": {"rich": {**gate, "rows": [{"user": user, "seed": 0} for user in (1, 2)]}}}


def learning() -> dict:
    """No pass, one and twenty, with one image a class and all."""
    keys = ("le", "overall", "balanced", "generic_overall", "ge")

    def point(count: int | None, each: float, base: float) -> dict:
        after = {
            number: {key: {"mean": base + 0.1 * i + 0.01 * j, "spread": 0.0021} for j, key in enumerate(keys)}
            | {key: {"mean": size * i, "spread": 0.0} for key, size in (("own", 900.0), ("generic", 90.0))}
            for i, number in enumerate(("0", "1", "20"))
        }
        return {"count": count, "images_a_class": each, "after": after}

    targets = [
        {"what": "an easy one", "least": 0.1234, "found": 0.5, "met": True},
        {"what": "a hard one", "least": 0.9876, "found": 0.5, "met": False},
    ]
    rows = [{"user": user, "seed": 0} for user in (1, 2)]
    host = {"le": 0.889, "overall": 0.884, "generic_overall": 0.75}
    gate = {"curve": [point(1, 1.0, 0.5), point(None, 9.5, 0.6)], "host": host, "targets": targets, "rows": rows}
    return {"data": DATA, "measured_on": "Made-up images.", "gates": {"rich": gate}}


def learning_energy() -> dict:
    """A course of 1,000 lessons, one of two things, and a retraining."""

    def kinds(*values: float) -> dict:
        return dict(zip(("mac", "weights", "buffers", "dram"), (*values, 0.0), strict=True))

    def one(*values: float) -> dict:
        return {"total": sum(values), "by_kind": kinds(*values), "of_ge": [sum(values) / 1e6, 0.5, 2.0]}

    course = {"images": 1000.0, "local_moves": 432.0, "gate_moves": 21.0, "cycles": 785_400.0, "mismatches": 0}
    course |= {"inference": kinds(4e7, 3e7, 1e7), "learning": kinds(1e5, 5e5, 2e5)}
    retraining = {
        "arithmetic": "8-bit integers",
        "trunk_kept": True,
        "dram": False,
        "total": 3.21e9,
        "cycles": 98_700_000,
    }
    retraining |= {"by_learned": [39.7, 20.0, 80.0], "cycles_by_learned": 125.7}
    return {
        "data": DATA,
        "passes": 7,
        "users": [{"user": 1}, {"user": 2}],
        "lesson": {"an image": one(6e4, 2e4, 5e3), "the local expert moves": one(10.0, 200.0, 101.0)},
        "course": course,
        "multipliers": 156,
        "retraining": [retraining],
    }


def netlist() -> dict:
    """A netlist that answered right, and one with a defect that did not."""
    return {
        "design": "made-up",
        "images": {"GE_ONLY": 30, "MOE_GATED": 31},
        "wrong": 0,
        "swaps": 3,
        "naps": 29,
        "lessons": 7,
        "lessons_wrong": 0,
        "cycles": 123456,
        "rtl_cycles": 123456,
        "defect": {"images": 19, "wrong": 5, "first": "GE_ONLY, bank 0, image 2: 0x1 instead of 0x2"},
    }


def bench() -> dict:
    """This project, a peer with ratios, one of a layer alone, and one that could not be built."""

    def row(name: str, cycles: float, **more) -> dict:
        figures = {"latency": cycles + 100, "multipliers": 100, "images_per_second": 3.5, "accuracy": 0.77}
        compared = {"compared": 4, "differing": 0, "against": "its model", "needs": "pip", "lines": 40}
        return {"name": name, "what": "RTL, whole network", "cycles": cycles, **figures, **compared, **more}

    ratios = {"cycles": 12.5, "latency": 11.5, "multipliers": 1.25, "cycles_times_multipliers": 10.0}
    cells = {"lut4": 12345, "ff": 2345, "ebr": 45, "mult18": 100}
    rows = [
        row("this project", 6400.0, cells=cells),
        row("a peer", 80000.0, ratios=ratios, no_cells="out of memory"),
        row("a layer", 576.0, what="RTL, layer conv1 alone", accuracy=None),
        {"name": "another", "failed": "No matching distribution found"},
    ]
    elsewhere = {"name": "elsewhere", "device": None, "images_per_second": 99, "latency_us": None, "accuracy": 0.5}
    return {
        "data": {"name": "made-up images", "images": 200, "synthetic": False},
        "rows": rows,
        "findings": [],
        "published": [{**elsewhere, "source": "a page"}],
    }


def placed() -> dict:
    """A routed device with two clocks, of which a crossing is slower."""
    return {
        "design": f"{load_accelerator().name}.board",
        "sources": rtl_digest(),
        "module": None,
        "board": "a board",
        "tool": "made-up tool",
        "device": "LFE5U-85F",
        "package": "CABGA381",
        "grade": 8,
        "target_mhz": 100.0,
        "seeds": {"1": {"clk": 90.0, "gated": 95.0}, "2": {"clk": 88.0, "gated": 99.0}},
        "clocks": [{"name": "clk", "mhz": 90.0, "target": 100.0}, {"name": "gated", "mhz": 95.0, "target": 100.0}],
        "crossings": [{"source": "clk", "sink": "gated", "ns": 12.5, "limit": 10.0}],
        "paths": [{"clock": "clk", "end": "a_q", "ns": 11.1, "start": "b_q", "routing": 8.0, "levels": 3}],
        "used": {kind: {"used": 5, "available": 10} for kind in USED},
        "parts": {"ge": dict.fromkeys(USED, 5)},
        "findings": ["clk reaches 90.0 of 100 MHz"],
    }


def several() -> dict:
    """Devices of one and of two users, a simulated device, two balances and two widths of the gate."""
    keys = ("accuracy", "emnist", "generic_to_local", "right_of_local", "local", "own")
    sizes = [
        {
            "experts": experts,
            "devices": 2 // experts,
            **dict.fromkeys(keys, 0.9 - 0.01 * experts),
            "by_user": {"1": 0.9, "2": 0.8},
            "loss": {"1": 0.0, "2": 0.0123 * (experts - 1)},
            "load": [1.0 - 0.1 * (experts - 1), 1.0 + 0.1 * (experts - 1)],
        }
        for experts in (1, 2)
    ]
    device = {"users": [1, 2], "images": 1234, "wrong": 0, "counter_differences": 0, "load": [0.9, 1.1]}
    balances = [
        {"balance": name, **dict.fromkeys(keys, 0.8), "load": [0.9, 1.1], "gain": gain, "gain_error": 0.001}
        for name, gain in (("none", 0.0), ("soft 0.1", 0.0042))
    ]
    gates = [{**balances[1], "hidden": width} for width in (40, 96)]
    chosen = {"balance": "soft 0.1", "hidden": 96}
    choice = {"experts": 2, "balances": balances, "gates": gates, "chosen": chosen}
    return {"gate": "tuned", "balance": "none", "sizes": sizes, "device": device, "choice": choice, "data": DATA}


def pool() -> dict:
    """Two queries of two seeds."""
    rows = [
        {"query": name, "classes": 10 + i, "ge": 0.5, "outside": [0, 0]}
        | {
            what: [0.6 + 0.01 * j + 0.1 * i, 0.62 + 0.01 * j + 0.1 * i]
            for j, what in enumerate(("pool", "scratch", "slice"))
        }
        for i, name in enumerate(("one", "both"))
    ]
    parts = ("compose", "load", "answer", "total")
    times = [{"query": row["query"], **{part: 0.01 for part in parts}, "load_cycles": 99} for row in rows]
    return {"seeds": 2, "target": 0.035, "rows": rows, "validation": {}, "times": times}


def pruning() -> dict:
    """Two parts, a candidate that is chosen."""
    keys = ("retrained", "held_out", "held_out_error")
    found = {
        f"{key}{end}": {"mean": 0.5 + 0.1 * i - 0.05 * j, "least": 0.1, "most": 0.9}
        for i, key in enumerate(keys)
        for j, end in enumerate(("", "_alike"))
    }
    cost = {"weights": 100, "macs": 100, "multipliers": 20, "bits": 5678, "block_rams": 15}
    one = {"kind": "positions", "rule": "pruned", "removed": [0, 8], "kept": 7, "accuracy": 0.8, "cycles": 434, **cost}
    before = {"le": 0.86, "overall": 0.84, "generic_overall": 0.75}
    return {
        "gate": "tuned",
        "folding": "ecp5_85",
        "data": DATA,
        "prunings": {"le": 64, "ge": 55},
        "correlations": {"le": found, "ge": found},
        "spans": {"le": 0.01, "ge": 0.01},
        "unpruned": {**one, "accuracy": 0.81, "cycles": 558},
        "candidates": [one],
        "chosen": one,
        "test": {"unpruned": before, "pruned": {key: value - 0.0123 for key, value in before.items()}},
        "tolerance": 0.005,
        "users": [{"user": 1}, {"user": 2}],
    }


def compare() -> dict:
    """Four modes, no mismatch."""
    cycles = dict(zip(MODES, (6401.0, 786.0, 6402.0, 3003.0), strict=True))
    modes = {
        mode: {
            "accuracy": 0.5,
            "mismatches": {"conv1": 0, "class": 0},
            "bit_exact": True,
            "cycles_per_image": cycles[mode],
        }
        for mode in MODES
    }
    return {"images": 10, "data": "made-up generic (5) + user 1 (5)", "synthetic": False, "modes": modes}


OPERATIONS = ("mac", "weights", "buffers", "dram")
SWITCHING = ("logic", "registers", "clock", "multipliers", "memories")


def energy(total: float, kinds: tuple[str, ...] = OPERATIONS) -> dict:
    """A proxy with its bounds, by domain and kind."""
    return {
        "total": total,
        "low": total / 2,
        "high": total * 2,
        "by_domain": dict.fromkeys(DOMAINS, total / len(DOMAINS)),
        "by_kind": dict.fromkeys(kinds, total / len(kinds)),
    }


def proxies() -> dict:
    """All cases, an agreement, orders and two images."""
    cases = []
    for mode in MODES:
        for kind in ("local", "generic"):
            small = mode == "LE_ONLY" or (mode, kind) == ("MOE_GATED", "local")
            scale = 0.0625 if small else 1.0
            cases.append(
                {
                    "mode": mode,
                    "kind": kind,
                    "images": 2,
                    "cycles": 14000,
                    "wrong": 0,
                    "energy": {
                        name: energy(scale * pj) for name, pj in (("ON_CHIP", 2e6), ("GE_DRAM", 3e7), ("ALL_DRAM", 4e7))
                    },
                    "switching": {"proxy": energy(1e8 * (0.05 if small else 1.0), SWITCHING)},
                }
            )
    agreement = [
        {
            "case": "MOE_GATED, local",
            "what": "weight reads of GE",
            "counter": 12,
            "saif": 12,
            "golden": 12,
            "equal": True,
        },
        {"case": "MOE_GATED, local", "what": "counted once", "counter": None, "saif": 5, "golden": None, "equal": True},
    ]
    orders = {
        "agree": 27,
        "disagree": [
            {"a": "GE_ONLY, local", "b": "LE_ONLY, local", "operations": 0.9, "switching": 1.1, "sure": False}
        ],
    }
    return {
        "data": DATA,
        "images_per_case": 2,
        "cases": cases,
        "agreement": agreement,
        "orders": orders,
        "timeline": {"images": [image("local", 1017, 1), image("generic", 9150, 0)]},
    }


def designs() -> dict:
    """Two designs, of which one does everything at half the cost."""
    cases = []
    for name, scale in (("ge-rich1-ecp5_85", 1.0), ("ge-paper1-ecp5_85", 0.5)):
        for case in proxies()["cases"]:
            first, second = case["energy"]["ON_CHIP"]["total"], case["switching"]["proxy"]["total"]
            proxy = {"proxy": energy(scale * second, SWITCHING)}
            cases.append({**case, "design": name, "energy": {"ON_CHIP": energy(scale * first)}, "switching": proxy})
    orders = {"agree": 118, "tied": 2, "disagree": []}
    return {"data": DATA, "cases": cases, "orders": orders, "quantities": {"compared": 384, "equal": 384}}


def image(kind: str, result: int, expert: int) -> dict:
    """A timeline: the GE sleeps for a local image."""
    states = [["off", 0, result]] if expert else [["off", 0, 1000], ["waking", 1000, 1020], ["on", 1020, result]]
    rows = [
        {"name": "pixels in", "domain": "aon", "busy": [[0, 784]]},
        {"name": "conv1", "domain": "fe", "busy": [[1, 790]]},
        {"name": "conv2", "domain": "ge", "busy": [] if expert else [[1030, 8000]]},
        {"name": "le0", "domain": "le", "busy": [[300, 400], [500, 950]]},
    ]
    on = [["on", 0, result]]
    return {
        "kind": kind,
        "mode": "MOE_GATED",
        "cycles": result + 200,
        "gate_decision": 1015,
        "result": result,
        "expert": expert,
        "rows": rows,
        "power": {"fe": on, "ge": states, "le": on, "gn": on},
    }


def samples() -> dict:
    """One image of each of two outcomes, and an outcome without any."""
    one = {
        "label": 10,
        "pixels": bytes(range(196)).hex() * 4,
        "ge": 11,
        "le": 10,
        "answer": 10,
        "expert": 1,
        "margin": 5,
    }
    right = {"origin": "user 1", **one, "device": {"class": 10, "expert": 1}}
    wrong = {"origin": "generic", **one, "device": {"class": 12, "expert": 1}}
    groups = [
        {"title": "GE wrong, MoE right", "origin": "user", "count": 3, "of": 9, "images": [right]},
        {"title": "The device differs", "origin": "generic", "count": 1, "of": 9, "images": [wrong]},
        {"title": "Nothing of this kind", "origin": "generic", "count": 0, "of": 9, "images": []},
    ]
    return {"data": DATA, "device": {"mode": "MOE_GATED", "images": 18, "differs": 1}, "groups": groups}


def resources() -> dict:
    """Cells: LE and GN have a quarter of what front end and GE have, the always-on domain as much as each of these."""
    share = {"aon": 400, "fe": 400, "ge": 400, "le": 100, "gn": 100}
    cells = {domain: dict.fromkeys(CELLS, share[domain]) for domain in DOMAINS}
    capacity = {"name": "LFE5U-85F", "LUT4": 4000, "TRELLIS_FF": 4000, "DP16KD": 2000, "MULT18X18D": 2000}
    return {
        "tool": "made-up tool",
        "device": capacity,
        "cells": cells,
        "layers": {"conv1": dict.fromkeys(CELLS, 300)},
        "total": dict.fromkeys(CELLS, sum(share.values())),
        "counted": {domain: dict.fromkeys(COUNTED, share[domain]) for domain in DOMAINS},
    }


def gated(number: int) -> dict:
    """A row of the MOE_GATED table."""
    on = {"fe": 1.0, "ge": 0.2 + 0.1 * number, "le": 1.0, "gn": 1.0}
    return {"images": 100 + number, "wrong": 0, "local": 0.95, "woke": 0.02, "cycles": 850.0 + 100 * number, "on": on}


def sweep() -> dict:
    """Three shares and the references."""

    def point(mode: str, generic: float, scale: float) -> dict:
        weights = {name: energy(scale * pj) for name, pj in (("ON_CHIP", 2e6), ("GE_DRAM", 3e7), ("ALL_DRAM", 4e7))}
        figures = {"cycles": 6400 * scale, "latency": 8300 * scale, "latency_worst": 9000, "woke": 0.1, "to_ge": scale}
        return {
            "mode": mode,
            "generic": generic,
            "images": 20,
            "wrong": 0,
            "energy": weights,
            "on": {"ge": scale},
            **figures,
        }

    points = [point("MOE_GATED", share, 0.1 + 0.9 * share) for share in (0.0, 0.5, 1.0)]
    points += [point("GE_ONLY", 0.1, 1.0), point("LE_ONLY", 0.1, 0.05), point("MOE_PARALLEL", 0.1, 1.02)]
    return {"design": "made-up", "user": "1 of made-up users", "generic": "made-up generic", "points": points}


def formal() -> dict:
    """A proof that holds with its defect found, and one that does not."""
    run = {"method": "k-induction, k = 1", "seconds": 1.0, "detail": ""}
    return {
        "proofs": [
            {"name": "a fifo", "claim": "nothing is lost", "status": "PASS", "good": True, **run},
            {"name": "a fork", "claim": "nothing is doubled", "status": "UNKNOWN", "good": False, **run},
        ],
        "defects": [{"name": "a fifo: overwrites", "status": "FAIL", "good": True, **run}],
    }


def item(name: str, word: str) -> dict:
    """An item of the test plan."""
    return {
        "name": name,
        "word": word,
        "passed": 1,
        "failed": [],
        "control": False,
        "coverage": False,
        "tests": ["a::b"],
    }


def write(directory: Path, contents: dict[str, Any]) -> Places:
    """Results as files, those that are measured here where they are built, the others where they are kept."""

    places = Places(directory / "build", directory / "kept")
    design = load_accelerator().name
    for source in SOURCES:
        if source.key in contents:
            folder, form = (places.build, source.built) if source.built else (places.kept, source.kept)
            file = folder / form.format(design=design, key=source.key)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(contents[source.key]))
    return places
