# SPDX-License-Identifier: Apache-2.0
"""Who is let through: by host, origin and size; without a server."""

from __future__ import annotations

import asyncio
import json

import pytest

from demo.guard import Guard, names_of
from demo.limits import REQUEST_BYTES

HOST = "127.0.0.1:8000"
KNOWN = names_of("127.0.0.1", 8000)


def ask(guard: Guard, headers: dict[str, str], body: tuple[bytes, ...] = (b"",)) -> tuple[int, dict, bytes]:
    """Status, headers and content of the answer to a request."""
    told: list[dict] = []
    parts = [
        {"type": "http.request", "body": part, "more_body": number + 1 < len(body)} for number, part in enumerate(body)
    ]

    async def receive() -> dict:
        return parts.pop(0)

    async def send(message: dict) -> None:
        told.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(guard({"type": "http", "scheme": "http", "headers": raw, "path": "/"}, receive, send))
    answered = {name.decode(): value.decode() for name, value in told[0]["headers"]}
    return told[0]["status"], answered, told[1]["body"]


async def echo(scope: dict, receive, send) -> None:
    """An application that answers with what it was sent."""
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def everything(scope: dict) -> None:
    """The control: a guard that finds nobody strange."""
    return None


STRANGERS = [
    {},
    {"host": "evil.example:8000"},  # a name that somebody else lets resolve to the loopback address
    {"host": "127.0.0.1"},
    {"host": "127.0.0.1:8001"},
    {"host": HOST, "origin": "http://evil.example"},
    {"host": HOST, "origin": "null"},
    {"host": HOST, "origin": "http://127.0.0.1:9000"},
    {"host": HOST, "origin": "http://localhost:8000"},
    {"host": HOST, "origin": "https://127.0.0.1:8000"},
    {"host": HOST, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
]


@pytest.mark.parametrize("headers", STRANGERS)
def test_strangers_are_refused(headers: dict[str, str]) -> None:
    status, answered, body = ask(Guard(echo, KNOWN), headers, (b"secret",))
    assert status == 403 and b"secret" not in body and json.loads(body)["detail"]
    assert "default-src 'none'" in answered["content-security-policy"]


def test_a_guard_that_does_not_look_lets_them_through(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard(echo, KNOWN)
    monkeypatch.setattr(guard, "_stranger", everything)
    assert all(ask(guard, headers)[0] == 200 for headers in STRANGERS)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HOST},
        {"host": "localhost:8000"},
        {"host": "LOCALHOST:8000", "origin": "http://localhost:8000"},
        {"host": HOST, "origin": f"http://{HOST}", "sec-fetch-site": "same-origin"},
        {"host": HOST, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},  # a link to the page
    ],
)
def test_the_own_page_and_programs_are_let_through(headers: dict[str, str]) -> None:
    assert ask(Guard(echo, KNOWN), headers, (b"ab", b"cd"))[::2] == (200, b"abcd")


def test_what_is_too_large_is_refused_and_what_just_fits_is_not() -> None:
    half = b"x" * (REQUEST_BYTES // 2)
    assert ask(Guard(echo, KNOWN), {"host": HOST}, (half, half))[0] == 200
    status, _, body = ask(Guard(echo, KNOWN), {"host": HOST}, (half, half, b"xx", b"yy"))
    assert status == 413 and f"at most {REQUEST_BYTES} are allowed" in json.loads(body)["detail"]


def test_names() -> None:
    assert names_of("192.0.2.7", 80, ["board.lan"]) >= {"192.0.2.7:80", "192.0.2.7", "board.lan", "localhost:80"}
    assert not any("0.0.0.0" in name for name in names_of("0.0.0.0", 8000))
    assert "[::1]:8000" in names_of("::1", 8000)
