# SPDX-License-Identifier: Apache-2.0
"""First import of every command: the project's packages on the path, the project's own Python, and exit codes.

A command begins with ``from _bootstrap import run`` and ends with ``run(main)``; ``main`` parses, calls a package,
prints and returns ``DONE`` or ``DIFFERS``. The exit codes of every command:

* 0: done, and everything that was checked holds;
* 1: something differs or a check failed: an answer of a device or of an implementation, a proof, lint, a vendor's step;
* 2: bad input, one sentence on stderr;
* 3: a defect of the program or a broken tool chain, with a traceback;
* 130: interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parent
DONE = 0
DIFFERS = 1
BAD_INPUT = 2
DEFECT = 3  # not Python's own 1, which says that something differs
INTERRUPTED = 130  # 128 + SIGINT, as shells count


def put_packages_first(root: Path = ROOT, scripts: Path = SCRIPTS) -> None:
    """The packages before everything, the commands behind everything: ``report.py`` must not hide ``report``."""
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() not in (root, scripts)]
    sys.path.insert(0, str(root))
    sys.path.append(str(scripts))


def use_project_python(root: Path = ROOT) -> None:
    """Go on in the project's virtual environment, if there is one.

    Outside of ``.venv`` the script starts again inside it. Without a ``.venv`` it goes on when the dependencies
    happen to be installed, and otherwise ends with a sentence that says what to do.
    """
    environment = root / ".venv"
    if Path(sys.prefix).resolve() == environment.resolve():
        return
    python = environment / "bin" / "python"
    if python.exists():
        os.execv(python, [str(python), *sys.argv])
    try:
        import torch  # noqa: F401  (the heaviest dependency stands for all)
    except ImportError:
        print("The project's Python environment does not exist yet; run 'make setup' first.", file=sys.stderr)
        sys.exit(BAD_INPUT)


def exit_code(main: Callable[[], int], name: str) -> int:
    """Exit code of a command, whose exceptions become sentences that begin with its name."""
    from spec.errors import CheckFailed, InputError

    try:
        return main()
    except CheckFailed as error:  # before bad input: what a device does wrong may be both
        print(f"{name}: {error}", file=sys.stderr)
        return DIFFERS
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():  # head or less has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return INTERRUPTED
        traceback.print_exc()
        return DEFECT


def _nobody_reads() -> bool:
    """Whether it is standard output whose reader has gone, and not that of a tool's input."""
    try:
        sys.stdout.write(" ")
        sys.stdout.flush()
    except BrokenPipeError:
        return True
    return False


def _import_failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What is raised outside of :func:`run`: while the command imports what it needs."""
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(DEFECT)  # Python's own code, 1, says that something differs


def run(main: Callable[[], int]) -> None:
    """Run a command and end with its exit code."""
    sys.exit(exit_code(main, Path(sys.argv[0]).name))


put_packages_first()
if Path(sys.argv[0]).resolve().parent == SCRIPTS:  # not when a test imports a command
    use_project_python()
    sys.excepthook = _import_failed
# Brevitas misses an optional accelerator that nothing here would use; stderr is for sentences to the user.
warnings.filterwarnings("ignore", message="fast_hadamard_transform")
