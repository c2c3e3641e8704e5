"""The back office's MQTT connection: a new client each time, nothing left behind (aiomqtt 2.5's pitfalls)."""

import asyncio
import contextlib
import math
import socket
from collections.abc import AsyncIterator
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
    entering = asyncio.ensure_future(client.__aenter__())
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
        _write_at_once(client._client)  # noqa: SLF001  # paho's own settings are public
        yield Connection(client, v5=protocol == "5")
    finally:
        await _tear_down(client, LIMIT_S)


def _write_at_once(inner: paho.Client) -> None:
    """Watch the socket for room to write without a detour over the event loop's queue.

    aiomqtt's own way registers a file number later, when the socket may be closed and its number another's.
    """
    loop = asyncio.get_running_loop()

    def write() -> None:
        inner.loop_write()

    def register(_client: paho.Client, _userdata: object, sock: "paho.SocketLike") -> None:
        loop.add_writer(sock.fileno(), write)

    inner.on_socket_register_write = register


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
