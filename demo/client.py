# SPDX-License-Identifier: Apache-2.0
"""A program that uses the simulated device through the server's interface."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from spec.errors import CheckFailed


class Client:
    """One connection to a server, and one session on it.

    Args:
        address: of the server.
    """

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=300)
        self.session: str = self.post("/session")["session"]

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and content of an answer."""
        try:
            self._connection.request(method, path, body, headers or {})
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()  # the next request opens it again
            raise

    def post(self, path: str, **content: object) -> Any:
        """Send JSON, with the session unless another is given; the answer's JSON.

        Raises:
            CheckFailed: it was refused.
        """
        if path != "/session":
            content = {"session": self.session, **content}
        status, answer = self.request("POST", path, json.dumps(content).encode(), {"Content-Type": "application/json"})
        return self._content(status, answer)

    def send(self, path: str, content: bytes, **query: object) -> Any:
        """Send a file.

        Raises:
            CheckFailed: it was refused.
        """
        query = {"session": self.session, **query}
        headers = {"Content-Type": "application/octet-stream"}
        return self._content(*self.request("POST", f"{path}?{urlencode(query)}", content, headers))

    def get(self, path: str, **query: object) -> Any:
        """JSON about the session.

        Raises:
            CheckFailed: it was refused.
        """
        return self._content(*self.request("GET", f"{path}?{urlencode({'session': self.session, **query})}"))

    @staticmethod
    def _content(status: int, answer: bytes) -> Any:
        content = json.loads(answer) if answer else None
        if status >= 400:
            raise CheckFailed(f"the server answered {status}: {content['detail']}")
        return content

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
