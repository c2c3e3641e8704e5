"""Where the hardware's part touches the world: how ports are opened, how a line waits for its next turn."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Protocol

from drivers.port import PortOpener


class Rest(Protocol):
    """How a line rests between two readings."""

    async def __call__(self, line: str, wake: asyncio.Event, until_s: float | None) -> None:
        """Return when `wake` is set or at a loop time, whichever is first; None: only when it is set."""


class Linger(Protocol):
    """Whether a line may rest although a board is due, and the rest itself."""

    async def __call__(self, line: str, wake: asyncio.Event, read_since_s: float | None) -> bool:
        """Return False at once if not, else True after the rest; since a loop time every board was read."""


async def rest_until(line: str, wake: asyncio.Event, until_s: float | None) -> None:
    """Wait for one or the other."""
    del line
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(until_s):
            await wake.wait()


async def linger_never(line: str, wake: asyncio.Event, read_since_s: float | None) -> bool:
    """Read whoever is due."""
    del line, wake, read_since_s
    return False


@dataclass(frozen=True, slots=True)
class WireEdges:
    """The operating system's ports and plain waiting, unless a stand in one process has its own.

    A stand that knows that nothing has moved since the last readings may let a line rest longer, or rest
    although it has no time for that: what would be read is what was read.
    """

    opener: PortOpener | None = None
    rest: Rest = rest_until
    linger: Linger = linger_never


WIRES = WireEdges()
