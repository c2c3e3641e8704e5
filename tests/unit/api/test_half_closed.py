"""Who ends his side behind a request is still answered; who has gone keeps no place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from locker.api import protocol
from locker.api.server import ApiServer
from locker.api.stream import EventStream
from tests.unit.api.house import House
from tests.unit.api.raw import reply_of

LIMIT_S = 10
BODY = b'{"technician":"t-1","compartment":"1","reason":"a dent"}'


@asynccontextmanager
async def asked(path: Path, raw: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """Say something, end that side, and read."""
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            writer.write(raw)
            writer.write_eof()
            yield reader
        finally:
            writer.close()


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: lockerd\r\n\r\n".encode()


def post(length: int) -> bytes:
    head = "POST /v1/maintenance/block HTTP/1.1\r\nHost: lockerd\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {length}\r\n\r\n".encode()


@pytest.mark.parametrize("target", ["/v1/greeting", "/v1/journal"])
async def test_a_question_behind_which_nothing_more_comes_is_answered(server: ApiServer, target: str) -> None:
    async with asked(server.path, get(target)) as reader:
        assert reply_of(await reader.read()).status == 200


async def test_a_step_behind_which_nothing_more_comes_is_answered(house: House, server: ApiServer) -> None:
    async with asked(server.path, post(len(BODY)) + BODY) as reader:
        assert reply_of(await reader.read()).status == 200
    assert house.automat.compartments["1"].blocked is not None


async def test_a_body_that_ends_half_way_is_no_step(house: House, server: ApiServer) -> None:
    async with asked(server.path, post(len(BODY) + 1) + BODY) as reader:
        assert await reader.read() == b""
    assert house.automat.compartments["1"].blocked is None


@pytest.mark.parametrize("raw", [b"", b"GET /v1/greeting HTT"])
async def test_who_asked_nothing_is_left_at_once(server: ApiServer, raw: bytes) -> None:
    async with asked(server.path, raw) as reader:
        assert await reader.read() == b""


async def test_an_idle_connection_that_ends_its_side_is_closed(server: ApiServer) -> None:
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_unix_connection(server.path)
        writer.write(get("/v1/greeting"))
        await reader.readuntil(b"}")
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


async def test_a_follower_that_ends_its_side_is_told_on_and_keeps_no_place_once_it_has_gone(
    house: House, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "GONE_LOOK_S", 0.01)
    stream = EventStream()
    async with house.serving(path, stream):
        async with asked(path, get("/v1/events")) as reader:
            await reader.readuntil(b"event: snapshot")
            house.announce("JJFI65432110000070799")
            await reader.readuntil(b"JJFI65432110000070799")
            assert stream.subscribers == 1
        async with asyncio.timeout(LIMIT_S):
            while stream.subscribers:  # noqa: ASYNC110  # nothing tells when a place becomes free
                await asyncio.sleep(protocol.GONE_LOOK_S)
