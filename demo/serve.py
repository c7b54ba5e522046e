# SPDX-License-Identifier: Apache-2.0
"""The server as a thing that is started and stopped."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from demo.api import application
from demo.guard import Guard, names_of
from demo.service import WORK, Service
from spec.errors import InputError

LOOPBACK = "127.0.0.1"
_CONNECTIONS = 400  # at a time
_START_SECONDS = 30.0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        InputError: there is no such address here, or the port is taken or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise InputError(f"--host {host}: there is no such address") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"--port {port}: another program listens there already; choose one with --port") from None
        raise InputError(f"{host}:{port}: cannot listen there ({error.strerror})") from None
    return listener


def address_of(host: str, listener: socket.socket) -> str:
    """The address to type into a browser."""
    shown = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{listener.getsockname()[1]}/"


def server(service: Service, listener: socket.socket, host: str, names: Iterable[str], work: Path) -> uvicorn.Server:
    """A server for a listening socket; ``names``: by which it is known beside its address."""
    app = Guard(application(service, work), names_of(host, listener.getsockname()[1], names))
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="off", ws="none",
        limit_concurrency=_CONNECTIONS, timeout_keep_alive=10, timeout_graceful_shutdown=3,
    )  # fmt: skip
    return uvicorn.Server(config)


@contextmanager
def running(service: Service, host: str = LOOPBACK, port: int = 0, work: Path = WORK) -> Iterator[str]:
    """A server in a thread of its own while the block runs; its address.

    Raises:
        InputError: it cannot listen there, or does not start.
    """
    listener = listen(host, port)
    started = server(service, listener, host, (), work)
    thread = threading.Thread(target=started.run, args=([listener],), daemon=True)
    thread.start()
    end = time.monotonic() + _START_SECONDS
    while not started.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise InputError("the server does not start")
        time.sleep(0.01)
    try:
        yield address_of(host, listener)
    finally:
        started.should_exit = True
        thread.join(10)
        listener.close()
