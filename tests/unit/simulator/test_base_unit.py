"""A line behind a base unit in the network."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulator.base_unit import BaseUnit


class Unit:
    """A base unit that notes what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.unit = BaseUnit(self.heard.put_nowait)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.unit.address.removeprefix("tcp://").split(":")
        return await asyncio.open_connection(host, int(port))


@pytest.fixture
async def unit() -> AsyncIterator[Unit]:
    made = Unit()
    made.unit.plug()
    yield made
    made.unit.unplug()


async def test_every_byte_passes_both_ways(unit: Unit) -> None:
    async with asyncio.timeout(5):
        reader, writer = await unit.connect()
        writer.write(b"ask")
        assert await unit.heard.get() == b"ask"
        assert unit.unit.send(b"answer")
        assert await reader.readexactly(6) == b"answer"
    writer.close()


async def test_unplugged_it_is_gone_and_comes_back_at_the_same_address(unit: Unit) -> None:
    async with asyncio.timeout(5):
        reader, writer = await unit.connect()
        writer.write(b"x")
        await unit.heard.get()
        address = unit.unit.address
        unit.unit.unplug()
        assert not unit.unit.send(b"x")
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await unit.connect()
        unit.unit.plug()
        assert unit.unit.address == address
        _, writer = await unit.connect()
        writer.write(b"again")
        assert await unit.heard.get() == b"again"
        writer.close()


async def test_the_latest_host_is_served(unit: Unit) -> None:
    async with asyncio.timeout(5):
        reader, writer = await unit.connect()
        writer.write(b"first")
        await unit.heard.get()
        _, other = await unit.connect()
        other.write(b"second")
        assert await unit.heard.get() == b"second"
        assert await reader.read() == b""
        writer.close()
        other.close()


async def test_a_hung_unit_takes_and_gives_nothing(unit: Unit) -> None:
    async with asyncio.timeout(5):
        _, writer = await unit.connect()
        writer.write(b"x")
        await unit.heard.get()
        unit.unit.hang(hung=True)
        assert not unit.unit.send(b"x")
        writer.write(b"late")
        unit.unit.hang(hung=False)
        assert await unit.heard.get() == b"late"
        writer.close()
