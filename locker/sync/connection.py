"""One MQTT connection, and what aiomqtt 2.5 needs around it.

A `Client` is used for one connection only: used again after a broker's death it sends twice what was on
its way. Messages are acknowledged by hand, once they are in safe hands; until then the broker keeps them.
"""

import asyncio
import contextlib
import logging
import math
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from locker.sync.messages import Topics, build_status
from locker.sync.refusals import NO_GREETING, explain
from locker.sync.settings import LinkSettings

RECEIVE_MOST = 50
"""Messages that the broker may have on their way to us, not acknowledged."""

CLOUD_EVENT = "application/cloudevents+json"

LOST = "failed to receive on socket: "
TOO_LATE = "Unexpected message ID"
"""What the library says of an answer that comes when nobody waits any more."""

logger = logging.getLogger(__name__)

NO_DELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Nagle's algorithm and delayed acknowledgements together cost 40 ms a stall."""


class Connection:
    """A live connection; every method raises `aiomqtt.MqttError` once it is gone."""

    def __init__(self, client: aiomqtt.Client, *, v5: bool, limit_s: float, answer_limit_s: float) -> None:
        """Wrap a connected client."""
        self._client = client
        self._limit_s = limit_s
        self._answer_limit_s = answer_limit_s
        self._v5 = v5
        self._event_properties = _content_type(CLOUD_EVENT) if v5 else None
        self._refused: str | None = None
        self._welcome = False
        _inner(client).on_publish = self._note_published

    async def subscribe(self, topic: str) -> None:
        """Subscribe with QoS 1; MqttError if the broker does not allow it."""
        # the flag must survive: a retained command is refused, also when it arrives live
        quality: dict[str, Any] = (
            {"options": SubscribeOptions(qos=1, retainAsPublished=True)} if self._v5 else {"qos": 1}
        )
        try:
            # aiomqtt's own limit uses wait_for, which before Python 3.12 may swallow a cancellation
            async with asyncio.timeout(self._limit_s):
                codes = await self._client.subscribe(topic, **quality, timeout=math.inf)
        except TimeoutError as error:
            raise aiomqtt.MqttError(f"the broker does not answer a subscription to {topic}") from error
        for code in codes:
            if getattr(code, "is_failure", False):
                raise aiomqtt.MqttError(f"the broker refuses a subscription to {topic}: {code}")

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1 and wait until the broker has it: run it beside `messages`.

        MqttError if the broker does not allow the first one: it would take nothing else either.
        """
        await self._publish(topic, payload, retain=retain)
        if self._refused is not None and not self._welcome:
            raise aiomqtt.MqttError(explain(f"the broker refuses what we publish: {self._refused}", tls=True))
        self._welcome = True

    async def publish_event(self, topic: str, payload: bytes) -> None:
        """Publish a CloudEvent in structured mode."""
        await self._publish(topic, payload, properties=self._event_properties)

    def messages(self) -> AsyncIterator[aiomqtt.Message]:
        """Give what arrives; raises at once when the connection goes. Somebody must always be reading."""
        return aiter(self._client.messages)

    def acknowledge(self, message: aiomqtt.Message) -> None:
        """Tell the broker that a message is in safe hands; nothing happens on a dead connection."""
        if message.qos:
            _inner(self._client).ack(message.mid, message.qos)

    async def _publish(self, topic: str, payload: bytes, **how: Any) -> None:
        # a broker that answers pings and nothing else would hold everything up for ever
        try:
            async with asyncio.timeout(self._answer_limit_s):
                await self._client.publish(topic, payload, qos=1, timeout=math.inf, **how)
        except TimeoutError as error:
            raise aiomqtt.MqttError(
                f"the broker has not taken a message within {self._answer_limit_s:g} s"
            ) from error

    def _note_published(
        self,
        client: paho.Client,
        userdata: object,
        number: int,
        reason: ReasonCode,
        properties: Properties,
    ) -> None:
        # aiomqtt takes a refusal for success, and for the journal's sake so do we: it is sent again
        if reason.is_failure and self._refused is None:
            self._refused = str(reason)
            if self._welcome:
                logger.warning("the broker refuses something of what we publish: %s", reason)
        self._client._on_publish(client, userdata, number, reason, properties)  # noqa: SLF001  # it wakes who waits


@contextlib.asynccontextmanager
async def open_connection(settings: LinkSettings, tls: ssl.SSLContext | None) -> AsyncIterator[Connection]:
    """Connect once, with the will set; leave nothing behind, neither task nor socket nor thread."""
    v5 = settings.protocol == "5"
    client = aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=settings.password,
        identifier=settings.client_id,
        protocol=aiomqtt.ProtocolVersion.V5 if v5 else aiomqtt.ProtocolVersion.V311,
        will=aiomqtt.Will(
            Topics.of(settings.automat_id).status,
            build_status("offline", reason="connection-lost"),
            qos=1,
            retain=True,
        ),
        keepalive=settings.keepalive_s,
        timeout=settings.connect_limit_s,
        max_inflight_messages=settings.in_flight,
        tls_context=tls,
        socket_options=NO_DELAY,
        logger=_Subdued(__name__),
        **_session(settings.session_expiry_s) if v5 else {"clean_session": False},
    )
    client.pending_calls_threshold = 2 * settings.in_flight  # it warns, slowly, beyond ten
    inner = _inner(client)
    inner.manual_ack_set(True)
    inner.connect_timeout = settings.connect_limit_s
    entering = asyncio.ensure_future(_enter(client, tls=tls is not None))
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
        yield Connection(
            client, v5=v5, limit_s=settings.connect_limit_s, answer_limit_s=settings.answer_limit_s
        )
    finally:
        await _tear_down(client, settings.connect_limit_s)


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


async def _enter(client: aiomqtt.Client, *, tls: bool) -> None:
    """Connect; MqttError says what to do, and comes at once where the broker goes before its greeting."""
    loop, inner = asyncio.get_running_loop(), _inner(client)
    connected, gone = client._connected, client._disconnected  # noqa: SLF001  # aiomqtt exchanges them when they fail

    losses = [NO_GREETING]

    def note(_client: paho.Client, _userdata: object, _level: int, text: str) -> None:
        if text.startswith(LOST):  # why a connection went, the library tells to its log alone
            losses.append(text.removeprefix(LOST))

    def end_waiting() -> None:
        if not connected.done():
            connected.set_exception(aiomqtt.MqttError(losses[-1]))

    def ended(*told: Any) -> None:
        loop.call_soon_threadsafe(end_waiting)  # it may be the connecting thread that sees the end
        client._on_disconnect(*told)  # noqa: SLF001  # it leaves alone who still waits for the greeting

    _watch_safely(client)
    inner.on_log, inner.on_disconnect = note, ended
    try:
        await client.__aenter__()
        if gone.done() and (error := gone.exception()) is not None:
            raise aiomqtt.MqttError(f"the connection ended as soon as it was there: {error}") from error
    except aiomqtt.MqttError as error:
        raise aiomqtt.MqttError(explain(str(error), tls=tls)) from error
    finally:
        for future in (connected, gone):
            if future.done() and not future.cancelled():
                future.exception()  # it was seen


async def _tear_down(client: aiomqtt.Client, limit_s: float = 0.0) -> None:
    """Disconnect politely within the limit; then by force."""
    inner, gone = _inner(client), client._disconnected  # noqa: SLF001  # its __aexit__ may swallow a cancellation
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


def _inner(client: aiomqtt.Client) -> paho.Client:
    # aiomqtt 2.5 has no acknowledgement by hand; paho's is public
    return client._client  # noqa: SLF001  # see above


def _session(expiry_s: int) -> dict[str, object]:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types it not
    properties.SessionExpiryInterval = expiry_s
    properties.ReceiveMaximum = RECEIVE_MOST
    return {"clean_start": False, "properties": properties}


class _Subdued(logging.Logger):
    """Takes the library's word for errors only where they are faults of programs.

    A connection that goes is an exception of `Connection`, and whoever has it tells of it once an outage.
    """

    def handle(self, record: logging.LogRecord) -> None:
        if record.levelno > logging.DEBUG and not record.getMessage().startswith((LOST, TOO_LATE)):
            logger.handle(record)


class _Packed(Properties):
    """Properties that are the same for every message: packed once, a third of the work of a publish."""

    def __init__(self, properties: Properties) -> None:
        super().__init__(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho types it not
        # its own __setattr__ takes only MQTT's names
        self.__dict__["packed"] = properties.pack()  # type: ignore[no-untyped-call]  # paho types it not

    def pack(self) -> bytes:
        packed: bytes = self.__dict__["packed"]
        return packed


def _content_type(name: str) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho types it not
    properties.ContentType = name
    return _Packed(properties)
