"""The client's errors say what is the case and what to do next."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker.api.client import (
    AnswerUnreadable,
    ApiClient,
    DaemonSilent,
    DaemonUnreachable,
    RequestRefused,
    SocketForbidden,
    VersionMismatch,
)
from locker.api.commission_schema import Nothing
from locker.api.decoder import EventDecoder, StreamBroken, StreamEvent
from locker.errors import ExitCode
from tests.unit.api.house import NOT_BEGUN, House, client_of

GREETING = {
    "service": "lockerd",
    "api": "1.2",
    "version": "1",
    "automat_id": "x",
    "name": "X",
    "user": "root (0)",
    "role": "technician",
}


@asynccontextmanager
async def speaking(path: Path, *bodies: bytes, content_type: str = "application/json") -> AsyncIterator[None]:
    """Serve these bodies, one a connection, to whatever is asked."""
    waiting = list(bodies)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = waiting.pop(0)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, path)
    async with server:
        yield


def as_json(value: Any) -> bytes:
    """Write a value."""
    return json.dumps(value).encode()


async def test_a_missing_socket_is_named_with_its_remedy(path: Path) -> None:
    with pytest.raises(DaemonUnreachable, match="there is no socket") as caught:
        await client_of(path).__aenter__()

    assert str(path) in str(caught.value)
    assert "systemctl start lockerd" in str(caught.value)
    assert caught.value.exit_code is ExitCode.FAILURE


async def test_a_dead_socket_is_told_apart(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    with pytest.raises(DaemonUnreachable, match="nobody listens"):
        await client_of(path).__aenter__()


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is forbidden to root")
async def test_a_forbidden_socket_says_which_group_to_join(house: House, path: Path) -> None:
    async with house.serving(path):
        os.chmod(path, 0)  # noqa: PTH101 - a moment's blocking does no harm here
        with pytest.raises(SocketForbidden, match="join the group"):
            await client_of(path).__aenter__()


def test_a_refused_permission_is_told_apart(path: Path) -> None:
    error = client_of(path)._unreachable(PermissionError(13, "Permission denied"))

    assert isinstance(error, SocketForbidden)
    assert error.exit_code is ExitCode.CONFIGURATION


async def test_a_daemon_of_another_version_is_refused(path: Path) -> None:
    async with speaking(path, as_json({**GREETING, "api": "7.3", "new": True})):
        with pytest.raises(VersionMismatch, match=r"speaks version 7\.3"):
            await client_of(path).__aenter__()


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b"null", as_json({**GREETING, "more": 1}), b"[" * 100_000, b"\xff"]
)
async def test_an_answer_that_is_none_is_refused(path: Path, body: bytes) -> None:
    async with speaking(path, body):
        with pytest.raises(AnswerUnreadable, match="greeting"):
            await client_of(path).__aenter__()


async def test_a_long_answer_to_an_action_is_read_to_its_end(house: House, client: ApiClient) -> None:
    long = NOT_BEGUN.model_copy(update={"unproved": tuple(f"{number:06}" for number in range(100_000))})
    house.desk.told = long

    assert await client.commission_step(Nothing()) == long


async def test_a_daemon_that_says_nothing_is_not_waited_for(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen(5)
        with pytest.raises(DaemonSilent, match=r"within 0\.05 s"):
            await ApiClient(path, timeout_s=0.05).__aenter__()


async def test_a_connection_that_breaks_is_reported(path: Path) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_unix_server(hang_up, path)
    async with server:
        with pytest.raises(DaemonUnreachable, match="broke"):
            await client_of(path).__aenter__()


async def test_a_refusal_carries_reason_and_remedy(client: ApiClient) -> None:
    with pytest.raises(RequestRefused) as refused:
        await client.journal(limit=0)

    assert (refused.value.status, refused.value.error.reason) == (400, "bad-parameter")
    assert "limit" in str(refused.value)


async def test_a_client_that_was_closed_says_so(house: House, path: Path) -> None:
    async with house.serving(path):
        async with client_of(path) as client:
            pass
        with pytest.raises(DaemonUnreachable, match="async context"):
            await client.status()


async def test_a_stream_of_nonsense_is_refused(path: Path) -> None:
    async with (
        speaking(path, as_json(GREETING), b'data: {"kind":"poem"}\n\n'),
        client_of(path) as client,
        aclosing(client.events()) as events,
    ):
        with pytest.raises(AnswerUnreadable, match="events"):
            await anext(events)


TEXT = (
    b': hello\nid: r-1\nevent: a\ndata: {"x":1}\n\ndata:y\ndata: z\r\n\r\n\n'
    b"event: lonely\n\nid: r-2\ndata: \xc3\xa4\n\n"
)
EVENTS = [
    StreamEvent("a", '{"x":1}', "r-1"),
    StreamEvent("message", "y\nz", None),
    StreamEvent("message", "ä", "r-2"),
]


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_events_are_the_same_in_any_portions(cuts: list[int]) -> None:
    decoder, found = EventDecoder(), []
    edges = [0, *sorted(cuts), len(TEXT)]
    for start, end in pairwise(edges):
        found += decoder.feed(TEXT[start:end])

    assert found == EVENTS


def test_an_event_without_end_is_refused() -> None:
    decoder = EventDecoder(most=100)
    decoder.feed(b"data: 1\n\n" * 50)
    with pytest.raises(StreamBroken, match="more than 100 bytes"):
        decoder.feed(b"x" * 101)
    with pytest.raises(StreamBroken, match="UTF-8"):
        EventDecoder().feed(b"data: \xff\n")
