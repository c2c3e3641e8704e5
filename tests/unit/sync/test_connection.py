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
