# SPDX-License-Identifier: Apache-2.0
"""First import of every script: project root on the path, the project's own Python, errors as one sentence.

A script begins with ``from _bootstrap import run_main`` and ends with ``run_main(main)``.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXIT_BAD_INPUT = 2
EXIT_INTERNAL = 3  # not Python's default of 1, which the comparison uses for a mismatch
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count


def use_project_python(root: Path = ROOT) -> None:
    """Make the project's packages importable, in its virtual environment if there is one.

    Outside of ``.venv`` the script starts again inside it. Without a ``.venv`` it goes on when the dependencies
    happen to be installed, and otherwise ends with a sentence that says what to do.
    """
    sys.path.insert(0, str(root))
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
        sys.exit(EXIT_BAD_INPUT)


def run_main(main: Callable[[], int]) -> None:
    """Exit with ``main()``'s code; bad input becomes one sentence on stderr and exit code 2.

    Any other exception is a defect or a broken tool chain: traceback and exit code 3.
    """
    from spec.errors import InputError

    try:
        sys.exit(main())
    except InputError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_INTERRUPTED)
    except Exception:
        traceback.print_exc()
        sys.exit(EXIT_INTERNAL)


use_project_python()
# Brevitas misses an optional accelerator that nothing here would use; stderr is for sentences to the user.
warnings.filterwarnings("ignore", message="fast_hadamard_transform")
