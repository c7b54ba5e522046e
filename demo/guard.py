# SPDX-License-Identifier: Apache-2.0
"""What stands before every request: who may ask, how much may be sent, and what a browser may do with the answer.

A page of another site can make a browser send requests to this server, directly or under a name of its own that
resolves to the loopback address (DNS rebinding). So the Host must be one that the server is known by, and an Origin, if
there is one, must be the server itself.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from demo.limits import DRAINED_BYTES, REQUEST_BYTES

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def names_of(host: str, port: int, more: Iterable[str] = ()) -> frozenset[str]:
    """Values of the Host header by which a server on ``host`` is known; ``more``: names it also has."""
    loopback = {"127.0.0.1", "localhost", "[::1]"}
    bound = {f"[{host}]" if ":" in host else host} - {"0.0.0.0", "[::]"}
    known = {name.lower() for name in (*loopback, *bound, *more)}
    return frozenset(f"{name}:{port}" for name in known) | (known if port == 80 else frozenset())


class Guard:
    """An ASGI application that lets through to another one what may pass.

    Args:
        app: the other one.
        hosts: allowed values of the Host header (:func:`names_of`).
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], hosts: frozenset[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":  # there are no others here
            return None

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    *((k.encode(), v.encode()) for k, v in _HEADERS.items()),
                ]
            await send(message)

        if why := self._stranger(scope):
            return await _refuse(403, why, with_headers)
        body, size = await _body(receive)
        if body is None:
            sentence = f"the request has {size} bytes or more, at most {REQUEST_BYTES} are allowed"
            return await _refuse(413, sentence, with_headers)
        sent = False

        async def replay() -> MutableMapping[str, Any]:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self._app(scope, replay, with_headers)

    def _stranger(self, scope: Scope) -> str | None:
        """Why a request is not from the server's own page or from a program on this machine; None if it is."""
        values: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            values.setdefault(name, []).append(value.decode("latin-1").lower())
        hosts = values.get(b"host", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return f"the request is for the host '{', '.join(hosts)[:100]}', which this server is not known by"
        for origin in values.get(b"origin", []):
            if origin != f"{scope['scheme']}://{hosts[0]}":
                return f"the request comes from the page of another origin, '{origin[:100]}'"
        sites = values.get(b"sec-fetch-site", [])
        if "cross-site" in sites and values.get(b"sec-fetch-mode") != ["navigate"]:
            return "the request comes from the page of another site"
        return None


async def _body(receive: Receive) -> tuple[bytes | None, int]:
    """All of a request, and its size; None if it is too large, or its sender went away."""
    parts, size, more = [], 0, True
    while more and size <= DRAINED_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            break
        part = message.get("body", b"")
        size += len(part)
        more = message.get("more_body", False)
        if size <= REQUEST_BYTES:
            parts.append(part)
    return (b"".join(parts) if size <= REQUEST_BYTES and not more else None), size


async def _refuse(status: int, sentence: str, send: Send) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
