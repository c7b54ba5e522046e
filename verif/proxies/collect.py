# SPDX-License-Identifier: Apache-2.0
"""Everything about the cases in one record, ``build/proxies.json``: counters, both proxies, agreement, timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from driver.verilated import build_device
from golden.data import generic_source, users_source
from golden.energy import Weights, energy_per_image, hardware_energy
from golden.energy.expected import expected_counts
from hw.gen.build import generate
from hw.gen.digest import rtl_digest
from spec.bank import Bank
from spec.domains import DOMAINS
from spec.network import Mode
from spec.paths import BUILD, RESULTS
from spec.presets import Accelerator as Design
from spec.progress import progress_bar
from verif.proxies import agreement, switching, timeline
from verif.proxies.cases import GENERIC, USER, Case
from verif.proxies.counting import WORK, Counted, build_bench, count, differences

OUT = BUILD / "proxies.json"
KEPT = RESULTS / "proxies.json"
REFERENCE = (Mode.GE_ONLY, GENERIC)  # what the table compares with


def data_names() -> dict:
    """Where the images of :func:`verif.proxies.cases.cases` come from."""
    users, generic = users_source(), generic_source("test")
    return {
        "generic": generic.name,
        "user": f"user {USER} of {users.name}",
        "synthetic": users.synthetic or generic.synthetic,
    }


def build_traced(design: Design) -> Path:
    """Build the simulated device that records its switching activity, unless it is there."""
    return build_device(generate(design), saif=True)


def build_models(design: Design) -> Path:
    """Build the cocotb simulation and the traced device at the same time; return the latter."""
    # Processes: building for cocotb changes the environment of its process.
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        bench, traced = pool.submit(build_bench, design), pool.submit(build_traced, design)
        bench.result()
        return traced.result()


def collect(design: Design, bank: Bank, cases: Sequence[Case], data: Mapping) -> dict:
    """Run all cases, on the device in cocotb and on the traced one, and put together what they show.

    Args:
        design, bank: the device, and the user that is loaded into it.
        cases: what to run.
        data: where the images come from.

    Returns:
        Plain data. ``findings`` has a sentence for everything that is not as it must be; an energy is in pJ an image.
    """
    sources = rtl_digest()  # before the work: an edit meanwhile makes no old figure a new one
    generate(design)  # before two processes do it
    with progress_bar(total=3, description="proxies", unit="step") as bar:
        library = build_models(design)
        bar.update()
        counted, recorded = count(design, bank, cases, optimise=True)
        bar.update()
        switched = switching.measure(design, bank, cases, library)
        bar.update()
    entries = [_entry(design, *pair) for pair in zip(counted, switched, strict=True)]
    images = [timeline.build(design.moe, r.mode, r.kind, r.recording, r.active_cycles) for r in recorded]
    agreed = agreement.agree(
        design, cases, [entry["counters"] for entry in entries], switched, [entry["expected"] for entry in entries]
    )
    return {
        "design": design.name,
        "sources": sources,
        "data": dict(data),
        "images_per_case": len(cases[0].images),
        "findings": findings(design, counted, switched, agreed, images),
        "cases": entries,
        "agreement": agreed,
        "orders": agreement.orders(entries),
        "timeline": {"images": images},
    }


def findings(
    design: Design,
    counted: Sequence[Counted],
    switched: Sequence[Mapping],
    agreed: Sequence[Mapping],
    images: Sequence[Mapping],
) -> list[str]:
    """Everything that is not as it must be, each as a sentence: of counters, answers, agreement and timeline."""
    found = [sentence for one in counted for sentence in differences(design, one)]
    found += [
        f"{record['case']}: {record['wrong']} of {record['images']} answers of the traced device are wrong."
        for record in switched
        if record["wrong"]
    ]
    found += [
        f"{row['case']}: {row['what']}: counter {row['counter']}, SAIF {row['saif']}, golden {row['golden']}."
        for row in agreed
        if not row["equal"]
    ]
    return found + [sentence for image in images for sentence in timeline.findings(design, image)]


def _entry(design: Design, one: Counted, switched: Mapping) -> dict:
    """One case: what was counted, what was expected, and both proxies."""
    case, images = one.case, len(one.case.images)
    moe, folding = design.moe, design.folding
    return {
        "mode": case.mode.name,
        "kind": case.kind,
        "images": images,
        "cycles": one.cycles,
        "wrong": one.wrong,
        "to_ge": one.to_ge,
        "counters": asdict(one.counters),
        "expected": _predicted(design, one),
        "energy": {w.name: asdict(energy_per_image(moe, folding, one.counters, images, w)) for w in Weights},
        "held": hardware_energy(moe, folding, one.counters).held_total / images,
        "switching": dict(switched),
    }


def _predicted(design: Design, one: Counted) -> dict:
    """What specification and folding predict, under the names of the counters; nothing about time."""
    images = len(one.case.images)
    counts = expected_counts(design.moe, design.folding, one.case.mode, images, one.to_ge)
    return {
        "images_in": images,
        "images_out": images,
        "answers_ge": one.to_ge,
        "answers_le": list(one.to_le),
        "feature_store_writes": counts.feature_store_writes,
        "feature_store_reads": counts.feature_store_reads,
        "domains": {name: {kind: getattr(counts.domains[name], kind) for kind in WORK} for name in DOMAINS},
    }


def as_text(result: Mapping) -> str:
    """An aligned table, one row a case, with what the design is compared with."""
    head = f"{'':<24}{'on chip':>10}{'':>9}{'GE in DRAM':>12}{'':>9}{'switching':>13}{'':>9}{'cycles':>9}"
    units = f"{'':<24}{'nJ':>10}{'':>9}{'nJ':>12}{'':>9}{'1000 toggles':>13}{'':>9}"
    lines = [f"{result['design']}, an image; {', '.join(str(result['data'][k]) for k in ('generic', 'user'))}"]
    lines += ["", head, units + f"  % of {REFERENCE[0].name}, {REFERENCE[1]}"]
    columns = [_columns(case) for case in result["cases"]]
    reference = next(
        (values for case, values in zip(result["cases"], columns, strict=True) if _is_reference(case)), None
    )
    for case, values in zip(result["cases"], columns, strict=True):
        cells = ""
        for number, width in enumerate((10, 12, 13)):
            value, base = values[number], reference[number] if reference else None
            cells += f"{value:>{width},.1f}" if value is not None else f"{'-':>{width}}"
            cells += f"{100 * value / base:>7.2f} %" if value is not None and base else f"{'-':>9}"
        lines.append(f"{case['mode'] + ', ' + case['kind']:<24}{cells}{case['cycles'] / case['images']:>9,.0f}")
    rows, orders = result["agreement"], result["orders"]
    lines += [
        "",
        f"{sum(row['equal'] for row in rows)} of {len(rows)} quantities agree between counters, switching and golden.",
        f"Pairs of cases: {orders['agree']} in the same order by both proxies, {len(orders['disagree'])} in another, "
        f"{orders['tied']} the same by one of them, {orders['not_measured']} not measured.",
    ]
    if orders["not_measured"]:
        lines.append("The second proxy needs the synthesised cells of these sources: `make synth` counts them.")
    return "\n".join(lines)


def _is_reference(case: Mapping) -> bool:
    return (case["mode"], case["kind"]) == (REFERENCE[0].name, REFERENCE[1])


def _columns(case: Mapping) -> tuple[float | None, ...]:
    """nJ on chip, nJ with the GE's weights from DRAM, and the second proxy in 1000 toggles (None: not measured)."""
    energy, proxy = case["energy"], case["switching"]["proxy"]
    return (
        energy[Weights.ON_CHIP.name]["total"] / 1000,
        energy[Weights.GE_DRAM.name]["total"] / 1000,
        proxy["total"] / 1000 if proxy else None,
    )
