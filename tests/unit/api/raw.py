"""HTTP by hand, for what no honest client would send, or read."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: str
    body: bytes

    def refusal(self) -> dict[str, Any]:
        """The error that the body must hold; all three parts of it."""
        error = json.loads(self.body)["error"]
        assert set(error) == {"reason", "detail", "remedy"}
        assert all(error.values())
        assert b"Traceback" not in self.body
        return dict(error)


async def ask(path: Path, target: str, *, method: str = "GET", headers: str = "", body: bytes = b"") -> Reply:
    """Send one request and read until the server closes."""
    head = f"{method} {target} HTTP/1.1\r\nHost: lockerd\r\nConnection: close\r\n{headers}\r\n"
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            writer.write(head.encode() + body)
            return reply_of(await reader.read())
        finally:
            writer.close()


def reply_of(raw: bytes) -> Reply:
    """Take a whole response apart."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return Reply(int(head.split()[1]), head.decode("latin-1"), body)
