"""The uplink: keeps one MQTT connection to the back office's broker, for as long as the daemon runs.

The broker is only a pipe. What goes up stays in the journal until the back office acknowledges it; what
comes down is handed to the inbox and only then taken off the broker.

Entries of an epoch that the journal has left and that were never acknowledged go the same way, in front of
those of the present one, which wait for nobody's answer about them.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

import aiomqtt

from locker.domain.events import ForkReported, JournalAcknowledged
from locker.ports import Post
from locker.sync.commands import read_command
from locker.sync.connection import Connection, open_connection
from locker.sync.messages import Ack, Topics, UnreadableAck, build_status, read_ack
from locker.sync.outbox import JournalPosition, Outbox, Span
from locker.sync.settings import LinkSettings, LinkSettingsError

logger = logging.getLogger(__name__)

GOODBYE_LIMIT_S = 2.0
WARNING_EVERY_S = 10.0
COMMANDS_WAITING_MOST = 2_000
"""Not yet posted; a broker of MQTT 3.1.1 may have a thousand on their way, another `RECEIVE_MOST`."""

ReadPayloads = Callable[[int, int, int], Awaitable[list[bytes]]]
"""Takes epoch, first sequence, most entries; gives what goes over the wire, in order."""
Connect = Callable[[LinkSettings, ssl.SSLContext | None], AbstractAsyncContextManager[Connection]]
"""Connects once, with the will set; aiomqtt.MqttError if that is not possible."""


class Link:
    """Sends the journal and the state, receives commands and acknowledgements; one task runs `run`."""

    def __init__(
        self,
        settings: LinkSettings,
        *,
        post: Post,
        payloads: ReadPayloads,
        position: Callable[[], JournalPosition],
        earlier: Callable[[], JournalPosition | None] = lambda: None,
        state: Callable[[], bytes],
        on_change: Callable[[bool], None] | None = None,
        dice: Callable[[], float] | None = None,
        connect: Connect = open_connection,
    ) -> None:
        """Check the settings and load the TLS files, anew for each connection (LinkSettingsError).

        `earlier` is the first epoch that was left and of which something is still to be acknowledged.
        """
        self._settings = settings
        self._tls = None if settings.tls is None else settings.tls.context()
        self._topics = Topics.of(settings.automat_id)
        self._post = post
        self._payloads = payloads
        self._position = position
        self._earlier = earlier
        self._state = state
        self._on_change = on_change
        self._connect = connect
        self._dice = dice or random.SystemRandom().random
        self._outbox = Outbox(position(), self._dice, settings.outbox)
        self._left: Outbox | None = None  # of the epoch that `earlier` names
        self._work = asyncio.Event()
        self._changed = asyncio.Event()
        self._commands: asyncio.Queue[tuple[Connection, aiomqtt.Message]] = asyncio.Queue()
        self._heard: dict[int, _Heard] = {}
        self._something_heard = asyncio.Event()
        self._connected = False
        self._last_trouble = ""
        self._unfit = ""
        self._warns_from_s = 0.0

    @property
    def connected(self) -> bool:
        """Whether the broker has us and our subscriptions."""
        return self._connected

    @property
    def trouble(self) -> str | None:
        """Why the broker was not reached, or left us, when it was tried last; None once it has us again."""
        return self._last_trouble or None

    def wake(self) -> None:
        """The journal grew, its acknowledgement moved or the state changed: look again."""
        self._work.set()
        self._changed.set()

    async def run(self) -> NoReturn:
        """Keep the link until cancelled; the retained status then says offline."""
        await _together(self._stay_connected(), self._post_commands(), self._post_acknowledgements())
        raise RuntimeError("the link ended by itself")

    # -- the connection

    async def _stay_connected(self) -> NoReturn:
        loop = asyncio.get_running_loop()
        first_s, most_s = self._settings.retry_first_s, self._settings.retry_most_s
        await asyncio.sleep(self._dice() * self._settings.first_connect_within_s)
        pause_s = first_s
        while True:
            began_s = loop.time()
            self._renew_tls()
            try:
                async with self._connect(self._settings, self._tls) as connection:
                    await self._use(connection)
            except aiomqtt.MqttError as error:
                self._tell_trouble(error)
            spread_s = 0.0
            if loop.time() - began_s > most_s:
                # it stood for long, as those of the whole fleet did, and they have lost it together
                pause_s, spread_s = first_s, self._dice() * self._settings.first_connect_within_s
            # full pauses would bring a fleet back in step after its broker's restart
            await asyncio.sleep(spread_s + pause_s * (0.5 + self._dice() / 2))
            pause_s = min(most_s, pause_s * 2)

    def _renew_tls(self) -> None:
        # certificates are renewed while the daemon runs; one that is half written is no reason to stay away
        if self._settings.tls is None:
            return
        unfit = ""
        try:
            self._tls = self._settings.tls.context()
        except LinkSettingsError as error:
            unfit = str(error)
        if unfit and unfit != self._unfit:
            logger.warning("what was read before is still used: %s", unfit)
        self._unfit = unfit

    async def _use(self, connection: Connection) -> None:
        queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=self._settings.batch)
        try:
            await _together(
                self._read(connection),
                self._greet_and_feed(connection, queue),
                *(self._send(connection, queue) for _ in range(self._settings.in_flight)),
            )
        except asyncio.CancelledError:
            await self._say_goodbye(connection)
            raise
        finally:
            self._set_connected(connected=False)

    async def _greet_and_feed(self, connection: Connection, queue: asyncio.Queue[bytes]) -> None:
        # acknowledgements must have a way back before the first entry goes
        await connection.subscribe(self._topics.journal_ack)
        await connection.subscribe(self._topics.commands)
        online = build_status("online", at=datetime.now(UTC), version=self._settings.version or None)
        await connection.publish(self._topics.status, online, retain=True)
        self._last_trouble = ""
        self._set_connected(connected=True)
        await _together(self._tell_state(connection), self._feed(queue))

    async def _say_goodbye(self, connection: Connection) -> None:
        offline = build_status("offline", reason="stopped", at=datetime.now(UTC))
        try:
            async with asyncio.timeout(GOODBYE_LIMIT_S):
                await _together(
                    self._read(connection),
                    connection.publish(self._topics.status, offline, retain=True),
                    until=asyncio.FIRST_COMPLETED,
                )
        except (aiomqtt.MqttError, TimeoutError) as error:
            logger.warning("could not say goodbye to the broker: %s", error)

    def _set_connected(self, *, connected: bool) -> None:
        if connected is self._connected:
            return
        self._connected = connected
        logger.info(
            "broker %s:%d: %s", self._settings.host, self._settings.port, "online" if connected else "offline"
        )
        if self._on_change is not None:
            self._on_change(connected)

    def _tell_trouble(self, error: aiomqtt.MqttError) -> None:
        trouble = str(error)
        if "protocol version" in trouble.lower() and self._settings.protocol == "5":
            trouble += '; the broker speaks no MQTT 5: set the protocol to "3.1.1"'
        if self._unfit:
            trouble += f"; {self._unfit}"
        if trouble != self._last_trouble:  # an outage of 30 days is one line
            logger.warning("broker %s:%d: %s", self._settings.host, self._settings.port, trouble)
        self._last_trouble = trouble

    # -- up

    async def _feed(self, queue: asyncio.Queue[bytes]) -> NoReturn:
        loop = asyncio.get_running_loop()
        self._outbox.restart(self._position(), loop.time())
        self._left = None
        while True:
            self._work.clear()
            now_s = loop.time()
            self._look(now_s)
            outboxes = [outbox for outbox in (self._left, self._outbox) if outbox is not None]
            spans = ((each, each.take(self._settings.batch, now_s)) for each in outboxes)
            outbox, span = next(((each, span) for each, span in spans if span is not None), (None, None))
            if outbox is None or span is None:
                waits = [wait_s for each in outboxes if (wait_s := each.wait_s(now_s)) is not None]
                await _set_within(self._work, min(waits, default=None))
                continue
            count = span.last - span.first + 1
            payloads = await self._payloads(outbox.epoch, span.first, count)
            if len(payloads) < count:
                logger.error("the journal gave %d of %d entries from %d", len(payloads), count, span.first)
            for payload in payloads[:count]:
                await queue.put(payload)

    def _look(self, now_s: float) -> None:
        """Learn where the journal stands, and which epoch that was left is to be sent."""
        self._outbox.see(self._position(), now_s)
        earlier = self._earlier()
        if earlier is None:
            self._left = None
        elif self._left is None or self._left.epoch != earlier.epoch:
            self._left = Outbox(earlier, self._dice, self._settings.outbox)
            self._heard.pop(earlier.epoch, None)  # what was said of it before it was left counts no more
        else:
            self._left.see(earlier, now_s)

    async def _send(self, connection: Connection, queue: asyncio.Queue[bytes]) -> NoReturn:
        while True:
            await connection.publish_event(self._topics.journal, await queue.get())

    async def _tell_state(self, connection: Connection) -> NoReturn:
        told: bytes | None = None
        while True:
            self._changed.clear()
            state = self._state()
            if state != told:
                await connection.publish(self._topics.state, state, retain=True)
                told = state
                await asyncio.sleep(self._settings.state_every_s)
            await self._changed.wait()

    # -- down

    async def _read(self, connection: Connection) -> None:
        async for message in connection.messages():
            topic = str(message.topic)
            if topic == self._topics.commands:
                if self._commands.qsize() >= COMMANDS_WAITING_MOST:
                    raise aiomqtt.MqttError("the broker hands over more commands at once than can be taken")
                self._commands.put_nowait((connection, message))
                continue
            if topic == self._topics.journal_ack:
                self._hear(message.payload)
            connection.acknowledge(message)

    async def _post_commands(self) -> NoReturn:
        # outlives a connection: what has arrived is posted, however often the broker dies meanwhile
        while True:
            connection, message = await self._commands.get()
            key = self._settings.command_key
            await self._post(read_command(message.payload, key=key, retained=message.retain))
            connection.acknowledge(message)

    def _hear(self, payload: bytes) -> None:
        ack = read_ack(payload)
        if isinstance(ack, UnreadableAck):
            self._warn("an acknowledgement that cannot be read: %s", ack.detail)
            return
        now_s = asyncio.get_running_loop().time()
        self._look(now_s)
        missing = [Span(first, last) for first, last in ack.missing]
        if ack.epoch == self._outbox.epoch:
            self._outbox.acknowledge(ack.through, missing, now_s)
        elif self._left is not None and ack.epoch == self._left.epoch:
            # The ledger may go on beyond what was written here: it counts for what it was shown.
            self._left.acknowledge(min(ack.through, self._left.sent_through), missing, now_s)
            ack = ack.model_copy(update={"through": self._left.acknowledged_through})
        self._work.set()
        if ack.epoch not in self._heard and len(self._heard) >= EPOCHS_HEARD_MOST:
            self._warn("an acknowledgement of epoch %d, one of too many", ack.epoch)
            return
        self._heard.setdefault(ack.epoch, _Heard()).add(ack)
        self._something_heard.set()

    def _warn(self, text: str, what: object) -> None:
        # whoever has the broker may send without end, and the log is on the same disk
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._warns_from_s:
            self._warns_from_s = now_s + WARNING_EVERY_S
            logger.warning(text, what)

    async def _post_acknowledgements(self) -> NoReturn:
        # one event for many acknowledgements: draining a long outage must not crowd the inbox
        while True:
            await self._something_heard.wait()
            self._something_heard.clear()
            self._look(asyncio.get_running_loop().time())
            for epoch, heard in list(self._heard.items()):
                through, refused, forks = heard.news()
                if through is not None:
                    await self._post(JournalAcknowledged(epoch, through, refused, heard.sent_at))
                for sequence in forks:
                    await self._post(ForkReported(epoch, sequence))
            await asyncio.sleep(self._settings.acknowledge_every_s)


EPOCHS_HEARD_MOST = 16
NUMBERS_HEARD_MOST = 10_000
"""Of refused entries, and of forks, that are remembered of one epoch."""


@dataclass(slots=True)
class _Heard:
    """What the back office has said of one epoch, and how much of it was posted by this process."""

    through: int = 0
    sent_at: datetime | None = None
    told_through: int = -1
    refused: dict[int, str] = field(default_factory=dict)
    told_refused: set[int] = field(default_factory=set)
    forks: set[int] = field(default_factory=set)
    told_forks: set[int] = field(default_factory=set)

    def add(self, ack: Ack) -> None:
        self.through = max(self.through, ack.through)
        self.sent_at = ack.time
        for entry in ack.refused:
            if entry.sequence not in self.told_refused and len(self.refused) < NUMBERS_HEARD_MOST:
                self.refused[entry.sequence] = entry.reason
        for number in ack.forks:
            if number not in self.told_forks and len(self.forks) < NUMBERS_HEARD_MOST:
                self.forks.add(number)

    def news(self) -> tuple[int | None, tuple[tuple[int, str], ...], list[int]]:
        """Give what nobody was told yet, and count it as told; no number: nothing new."""
        refused, forks = tuple(sorted(self.refused.items())), sorted(self.forks)
        moved = self.through > self.told_through or bool(refused)
        self.told_through = self.through
        _remember(self.told_refused, self.refused)
        _remember(self.told_forks, forks)
        self.refused.clear()
        self.forks.clear()
        return (self.through if moved else None), refused, forks


def _remember(told: set[int], numbers: Collection[int]) -> None:
    # what is told twice has no effect twice; what is remembered for ever would fill the memory
    if len(told) + len(numbers) > NUMBERS_HEARD_MOST:
        told.clear()
    told.update(numbers)


async def _together(*parts: Coroutine[Any, Any, Any], until: str = asyncio.FIRST_EXCEPTION) -> None:
    """Run coroutines until one fails or all end; then end the others and raise the first failure."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=until)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _set_within(event: asyncio.Event, limit_s: float | None) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        return
