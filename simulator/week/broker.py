"""A broker in this process, as bad as brokers are: it loses, doubles, delays and forgets, by a seed.

What it promises is what MQTT promises with QoS 1 to sessions that outlive their connections; while
`conduct` says so it breaks even that.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiomqtt

from locker.sync.messages import Topics, build_status

LATENCY_S = 0.02
CONNECT_S = 0.05
QUEUE_MOST = 1000
"""What a default Mosquitto keeps for a client that is away; it drops the rest in silence."""


@dataclass(frozen=True)
class Message:
    """One message as both clients read it."""

    topic: str
    payload: bytes
    retain: bool = False
    mid: int = 0
    qos: int = 1


@dataclass
class Conduct:
    """How the broker behaves now; shares of 1."""

    down: bool = False
    lost: float = 0.0
    """Of a message: it was acknowledged and is gone, as after a broker's crash."""
    doubled: float = 0.0
    delayed_s: float = 0.0
    """At most, drawn for each message: later ones overtake earlier ones."""


@dataclass
class Session:
    """What the broker knows of one client, connected or not."""

    topics: set[str] = field(default_factory=set)
    waiting: deque[Message] = field(default_factory=deque)
    unacknowledged: dict[int, Message] = field(default_factory=dict)
    connection: "Connection | None" = None


class WeekBroker:
    """Clients connect by their id; the automat's last will is its status."""

    def __init__(self, dice: random.Random, note: Callable[[str], None]) -> None:
        self.conduct = Conduct()
        self._dice = dice
        self._note = note
        self._sessions: dict[str, Session] = {}
        self._retained: dict[str, bytes] = {}
        self._mids = 0

    # -- troubles

    def cut(self, client_id: str | None = None) -> None:
        """Break one client's connection, or all; wills are published."""
        for name, session in self._sessions.items():
            if session.connection is not None and client_id in (None, name):
                session.connection.end("the connection was cut")

    def crash(self, *, forgets: bool) -> None:
        """End every connection; with `forgets` the sessions and all that is retained are gone."""
        self.cut()
        if forgets:
            self._sessions.clear()
            self._retained.clear()

    # -- clients

    @asynccontextmanager
    async def connect(self, client_id: str, will_of: str | None = None) -> AsyncIterator["Connection"]:
        """Connect once, to the session that is kept; aiomqtt.MqttError while the broker is down."""
        await asyncio.sleep(CONNECT_S)
        if self.conduct.down:
            raise aiomqtt.MqttError("[Errno 111] Connection refused")
        session = self._sessions.setdefault(client_id, Session())
        if session.connection is not None:
            session.connection.end("another client took the session over")
        connection = session.connection = Connection(self, session, will_of)
        session.waiting.extendleft(reversed(session.unacknowledged.values()))
        session.unacknowledged.clear()
        connection.arrived.set()
        try:
            yield connection
        finally:
            connection.end("the client went")

    def subscribe(self, session: Session, topic: str) -> None:
        """Give what is retained, and all that comes."""
        session.topics.add(topic)
        if topic in self._retained:
            self._put(session, topic, self._retained[topic], retain=True)

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Take one message, or lose it; deliver it once, or twice."""
        if retain:
            self._retained[topic] = payload
        if self._dice.random() < self.conduct.lost:
            self._note(f"broker loses a message on {topic}")
            return
        copies = 2 if self._dice.random() < self.conduct.doubled else 1
        for _ in range(copies):
            delay_s = LATENCY_S + self._dice.random() * self.conduct.delayed_s
            asyncio.get_running_loop().call_later(delay_s, self._deliver, topic, payload)

    def _deliver(self, topic: str, payload: bytes) -> None:
        for session in self._sessions.values():
            if topic in session.topics:
                self._put(session, topic, payload, retain=False)

    def _put(self, session: Session, topic: str, payload: bytes, *, retain: bool) -> None:
        if len(session.waiting) >= QUEUE_MOST:
            return
        self._mids += 1
        session.waiting.append(Message(topic, payload, retain, self._mids))
        if session.connection is not None:
            session.connection.arrived.set()


class Connection:
    """One live connection, with the methods of both sides' own; aiomqtt.MqttError once it is gone."""

    def __init__(self, broker: WeekBroker, session: Session, will_of: str | None) -> None:
        self.arrived = asyncio.Event()
        self._broker, self._session, self._will_of = broker, session, will_of
        self._gone: str | None = None
        self._ended = asyncio.Event()

    @property
    def has_more(self) -> bool:
        """Whether something waits to be read."""
        return bool(self._session.waiting)

    async def subscribe(self, topic: str) -> None:
        """Subscribe."""
        await self._round_trip()
        self._broker.subscribe(self._session, topic)

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> None:
        """Publish; the broker's acknowledgement proves nothing."""
        del expiry_s
        self._check()
        self._broker.publish(topic, payload, retain=retain)
        await self._round_trip()

    async def publish_event(self, topic: str, payload: bytes) -> None:
        """Publish an entry."""
        await self.publish(topic, payload)

    async def messages(self) -> AsyncGenerator[Message, None]:
        """Give what arrives; each is kept until it is acknowledged."""
        while True:
            self._check()
            while self._session.waiting and self._gone is None:
                message = self._session.waiting.popleft()
                self._session.unacknowledged[message.mid] = message
                yield message
                if self._will_of is None:
                    self.acknowledge(message)  # the back office's client answers by itself
            self.arrived.clear()
            if self._gone is None and not self._session.waiting:
                await self.arrived.wait()

    def acknowledge(self, message: Message) -> None:
        """Take it off the broker; nothing happens on a dead connection."""
        if self._gone is None:
            self._session.unacknowledged.pop(message.mid, None)

    def end(self, reason: str, *, silent: bool = False) -> None:
        """Break it; the automat's will is published, unless `silent`."""
        if self._gone is not None:
            return
        self._gone = reason
        if self._session.connection is self:
            self._session.connection = None
        self.arrived.set()
        self._ended.set()
        if self._will_of is not None and not silent:
            offline = build_status("offline", reason="connection-lost")
            self._broker.publish(Topics.of(self._will_of).status, offline, retain=True)

    async def _round_trip(self) -> None:
        self._check()
        try:
            async with asyncio.timeout(2 * LATENCY_S):
                await self._ended.wait()
        except TimeoutError:
            pass
        self._check()

    def _check(self) -> None:
        if self._gone is not None:
            raise aiomqtt.MqttError(self._gone)
