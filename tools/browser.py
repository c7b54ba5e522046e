# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven by its DevTools protocol over two pipes.

``--remote-debugging-pipe``: messages of JSON, each ended by a NUL, in on descriptor 3, out on descriptor 4. So nothing
but the browser is needed.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Any

from spec.errors import InputError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT = 60.0  # seconds without an answer
_FIRST_FREE = 10  # descriptors 3 and 4 are the pipes of the browser
# Becomes the browser, with its first two arguments as descriptors 3 and 4.
_WITH_PIPES = "import os, sys; [os.dup2(int(fd), 3 + i) for i, fd in enumerate(sys.argv[1:3])]; "
_WITH_PIPES += "os.execv(sys.argv[3], sys.argv[3:])"


def find_browser() -> str | None:
    """Path of a Chromium on PATH, or None."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


class Browser:
    """A headless Chromium with one open tab; more can be opened, and one at a time is spoken to.

    Raises:
        InputError: there is no Chromium, or it does not answer.
    """

    def __init__(self) -> None:
        program = find_browser()
        if program is None:
            raise InputError(f"no Chromium was found on PATH (looked for {', '.join(BROWSERS)})")
        self._profile = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD, _FIRST_FREE) for fd in (to_read, to_write)]
        # A sandbox of its own needs rights that containers do not have; the page is ours and loads nothing.
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        options += ["--no-first-run", "--disable-extensions", f"--user-data-dir={self._profile.name}"]
        # It looks up hosts of its own else, and tells of each that it cannot reach.
        options += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WITH_PIPES, *map(str, theirs), program, *options, "--remote-debugging-pipe"],
            pass_fds=theirs,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for fd in (to_read, to_write, *theirs):
            os.close(fd)
        self._buffer = b""
        self._last = 0
        self._session: str | None = None
        self.events: list[dict] = []
        self.open_tab()

    def open_tab(self) -> str:
        """Open one more tab and speak to it from now on; returns its name for :meth:`use_tab`."""
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self._session

    def use_tab(self, name: str) -> None:
        """Speak to a tab that was opened before, and show it: one that is not shown draws nothing.

        Events of all tabs are kept together.
        """
        self._session = name
        self.call("Page.bringToFront")

    @property
    def tab(self) -> str | None:
        """Name of the tab that is spoken to."""
        return self._session

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command and its result; events that come meanwhile are kept.

        Raises:
            InputError: the browser refused it, or is gone.
        """
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        try:
            os.write(self._write, json.dumps(message).encode() + b"\0")
        except OSError:
            raise InputError("the browser ended too early") from None
        end = time.monotonic() + TIMEOUT
        while True:
            answer = self._next(end)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise InputError(f"the browser refused {method}: {answer['error']['message']}")
                return answer["result"]

    def wait(self, method: str) -> None:
        """Until an event of that name has come."""
        end = time.monotonic() + TIMEOUT
        while not any(event["method"] == method for event in self.events):
            self._next(end)

    def settle(self, seconds: float) -> None:
        """Take events until there are none for that time.

        Raises:
            InputError: they do not end.
        """
        end = time.monotonic() + TIMEOUT
        while self._buffer or select.select([self._read], [], [], seconds)[0]:
            self._next(end)

    def evaluate(self, expression: str) -> Any:
        """Value of a JavaScript expression in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise InputError(f"the page cannot be examined: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def _next(self, end: float) -> dict[str, Any]:
        """The next message; ``end``: when what is waited for must have come, by the monotonic clock."""
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise InputError(f"the browser has not answered for {TIMEOUT:.0f} s")
            if b"\0" in self._buffer:
                break
            if not select.select([self._read], [], [], left)[0]:
                continue
            part = os.read(self._read, 1 << 20)
            if not part:
                raise InputError(f"the browser ended with code {self._process.wait()}")
            self._buffer += part
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)
        self._profile.cleanup()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
