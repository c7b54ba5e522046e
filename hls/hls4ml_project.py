# SPDX-License-Identifier: Apache-2.0
"""Generate and compile the hls4ml project of one part, and reuse it while nothing changes.

A project's directory ``<name>_<digest>`` holds the HLS sources, the C simulation as a shared library, the logs of
hls4ml and g++, and ``project.json``, which is written last: without it the directory counts as unfinished.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hls.hls4ml_config import Part, PrecisionError, check_precisions, configure
from hls.hls4ml_qonnx import hls4ml_name, part_to_qonnx
from hls.hls4ml_types import precision, reuse_factor, strategy
from spec.errors import InputError
from spec.files import as_json, locked, source_digest, write_if_changed
from spec.network import Layer
from spec.paths import ROOT

if TYPE_CHECKING:
    from hls4ml.model import ModelGraph

BUILD = ROOT / "build" / "hls4ml"
DEVICE = "xczu7ev-ffvc1156-2-e"  # of the Vitis hand-off only; the C simulation does not depend on it
CLOCK_NS = 10.0
# As hls4ml's own script, but optimised for this CPU. Without -fno-gnu-unique all copies of a library would share the
# static line buffers of hls4ml's templates. -w: the warnings of the vendor's headers are not ours.
FLAGS = ("-std=c++17", "-O3", "-march=native", "-fPIC", "-fno-gnu-unique", "-w")
# For tests: tiny networks spend their time in the compiler.
QUICK_FLAGS = ("-std=c++17", "-O1", "-fPIC", "-fno-gnu-unique", "-w")
_PACKAGES = ("hls4ml", "qonnx", "onnx", "da4ml")
_HERE = Path(__file__).parent
_SOURCES = [_HERE / f"hls4ml_{name}.py" for name in ("project", "config", "qonnx", "types")]
_SOURCES += sorted((_HERE / "kinds").glob("*.py"))
# hls4ml prints, and sys.stdout, which is redirected meanwhile, belongs to the whole process.
_GENERATING = threading.Lock()


class Hls4mlError(RuntimeError):
    """hls4ml or the compiler failed, or a generated part gave a value that its type cannot have."""


@dataclass(frozen=True)
class Project:
    """A finished project. ``summary`` is the content of ``project.json``."""

    part: Part
    directory: Path
    summary: dict

    @property
    def library(self) -> Path:
        """C simulation: hls4ml's functions for Python."""
        return self.directory / f"{self.part.function}.so"

    @property
    def object(self) -> Path:
        """The part alone, for linking into another C simulation."""
        return self.directory / f"{self.part.function}.o"

    @property
    def trace_names(self) -> dict[str, Layer]:
        """The specification's layer for each of hls4ml's layer names."""
        return {hls4ml_name(layer): layer for layer in self.part.layers}


def build_project(
    part: Part,
    directory: Path | None = None,
    flags: tuple[str, ...] = FLAGS,
    device: str = DEVICE,
    clock_ns: float = CLOCK_NS,
) -> Project:
    """Generate and compile one part, or reuse it.

    Args:
        part: what to build.
        directory: where projects are kept; default ``build/hls4ml``.
        flags: of g++.
        device: FPGA for the vendor's HLS compiler.
        clock_ns: clock period for the vendor's HLS compiler, in ns.

    Raises:
        InputError: hls4ml, da4ml or g++ is missing.
        PrecisionError: hls4ml generated another type than the specification's.
        Hls4mlError: the conversion or the compilation failed.
    """
    directory = directory or BUILD
    directory.mkdir(parents=True, exist_ok=True)
    name = f"{part.name}_{_digest(part, flags, device, clock_ns)[:16]}"
    work = directory / name
    with locked(directory / f"{name}.lock"):  # another process may be building the same project
        finished = work / "project.json"
        if finished.exists():
            return Project(part, work, json.loads(finished.read_text()))
        compiler = _compiler()
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        started = time.perf_counter()
        rows = _generate(part, work, device, clock_ns)
        generated = time.perf_counter()
        project = Project(part, work, {})
        _compile(project, compiler, flags)
        project.summary.update(
            part=part.name,
            function=part.function,
            device=device,
            clock_ns=clock_ns,
            generate_seconds=round(generated - started, 2),
            compile_seconds=round(time.perf_counter() - generated, 2),
            packages=_versions(),
            layers=rows,
        )
        write_if_changed(finished, as_json(project.summary))
    return project


def _versions() -> dict[str, str]:
    try:
        return {name: importlib.metadata.version(name) for name in _PACKAGES}
    except importlib.metadata.PackageNotFoundError as missing:
        raise InputError(f"the Python package '{missing.name}' is not installed; run 'make setup'") from None


def _digest(part: Part, flags: tuple[str, ...], device: str, clock_ns: float) -> str:
    """Everything that the project depends on."""
    h = hashlib.sha256(source_digest(_SOURCES).encode())
    h.update(repr((part, flags, device, clock_ns, _versions())).encode())
    for layer in part.matrix_layers:
        h.update(part.weights[layer.name].weight.astype("<i8").tobytes())
        h.update(part.weights[layer.name].bias.astype("<i8").tobytes())
    return h.hexdigest()


def _compiler() -> str:
    path = shutil.which("g++")
    if path is None:
        raise InputError("'g++' is needed for hls4ml's C simulation and is not on PATH (Debian: apt-get install g++)")
    return path


def _generate(part: Part, work: Path, device: str, clock_ns: float) -> list[dict]:
    """Let hls4ml write the project; returns one row of figures per layer."""
    log = work / "hls4ml.log"
    with _GENERATING, open(log, "w") as stream, _quiet(stream):
        try:
            model = _convert(part, work, device, clock_ns)
            check_precisions(part, model)
            model.write()
        except (InputError, PrecisionError):
            raise
        except ImportError as missing:
            raise InputError(f"part {part.name}: hls4ml needs the Python package '{missing.name}'") from missing
        except Exception as error:  # hls4ml raises bare Exception
            raise Hls4mlError(f"part {part.name}: hls4ml stopped: {error}; see {log}") from error
    _add_bit_shift(work)
    (work / "seam.hpp").write_text(_declaration(part, model))
    return [_row(part, layer, model) for layer in part.layers]


@contextlib.contextmanager
def _quiet(stream):
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _convert(part: Part, work: Path, device: str, clock_ns: float) -> ModelGraph:
    from hls4ml.converters import convert_from_onnx_model
    from qonnx.core.modelwrapper import ModelWrapper

    graph = ModelWrapper(part_to_qonnx(part.layers, part.weights, part.name))
    model = convert_from_onnx_model(
        graph,
        hls_config=configure(part, graph),
        output_dir=str(work),
        project_name=part.function,
        namespace=_namespace(part),
        backend="Vitis",
        io_type="io_stream",
        part=device,
        clock_period=clock_ns,
        write_tar=False,
    )
    model.config.trace_output = True  # C simulation only: every layer can be read, if a run asks for it
    return model


def _namespace(part: Part) -> str:
    return f"hls4ml_{part.name}_layers"


def _add_bit_shift(work: Path) -> None:
    """Complete the code that da4ml 0.6 writes: it calls ``bit_shift``, which hls4ml 1.3.0 does not ship.

    hls4ml 1.3.0 was written for da4ml 0.5, which needed no header; 0.6 has it among its own sources.
    """
    code = work / "firmware" / "nnet_utils" / "nnet_code_gen.h"
    text = code.read_text()
    if "bit_shift<" not in text:
        return
    import da4ml.codegen.hls

    header = Path(da4ml.codegen.hls.__file__).parent / "source" / "vitis_bitshift.hh"
    if not header.exists():
        raise Hls4mlError(f"da4ml {importlib.metadata.version('da4ml')} has no {header.name}, which its code needs")
    shutil.copyfile(header, code.with_name(header.name))
    code.write_text(
        text.replace('#include "nnet_helpers.h"', f'#include "nnet_helpers.h"\n#include "{header.name}"', 1)
    )


def _row(part: Part, layer: Layer, model: ModelGraph) -> dict:
    """Figures of one layer, for reports."""
    converted = next(x for x in model.get_layers() if x.name == hls4ml_name(layer))
    row = {
        "layer": layer.name,
        "hls4ml": converted.name,
        "output": str(layer.out_shape),
        "precisions": {name: str(kind.precision) for name, kind in converted.types.items() if name.endswith("_t")},
    }
    if layer in part.matrix_layers:
        folding = part.folding[layer.name]
        row |= {
            "strategy": strategy(folding),
            "reuse_factor_asked": reuse_factor(layer, folding),
            "reuse_factor": converted.get_attr("reuse_factor"),
            "accumulator": precision(layer.accumulator),
            "weights": layer.weights,
        }
    return row


def _declaration(part: Part, model: ModelGraph) -> str:
    """C++ declaration of the generated function with its types spelled out.

    hls4ml's own headers all have the same include guards, so two parts cannot be included in one file.
    """

    def stream(variable) -> str:
        kind = variable.type.precision.definition_cpp()
        return f"hls::stream<nnet::array<{kind}, {variable.shape[-1]}> >& {variable.name}"

    variables = [*model.get_input_variables(), *model.get_output_variables()]
    arguments = ", ".join(map(stream, variables))
    space = _namespace(part)
    return f"namespace {space} {{\nvoid {part.function}({arguments});\n}}\nusing {space}::{part.function};\n"


def _compile(project: Project, compiler: str, flags: tuple[str, ...]) -> None:
    work, function = project.directory, project.part.function
    sources = {project.object: f"firmware/{function}.cpp", work / "bridge.o": f"{function}_bridge.cpp"}
    weights = f'-DWEIGHTS_DIR="{work / "firmware" / "weights"}"'
    log = work / "compile.log"
    commands = [
        [compiler, *flags, "-Ifirmware/ap_types", weights, "-c", source, "-o", str(target)]
        for target, source in sources.items()
    ]
    commands.append([compiler, "-shared", *map(str, sources), "-o", str(project.library)])
    with open(log, "w") as stream:
        for command in commands:
            if subprocess.run(command, cwd=work, stdout=stream, stderr=subprocess.STDOUT).returncode:
                raise Hls4mlError(f"part {project.part.name}: g++ failed on hls4ml's sources; see {log}")
