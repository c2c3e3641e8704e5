"""Somebody who reads everything on the broker."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

import aiomqtt

from simulator.broker import Broker


@dataclass(frozen=True)
class Heard:
    """One message as it came over the broker."""

    topic: str
    payload: bytes


class Spy:
    """A client subscribed to everything, for as long as `async with` holds."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[Heard] = []
        self._broker = broker
        self._stack = AsyncExitStack()
        self._news = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._client: aiomqtt.Client

    async def __aenter__(self) -> Self:
        version = aiomqtt.ProtocolVersion.V5 if self._broker.protocol == "5" else aiomqtt.ProtocolVersion.V311
        client = aiomqtt.Client(self._broker.host, self._broker.port, identifier="spy", protocol=version)
        self._client = await self._stack.enter_async_context(client)
        await client.subscribe("#", qos=1)
        self._reading = asyncio.create_task(self._read(client), name="spy")
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._stack.aclose()

    async def until(self, heard: Callable[[Heard], bool], limit_s: float, what: str) -> Heard:
        """Wait for a message; TimeoutError says what did not come."""
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    for message in self.heard:
                        if heard(message):
                            return message
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            topics = ", ".join(sorted({message.topic for message in self.heard})) or "nothing"
            raise TimeoutError(f"{what}: not within {limit_s:g} s; heard {topics}") from None

    async def repeat(self, message: Heard) -> None:
        """Send a message once more, as a network may."""
        await self._client.publish(message.topic, message.payload, qos=1)

    async def _read(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self.heard.append(Heard(str(message.topic), message.payload))
            self._news.set()
