# SPDX-License-Identifier: Apache-2.0
"""Each layer of the heads alone: in C simulation, and as Verilog of an open HLS compiler, against the integer model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hls.bambu import DEFAULT_CLOCK_NS, BambuError, GeneratedTop, find_bambu, generate_tops, version
from hls.gen import generate
from hls.top_model import TopError, build_models, differing, run_top
from hls.top_vectors import TopVectors, top_vectors
from hls.tops import Top, layer_tops, write_tops
from spec.bank import random_bank
from spec.errors import InputError
from spec.files import as_json, write_if_changed
from spec.paths import BUILD, MODELS
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, load_accelerator
from verif.compare.request import load_images
from verif.compare.stage import Setup
from verif.hls_flow import bank_to_simulate
from verif.layers.simulate import build_layer

NO_BAMBU = (
    "bambu is neither on PATH nor named by the environment variable BAMBU: the layers were C-simulated, and not "
    "compiled to Verilog."
)
STALLS = (0, 64, 192)  # of 256 cycles, in which each stream is held back at random


@dataclass
class Row:
    """What became of one top.

    Attributes:
        asked: cycles an image that the template asks for.
        c_model, verilog: output words that differ; None where it was not run.
        cycles: of the generated module an image, without stalls; None where it was not run.
        seconds: of the compiler.
        problem: why the compiler or the simulation failed, or an empty text.
    """

    top: str
    asked: int
    words: int
    c_model: int | None = None
    verilog: int | None = None
    cycles: float | None = None
    seconds: float | None = None
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing differs and nothing failed."""
        return not (self.c_model or self.verilog or self.problem)


@dataclass(frozen=True)
class LayersFlow:
    """What is compiled and simulated.

    Attributes:
        preset, gate: the accelerator.
        ge: QONNX file of the global expert.
        local_experts: their number; None takes the gate preset's.
        le_bank: of a user; None takes user 1's of the gate preset, else random weights. A second bank is random.
        images: their file; None takes the data at hand.
        limit: images; 0 for all.
        theta: the gate's threshold.
        tops: names of the tops to run; None for all.
        clock: clock period that the compiler is asked for, ns.
        jobs: compilations at a time; None: one a core.
        out: directory of the summary.
    """

    preset: str = DEFAULT_FOLDING
    gate: str = DEFAULT_GATE
    ge: Path = MODELS / "ge.onnx"
    local_experts: int | None = None
    le_bank: Path | None = None
    images: Path | None = None
    limit: int = 200
    theta: int = 0
    tops: Sequence[str] | None = None
    clock: float = DEFAULT_CLOCK_NS
    jobs: int | None = None
    out: Path = BUILD / "hls"


def run(options: LayersFlow) -> bool:
    """Do everything, and print it; whether nothing differs and nothing failed.

    Raises:
        InputError: bad input, or no C++ compiler.
    """
    accelerator = load_accelerator(options.preset, options.gate, options.ge, options.local_experts)
    tops = _chosen(layer_tops(accelerator), options.tops)
    bank, bank_name = bank_to_simulate(accelerator, options.le_bank)
    data = load_images(Setup(accelerator, bank, options.ge, theta=options.theta), options.images, options.limit, None)
    banks = [bank, random_bank(accelerator.moe, 2)]
    vectors = top_vectors(accelerator, banks, data.images, options.theta)
    generated = generate(accelerator)
    units = write_tops(generated, tops)
    print(f"{len(data)} images: {data.name}; run-time weights in turn: {bank_name}, random weights\n", flush=True)
    rows = {
        top.name: Row(top.name, top.cycles, sum(map(len, vectors[top.name].outputs.values()))) for top in tops
    }  # fmt: skip
    library = build_models(generated, tops, BUILD / "hls" / "lib")
    for top in tops:
        _simulate_c(rows[top.name], top, vectors[top.name], library)
    bambu = find_bambu()
    line = NO_BAMBU
    if bambu:
        line = f"{bambu}: version {version(bambu)}, clock {options.clock:g} ns"
        made = generate_tops(bambu, tops, units, generated, options.clock, options.jobs)
        for top in tops:
            _simulate_verilog(rows[top.name], top, vectors[top.name], made[top.name], units[top.name], len(data))
    print(table(list(rows.values())))
    print(line)
    good = all(row.good for row in rows.values())
    content = {"accelerator": accelerator.name, "images": len(data), "data": data.name, "bank": bank_name}
    content |= {"compiler": line, "tops": [asdict(row) for row in rows.values()]}
    write_if_changed(options.out / "layers.json", as_json(content))
    print(f"Summary: {options.out / 'layers.json'}")
    wrong = [row.top for row in rows.values() if not row.good]
    print("every layer that was run equals the integer model" if good else f"not as it must be: {', '.join(wrong)}")
    return good


def _chosen(tops: Sequence[Top], names: Sequence[str] | None) -> tuple[Top, ...]:
    known = [top.name for top in tops]
    for name in names or ():
        if name not in known:
            raise InputError(f"--tops names '{name}', allowed are {', '.join(known)}")
    return tuple(top for top in tops if names is None or top.name in names)


def _simulate_c(row: Row, top: Top, vectors: TopVectors, library: Path) -> None:
    try:
        row.c_model = differing(vectors, run_top(library, top, vectors))
    except TopError as error:
        row.problem = str(error)


def _simulate_verilog(
    row: Row, top: Top, vectors: TopVectors, made: GeneratedTop | BambuError, unit: Path, images: int
) -> None:
    if isinstance(made, BambuError):
        row.problem = str(made)
        return
    row.seconds = made.seconds
    try:
        library = build_layer(top, made.verilog, unit.with_suffix(""))
        memory = made.verilog.parent
        runs = [run_top(library, top, vectors, seed, stall, memory) for seed, stall in enumerate(STALLS)]
        row.verilog = sum(differing(vectors, found) for found in runs)
        row.cycles = round(runs[0].cycles / images, 1)
    except (TopError, RuntimeError) as error:
        row.problem = str(error)


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    titles = ("top", "words", "C model differs", "Verilog differs", "cycles asked", "cycles", "seconds", "")

    def text(value: object) -> str:
        return "-" if value is None else str(value)

    lines = [titles]
    for row in rows:
        numbers = (row.words, row.c_model, row.verilog, row.asked, row.cycles, row.seconds)
        lines.append((row.top, *map(text, numbers), row.problem.split("\n")[0]))
    widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
    left = (0, len(titles) - 1)
    text_of = []
    for line in lines:
        cells = [c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True))]
        text_of.append("  ".join(cells).rstrip())
    return "\n".join(text_of) + "\n"
