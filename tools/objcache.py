# SPDX-License-Identifier: Apache-2.0
"""Compiler wrapper for Verilator's OBJCACHE hook: compile the runtime library once, not once a design.

The runtime (verilated*.cpp) does not depend on the design and takes most of a small build's time. Anything else
goes to the compiler as it is.

    python objcache.py CACHE_DIRECTORY COMPILER [OPTION ...] -c -o OBJECT SOURCE
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main(cache: Path, command: list[str]) -> int:
    """Run a compiler command, or copy its object from ``cache``; return the exit code."""
    source = Path(command[-1])
    if "-o" not in command or not source.name.startswith("verilated"):
        return subprocess.call(command)
    target = Path(command[command.index("-o") + 1])
    key = hashlib.sha256("\0".join(command).encode() + source.read_bytes()).hexdigest()
    cached = cache / f"{key[:16]}-{target.name}"
    if not cached.exists():
        if code := subprocess.call(command):
            return code
        cache.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=cache)
        os.close(handle)
        shutil.copyfile(target, temporary)
        os.replace(temporary, cached)
    shutil.copyfile(cached, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
