"""A journal in memory and an inbox in a list: what a link needs of an automat."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from locker.domain.commands import Mode
from locker.domain.events import Event, JournalAcknowledged
from locker.domain.journal import NO_HASH, ChainHead, Entry, EntryKind, SealedEntry, seal
from locker.domain.times import Now, Trust
from locker.sync.link import Connect, Link
from locker.sync.messages import State, build_state
from locker.sync.outbox import JournalPosition, OutboxRules
from locker.sync.settings import LinkSettings
from simulator.backoffice.keys import Enrolment
from simulator.broker import Broker
from simulator.virtual_loop import run

AUTOMAT_ID = "automat-1"
CODE_KEY = bytes(range(32))
FAST = OutboxRules(resend_after_s=0.3, resend_most_s=1.0, missing_again_s=0.1)


class AutomatInMemory:
    """Persists, in memory, what the domain would: the journal and its acknowledgement."""

    def __init__(self) -> None:
        """Begin with an empty journal in epoch 1."""
        self.key = Ed25519PrivateKey.generate()
        self.enrolment = Enrolment(AUTOMAT_ID, self.key.public_key(), CODE_KEY)
        self.journal: list[SealedEntry] = []
        self.acknowledged_through = 0
        self.left: list[SealedEntry] = []
        self.left_through = self.left_pruned_through = 0
        self.events: list[Event] = []
        self.link: Link | None = None
        self._news = asyncio.Condition()

    @property
    def epoch(self) -> int:
        """Epoch 2 once epoch 1 was left."""
        return 2 if self.left else 1

    def leave(self, *, acknowledged_through: int, pruned_through: int = 0) -> None:
        """Go on in epoch 2; of epoch 1 so much is acknowledged, and so much was pruned."""
        self.left, self.left_through = self.journal, acknowledged_through
        self.left_pruned_through = pruned_through
        self.journal, self.acknowledged_through = [], 0

    def write(self, count: int) -> None:
        """Add entries to the journal."""
        head = self.journal[-1].head if self.journal else ChainHead(self.epoch, 0, NO_HASH)
        for _ in range(count):
            entry = Entry(EntryKind.DOOR_OPENED, f"JJFI{head.sequence:08d}", {"compartment": "12"})
            now = Now(datetime(2026, 5, 4, 12, tzinfo=UTC), Trust.TRUSTED, float(head.sequence))
            sealed = seal(entry, head, now, automat_id=AUTOMAT_ID, sign=self.key.sign)
            self.journal.append(sealed)
            head = sealed.head
        if self.link is not None:
            self.link.wake()

    async def post(self, event: Event) -> None:
        """Take an event, as the inbox does."""
        self.events.append(event)
        if isinstance(event, JournalAcknowledged):
            if event.epoch == self.epoch:
                self.acknowledged_through = max(self.acknowledged_through, event.through)
            elif self.left:
                self.left_through = max(self.left_through, min(event.through, len(self.left)))
            assert self.link is not None
            self.link.wake()
        await self.tell()

    async def tell(self) -> None:
        """Let those who wait look again."""
        async with self._news:
            self._news.notify_all()

    async def until(self, predicate: Callable[[], bool], limit_s: float = 10.0) -> None:
        """Wait until something is true of what was posted."""
        async with asyncio.timeout(limit_s), self._news:
            await self._news.wait_for(predicate)

    async def payloads(self, epoch: int, first: int, most: int) -> list[bytes]:
        """Read the journal."""
        journal = self.journal if epoch == self.epoch else self.left
        return [entry.payload for entry in journal[first - 1 : first - 1 + most]]

    def position(self) -> JournalPosition:
        """Say how far the journal reaches."""
        return JournalPosition(self.epoch, len(self.journal), self.acknowledged_through)

    def earlier(self) -> JournalPosition | None:
        """Say what of the epoch that was left is still to be acknowledged."""
        if self.left_through >= len(self.left):
            return None
        return JournalPosition(1, len(self.left), self.left_through, self.left_pruned_through)

    def state(self) -> bytes:
        """Write a state."""
        return build_state(
            State(
                automat=AUTOMAT_ID,
                mode=Mode.NORMAL,
                health="good",
                free={"S": 3},
                to_collect=0,
                suspect=0,
                blocked=0,
                versions={"lockerd": "0.1.0"},
                clock="trusted",
                link="online",
                epoch=self.epoch,
                last_sequence=len(self.journal),
                acknowledged_through=self.acknowledged_through,
            )
        )


@asynccontextmanager
async def running_link(automat: AutomatInMemory, settings: LinkSettings) -> AsyncIterator[Link]:
    """Run a link for an automat."""
    changes: set[asyncio.Task[None]] = set()

    def changed(_connected: bool) -> None:  # noqa: FBT001  # the link's own signature
        task = asyncio.ensure_future(automat.tell())
        changes.add(task)
        task.add_done_callback(changes.discard)

    link = Link(
        settings,
        post=automat.post,
        payloads=automat.payloads,
        position=automat.position,
        earlier=automat.earlier,
        state=automat.state,
        on_change=changed,
    )
    automat.link = link
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.gather(*changes)
        if not task.cancelled():
            task.result()


def settings_for(broker: Broker, **changes: object) -> LinkSettings:
    """Make impatient settings for a broker."""
    values: dict[str, object] = {
        "automat_id": AUTOMAT_ID,
        "host": broker.host,
        "port": broker.port,
        "protocol": broker.protocol,
        "first_connect_within_s": 0.0,
        "retry_first_s": 0.05,
        "retry_most_s": 0.2,
        "acknowledge_every_s": 0.02,
        "state_every_s": 0.05,
        "outbox": FAST,
        **changes,
    }
    return LinkSettings(**values)  # type: ignore[arg-type]  # names and types are those of the dataclass


def run_link(connect: Connect, dice: Callable[[], float], for_s: float) -> None:
    """Run a link in virtual time for so long; `connect` sees each of its attempts."""

    async def main() -> None:
        automat = AutomatInMemory()
        link = Link(
            LinkSettings("a-1", "127.0.0.1", 1),
            post=automat.post,
            payloads=automat.payloads,
            position=automat.position,
            state=automat.state,
            dice=dice,
            connect=connect,
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await link.run()

    run(main())
