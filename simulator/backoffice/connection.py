"""The back office's MQTT connection: a new client each time, nothing left behind (aiomqtt 2.5's pitfalls)."""

import asyncio
import contextlib
import math
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import aiomqtt
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

LIMIT_S = 5.0
SESSION_EXPIRY_S = 86_400
NO_DELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Nagle's algorithm and delayed acknowledgements together cost 40 ms a stall."""


class Connection:
    """A live connection; raises `aiomqtt.MqttError` once it is gone."""

    def __init__(self, client: aiomqtt.Client, *, v5: bool) -> None:
        """Wrap a connected client."""
        self._client = client
        self._v5 = v5

    async def subscribe(self, topic: str) -> None:
        """Subscribe with QoS 1; MqttError if the broker refuses."""
        try:
            # aiomqtt's own limit uses wait_for, which before Python 3.12 may swallow a cancellation
            async with asyncio.timeout(LIMIT_S):
                codes = await self._client.subscribe(topic, qos=1, timeout=math.inf)
        except TimeoutError as error:
            raise aiomqtt.MqttError(f"the broker does not answer a subscription to {topic}") from error
        for code in codes:
            if getattr(code, "is_failure", False):
                raise aiomqtt.MqttError(f"the broker refuses a subscription to {topic}: {code}")

    async def publish(self, topic: str, payload: bytes, *, expiry_s: int | None = None) -> None:
        """Publish with QoS 1; read `messages` beside it, for only that notices the connection's end."""
        properties = None
        if self._v5 and expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho types it not
            properties.MessageExpiryInterval = max(1, expiry_s)
        await self._client.publish(topic, payload, qos=1, properties=properties, timeout=math.inf)

    def messages(self) -> AsyncIterator[aiomqtt.Message]:
        """Give what arrives; raises at once when the connection goes."""
        return aiter(self._client.messages)


class Connect(Protocol):
    """Connects once; aiomqtt.MqttError if that is not possible."""

    def __call__(
        self, host: str, port: int, *, client_id: str, protocol: Literal["5", "3.1.1"]
    ) -> AbstractAsyncContextManager["Connection"]: ...


@contextlib.asynccontextmanager
async def open_connection(
    host: str, port: int, *, client_id: str, protocol: Literal["5", "3.1.1"]
) -> AsyncIterator[Connection]:
    """Connect once, to a session that the broker keeps while we are away."""
    if protocol == "5":
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types it not
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        client = aiomqtt.Client(
            host,
            port,
            identifier=client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
            timeout=LIMIT_S,
            keepalive=20,
            socket_options=NO_DELAY,
        )
    else:
        client = aiomqtt.Client(
            host,
            port,
            identifier=client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=False,
            timeout=LIMIT_S,
            keepalive=20,
            socket_options=NO_DELAY,
        )
    client.pending_calls_threshold = 1000
    entering = asyncio.ensure_future(_enter(client))
    try:
        # a thread is at the socket and cannot be cancelled: what it opened must be closed
        await asyncio.shield(entering)
    except BaseException:
        await asyncio.wait({entering})
        if not entering.cancelled():
            entering.exception()
        await _tear_down(client)
        raise
    try:
        yield Connection(client, v5=protocol == "5")
    finally:
        await _tear_down(client, LIMIT_S)


def _watch_safely(client: aiomqtt.Client) -> None:
    """Watch the socket by itself and never by its number alone, and write without a detour over the queue.

    paho connects in a thread, and aiomqtt has the number watched a moment later: the socket may be closed by
    then, and its number another's.
    """
    loop, home = asyncio.get_running_loop(), threading.get_ident()
    inner = client._client  # noqa: SLF001  # paho's own settings are public

    def at_home(sock: "paho.SocketLike", watch: Callable[[], None]) -> None:
        def if_open() -> None:
            if sock.fileno() >= 0:
                watch()

        if threading.get_ident() == home:
            if_open()
        else:
            loop.call_soon_threadsafe(if_open)

    def work(part: Callable[[], object]) -> None:
        gone = client._disconnected  # noqa: SLF001  # whatever fails here is the connection's end
        try:
            part()
        except Exception as error:  # noqa: BLE001  # told by whoever has the connection
            if not gone.done():
                gone.set_exception(error)

    def read() -> None:
        inner.loop_read()
        # TLS may have decrypted more than was read: the socket itself will not tell of it again
        while isinstance(tls := inner.socket(), ssl.SSLSocket) and tls.pending():
            inner.loop_read()

    def opened(sock: "paho.SocketLike") -> None:
        loop.add_reader(sock.fileno(), work, read)
        client._misc_task = loop.create_task(client._misc_loop())  # noqa: SLF001  # its pings, as aiomqtt starts them

    inner.on_socket_open = lambda _client, _userdata, sock: at_home(sock, lambda: opened(sock))
    inner.on_socket_register_write = lambda _client, _userdata, sock: at_home(
        sock, lambda: loop.add_writer(sock.fileno(), work, inner.loop_write)
    )


async def _enter(client: aiomqtt.Client) -> None:
    """Connect; MqttError also if the broker was gone again before anybody could have noticed."""
    _watch_safely(client)
    gone = client._disconnected  # noqa: SLF001  # aiomqtt forgets it if the end comes within its own connecting
    await client.__aenter__()
    if gone.done() and (error := gone.exception()) is not None:
        raise aiomqtt.MqttError(f"the connection ended as soon as it was there: {error}") from error


async def _tear_down(client: aiomqtt.Client, limit_s: float = 0.0) -> None:
    """Disconnect politely within the limit; then by force."""
    inner = client._client  # noqa: SLF001  # aiomqtt cannot close a connection that never came up
    gone = client._disconnected  # noqa: SLF001  # its __aexit__ may swallow a cancellation
    try:
        inner.disconnect()
        if limit_s:
            await asyncio.wait({gone}, timeout=limit_s)
    finally:
        left = inner.socket()
        if isinstance(left, socket.socket):
            with contextlib.suppress(OSError):
                left.shutdown(socket.SHUT_RDWR)
            inner.loop_read()  # sees the end, closes the socket and takes it out of the event loop
        if gone.done():
            gone.exception()  # it was seen
    keeper = client._misc_task  # noqa: SLF001  # aiomqtt leaves its ping task behind when a connect fails
    if keeper is not None:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
