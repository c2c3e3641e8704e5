"""A connection whose broker is gone in the very moment in which it came."""

import asyncio
import contextlib
import gc
import socket
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from locker.sync.connection import _watch_safely, open_connection
from locker.sync.settings import LinkSettings
from tests.unit.sync.automat import AutomatInMemory, running_link

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12
CONNACK = bytes([0x20, 3, 0, 0, 0])


@pytest.mark.parametrize(
    ("answer", "attempts"), [(b"", 2), (CONNACK, 20)], ids=["before the greeting", "right after it"]
)
async def test_a_broker_that_is_gone_at_once_is_an_ordinary_failure(
    answer: bytes, attempts: int, caplog: pytest.LogCaptureFixture
) -> None:
    troubles = troubles_of_the_loop()
    async with fickle_broker(answer) as port:
        settings = LinkSettings("a-1", "127.0.0.1", port, connect_limit_s=0.5)
        for _ in range(attempts):
            with pytest.raises(aiomqtt.MqttError):
                async with asyncio.timeout(5), open_connection(settings, None) as connection:
                    await connection.subscribe("automats/a-1/commands")
    gc.collect()
    assert troubles == []
    assert caplog.messages == []  # whoever has the connection tells of it, in one line an outage


async def test_what_is_closed_before_the_loop_comes_to_it_is_not_watched() -> None:
    troubles = troubles_of_the_loop()
    client = aiomqtt.Client("127.0.0.1")
    _watch_safely(client)
    inner = client._client

    def connect_and_lose(sock: socket.socket) -> None:
        assert inner.on_socket_open is not None
        assert inner.on_socket_register_write is not None
        inner.on_socket_open(inner, None, sock)
        inner.on_socket_register_write(inner, None, sock)
        sock.close()

    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = threading.Thread(target=connect_and_lose, args=(ours,))
        thread.start()
        thread.join()  # the loop comes to it only afterwards
    for _ in range(3):
        await asyncio.sleep(0)
    assert troubles == []
    assert client._misc_task is None


async def test_a_broker_that_answers_pings_and_no_message_is_left() -> None:
    """It would hold up the whole journal: there are only so many messages on their way at a time."""
    automat = AutomatInMemory()
    automat.write(30)
    async with deaf_broker() as port:
        settings = LinkSettings("a-1", "127.0.0.1", port, first_connect_within_s=0.0, answer_limit_s=0.2)
        async with running_link(automat, settings) as link, asyncio.timeout(10):
            while link.trouble is None:
                assert automat.acknowledged_through == 0
                await asyncio.sleep(0.01)
        assert link.trouble == "the broker has not taken a message within 0.2 s"


def troubles_of_the_loop() -> list[str]:
    """Collect what nobody awaits."""
    found: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: found.append(str(context)))
    return found


@asynccontextmanager
async def fickle_broker(answer: bytes) -> AsyncIterator[int]:
    """Reset every connection at once, after an answer or without a word."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            if answer:
                await reader.read(1)
                writer.write(answer)
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def deaf_broker() -> AsyncIterator[int]:
    """Greet, take subscriptions, answer pings and the first message; say nothing to any other."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = 0
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                kind = (await reader.readexactly(1))[0] >> 4
                size = shift = 0
                while True:  # MQTT's lengths: seven bits a byte
                    (byte,) = await reader.readexactly(1)
                    size, shift = size | (byte & 0x7F) << shift, shift + 7
                    if byte < 0x80:
                        break
                body = await reader.readexactly(size)
                if kind == CONNECT:
                    writer.write(CONNACK)
                elif kind == SUBSCRIBE:
                    writer.write(bytes([0x90, 4, *body[:2], 0, 1]))
                elif kind == PINGREQ:
                    writer.write(bytes([0xD0, 0]))
                elif kind == PUBLISH and not taken:
                    taken += 1
                    at = 2 + int.from_bytes(body[:2])
                    writer.write(bytes([0x40, 2, *body[at : at + 2]]))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
