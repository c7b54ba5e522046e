# SPDX-License-Identifier: Apache-2.0
"""Options that several commands have: one flag, one meaning, one check of its value.

What only one command has stands in that command.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from spec.errors import InputError
from spec.network import RUNNING_MODES, Mode
from spec.paths import BUILD, MODELS
from spec.presets import DEFAULT_FOLDING, DEFAULT_GATE, TRAINED_GATES, Accelerator, load_accelerator
from tools.workers import Workers

MODES = tuple(mode.name for mode in RUNNING_MODES)
_Options = argparse.ArgumentParser


_BESIDE_KEEP = frozenset(
    {"keep", "json", "out", "work", "jobs", "dask", "resume"}
)  # where results go, and how they are made


class Parser(argparse.ArgumentParser):
    """A parser whose errors are those of every other bad input.

    Attributes:
        shared: the options made here.
        beside_keep: what may be given with ``--keep``, by its name in the namespace.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
        self.shared: set[str] = {"-h", "--help"}
        self.beside_keep = _BESIDE_KEEP

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:
        """As ever; only the whole result of the shipped models is kept.

        Raises:
            InputError: an option is wrong, or ``--keep`` stands beside one that makes another result.
        """
        given = super().parse_args(args, namespace)
        if getattr(given, "keep", False):
            for action in self._actions:
                value = getattr(given, action.dest, action.default)
                if action.dest not in self.beside_keep and value != action.default:
                    self.error(f"--keep is for the published result, leave {action.option_strings[0]} out")
            for name in ("preset", "gate", "board"):
                if str(getattr(given, name, "")).endswith(".toml"):
                    self.error(f"--keep is for the published result, --{name} must name one that is shipped")
        return given

    def refuse(self, given: argparse.Namespace, names: Iterable[str], beside: str) -> None:
        """Refuse options, by their names in the namespace, that do nothing beside another one.

        Raises:
            InputError: one of them has another value than its default.
        """
        for name in names:
            if getattr(given, name) != self.get_default(name):
                self.error(f"--{name.replace('_', '-')} does nothing beside {beside}")

    def error(self, message: str) -> NoReturn:
        """Raises:
        InputError: always.
        """
        raise InputError(f"{message} (see --help)")


def command(file: str, doc: str, example: str = "") -> Parser:
    """The parser of a command.

    Args:
        file: ``__file__`` of the command.
        doc: its docstring; the first line says what it does.
        example: arguments of a sensible call.
    """
    name = Path(file).name
    return Parser(prog=name, description=doc, epilog=f"Example: {f'python scripts/{name} {example}'.strip()}")


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Type of an option: a whole number that is not too small, nor too large."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"is '{text}', a whole number is needed") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"is {value}, at least {least} is needed")
        if most is not None and value > most:
            raise argparse.ArgumentTypeError(f"is {value}, at most {most} is allowed")
        return value

    return convert


def number_list(text: str) -> tuple[int, ...]:
    """Type of an option: whole numbers from 1, separated by commas, each once."""
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"is '{text}', numbers from 1 separated by commas are needed")
    return tuple(dict.fromkeys(int(part) for part in parts))


def user_list(text: str) -> tuple[int, ...]:
    """Type of ``--users``: numbers from 1, or ``all``, which is the empty tuple."""
    return () if text == "all" else number_list(text)


def name_list(known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Type of an option: names out of some, separated by commas, each once."""
    allowed = tuple(known)

    def convert(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"has '{name}', allowed are {', '.join(allowed)}")
        return names

    return convert


def modes_of(names: Iterable[str]) -> list[Mode]:
    """The modes that ``--mode`` names."""
    return [Mode[name] for name in names]


def _add(options: _Options, flag: str, **about: Any) -> None:
    options.add_argument(flag, **about)
    options.shared.add(flag)


def add_preset(options: _Options) -> None:
    """``--preset``: the folding."""
    _add(options, "--preset", default=DEFAULT_FOLDING, metavar="NAME",
         help="folding preset, a name or a .toml file (default %(default)s)")  # fmt: skip


def add_gate(options: _Options, default: str | None = DEFAULT_GATE, several: Sequence[str] = TRAINED_GATES) -> None:
    """``--gate``; without a default, all of which banks are shipped, or ``several`` of them."""
    what = default or f"all of {', '.join(several)}"
    _add(
        options, "--gate", default=default, metavar="NAME", help=f"gate preset, a name or a .toml file (default {what})"
    )


def add_gates(options: _Options, default: Iterable[str]) -> None:
    """``--gates``: several, separated by commas."""
    _add(options, "--gates", default=",".join(default), metavar="GATE,..", help="gate presets (default %(default)s)")


def add_design(options: _Options) -> None:
    """``--preset`` and ``--gate``, of which :func:`load_design` makes the design."""
    add_preset(options)
    add_gate(options)


def load_design(given: argparse.Namespace, learns: bool = False, whole: bool = False) -> Accelerator:
    """The design that ``--preset`` and ``--gate`` name.

    Args:
        learns: it must be able to learn, with its gate.
        whole: it must have every mode.

    Raises:
        InputError: there is no such preset, they do not fit, or the device cannot learn or lacks a mode.
    """
    design = load_accelerator(given.preset, given.gate)
    for mode in RUNNING_MODES if learns or whole else ():
        design.folding.check_mode(mode)
    if learns and not design.folding.learning:
        raise InputError(f"folding preset '{design.folding.name}' makes a device that cannot learn")
    return design


def add_network(options: _Options, what: str) -> None:
    """``--network``: layers of a global expert that is trained."""
    _add(options, "--network", default="lenet5", metavar="NAME", help=f"network preset {what} (default %(default)s)")


def add_ge(options: _Options) -> None:
    """``--ge``."""
    _add(options, "--ge", type=Path, default=MODELS / "ge.onnx", metavar="FILE",
         help="global expert, QONNX (default models/ge.onnx)")  # fmt: skip


def add_models(options: _Options, what: str) -> None:
    """``--models``: a directory of trained models."""
    _add(options, "--models", type=Path, default=MODELS, metavar="DIR", help=f"{what} (default models)")


def add_le_bank(options: _Options) -> None:
    """``--le-bank``."""
    _add(options, "--le-bank", type=Path, metavar="FILE", help="bank of LE and GN weights (default: user 1's)")


def add_local_experts(options: _Options) -> None:
    """``--local-experts``."""
    _add(options, "--local-experts", type=whole_number(1), metavar="K",
         help="local experts of the accelerator (default: the gate preset's)")  # fmt: skip


def add_theta(options: _Options) -> None:
    """``--theta``."""
    _add(options, "--theta", type=whole_number(-(2**31), 2**31 - 1), default=0, metavar="N",
         help="the gate's threshold register (default %(default)s)")  # fmt: skip


def add_images(options: _Options) -> None:
    """``--images``: a source of images."""
    _add(options, "--images", type=Path, metavar="FILE",
         help="IDX file, .npz, or folder of PNGs (default: see docs/data.md)")  # fmt: skip


def add_limit(options: _Options, default: int, what: str = "images", least: int = 0) -> None:
    """``--limit``: a number of images; 0 for all where ``least`` allows it."""
    every = "; 0 for all" if least == 0 else f", at least {least}" if least > 1 else ""
    _add(options, "--limit", type=whole_number(least), default=default, metavar="N",
         help=f"{what}{every} (default %(default)s)")  # fmt: skip


def add_users(options: _Options, what: str) -> None:
    """``--users``: numbers or ``all``; the default is None."""
    _add(options, "--users", type=user_list, metavar="N[,..]", help=f"user numbers from 1, or all{what}")


def add_banks(options: _Options, default: Path) -> None:
    """``--banks``."""
    _add(options, "--banks", type=Path, default=default, metavar="DIR",
         help="banks, as GATE/userNN.bank (default models/banks)")  # fmt: skip


def add_handwriting(options: _Options) -> None:
    """``--data``: users' handwriting."""
    _add(options, "--data", type=Path, metavar="PATH",
         help="the handwriting, .npz or folder of PNGs (default: USERS_NPZ)")  # fmt: skip


def add_invert(options: _Options) -> None:
    """``--invert``."""
    _add(options, "--invert", action="store_true", help="the images are dark ink on light paper")


def add_passes(options: _Options) -> None:
    """``--passes``: of a course on a device that learns."""
    _add(options, "--passes", type=whole_number(1), metavar="N",
         help="passes over a user's images (default: the preset's)")  # fmt: skip


def add_no_device(options: _Options) -> None:
    """``--no-device``."""
    _add(options, "--no-device", action="store_true", help="do not load the bank into the simulated device")


def add_mode(options: _Options, known: Iterable[str] = MODES, default: Iterable[str] | None = None) -> None:
    """``--mode``: one or several."""
    names = tuple(known)
    chosen = names if default is None else tuple(default)
    _add(options, "--mode", type=name_list(names), default=chosen, metavar="NAME[,..]",
         help=f"modes out of {','.join(names)} (default {','.join(chosen)})")  # fmt: skip


def add_stages(options: _Options, known: Iterable[str], default: Iterable[str] | None) -> None:
    """``--stages``: implementations; ``default`` None leaves the choice to the command."""
    names = tuple(known)
    usual = f" (default {','.join(default)})" if default else ""
    _add(options, "--stages", type=name_list(names), default=default, metavar="NAME[,..]",
         help=f"implementations out of {','.join(names)}{usual}")  # fmt: skip


def add_seed(options: _Options, default: int = 0) -> None:
    """``--seed``."""
    _add(options, "--seed", type=whole_number(0), default=default, metavar="N",
         help="seed of every random choice (default %(default)s)")  # fmt: skip


def add_seeds(options: _Options, default: int, what: str = "seeds 0 to N - 1") -> None:
    """``--seeds``: how many."""
    _add(options, "--seeds", type=whole_number(1), default=default, metavar="N",
         help=f"{what} (default %(default)s)")  # fmt: skip


def add_validate(options: _Options) -> None:
    """``--validate``."""
    _add(options, "--validate", action="store_true",
         help="measure on held-out training images instead of test images, to choose a recipe by")  # fmt: skip


def add_choose(options: _Options, what: str) -> None:
    """``--choose``: comparison on training data."""
    _add(options, "--choose", action="store_true", help=f"compare {what} by cross-validation on training data")


def add_jobs(options: _Options, what: str = "runs at a time") -> None:
    """``--jobs``: how much runs at the same time."""
    _add(options, "--jobs", type=whole_number(1), default=os.cpu_count() or 1, metavar="N",
         help=f"{what} (default: processors)")  # fmt: skip


def add_workers(options: _Options, what: str) -> None:
    """``--jobs`` and ``--dask``: who computes a sweep, see :func:`workers_of`."""
    add_jobs(options, what)
    _add(options, "--dask", metavar="ADDRESS",
         help="of the scheduler of a Dask cluster that computes, as tcp://HOST:PORT")  # fmt: skip


def workers_of(given: argparse.Namespace) -> Workers:
    """Who computes."""
    return Workers(given.jobs, given.dask)


def add_clock(options: _Options, default: float) -> None:
    """``--clock``: what an HLS compiler is asked for."""
    _add(options, "--clock", type=float, default=default, metavar="NS", help="clock period (default %(default)s)")


def add_module(options: _Options, what: str, several: bool = False) -> None:
    """``--module``: of the RTL; a list when it may be given several times."""
    _add(options, "--module", metavar="NAME", help=what, **({"action": "append"} if several else {}))


def add_json(options: _Options, default: Path | None = None) -> None:
    """``--json``: where the result goes for machines."""
    where = f" (default {shown(default)})" if default else ""
    _add(options, "--json", type=Path, default=default, metavar="FILE", help=f"the result for machines{where}")


def add_out(
    options: _Options, what: str, default: Path | None = None, metavar: str = "DIR", needed: bool = False
) -> None:
    """``--out``: where what the command makes goes."""
    where = f" (default {shown(default)})" if default else ""
    _add(options, "--out", type=Path, default=default, required=needed, metavar=metavar, help=f"{what}{where}")


def add_keep(options: Parser, files: str, beside: Iterable[str] = ()) -> None:
    """``--keep``: also write the files that are published; ``beside`` it may stand what those files tell apart."""
    options.beside_keep |= frozenset(beside)
    _add(options, "--keep", action="store_true", help=f"keep this as the published result: {files}")


def require_real(wanted: bool, *data: Any) -> None:
    """Refuse to keep figures of built-in handwriting.

    Args:
        wanted: whether the result is to be kept.
        data: what was used; each says whether it is ``synthetic``.

    Raises:
        InputError: it must not be kept.
    """
    if wanted and any(part.synthetic for part in data):
        raise InputError("--keep needs EMNIST_DIR and USERS_NPZ: figures of built-in handwriting are not kept")


def add_host(options: _Options, default: str) -> None:
    """``--host``: the address that a server listens on."""
    _add(options, "--host", default=default, metavar="ADDRESS",
         help="address to listen on; another than the loopback lets others in (default %(default)s)")  # fmt: skip


def add_port(options: _Options, default: int = 8000) -> None:
    """``--port``: of a server; 0 takes a free one."""
    _add(options, "--port", type=whole_number(0, 65535), default=default, metavar="N",
         help="port to listen on, 0 for any that is free (default %(default)s)")  # fmt: skip


def add_resume(options: _Options) -> None:
    """``--resume``."""
    _add(
        options, "--resume", action="store_true", help="go on where an interrupted call stopped; keep what is finished"
    )


def add_work(options: _Options, default: Path, what: str) -> None:
    """``--work``: what an interrupted call goes on from."""
    _add(options, "--work", type=Path, default=default, metavar="DIR", help=f"{what} (default {shown(default)})")


def shown(path: Path) -> str:
    """A path of the project, relative to its root."""
    root = BUILD.parent
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
