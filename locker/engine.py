"""The engine: one inbox, one task, one durable transaction a decision, intents only after the commit.

If a commit fails for good, nothing is unlocked and `run` ends with the error: the process ends on
purpose, and start-up recovers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from locker.domain.automat import Automat, Change, Decision
from locker.domain.decide import decide
from locker.domain.events import EpochCounted, Event, Stopping, Woke
from locker.domain.intents import (
    CountEpoch,
    Intent,
    LampTest,
    Show,
    Sound,
    StopTrying,
    Tick,
    TryLock,
    Unlock,
)
from locker.domain.journal import NO_HASH, ChainHead, SealedEntry, Sign, seal
from locker.ports import Clock, Hardware

INBOX_LIMIT = 1024
"""Events that may wait; whoever posts more waits too."""
TURNS_TO_THE_WIRE = 3
"""Turns of the event loop from an unlock intent to its bytes on an idle bus."""
LEAST_WAIT_S = 0.001
"""A remainder too small for the loop's clock would be waited for again and again."""

Posted = tuple[Event, "asyncio.Future[Decision] | None"]
"""An event, and who waits for the decision on it."""
Result = TypeVar("Result")
RunBlocking = Callable[[Callable[[], Result]], Awaitable[Result]]


class Ledger(Protocol):
    """The durable side of a decision; called in the writer's thread."""

    def commit(self, changes: Sequence[Change], entries: Sequence[SealedEntry]) -> None:
        """Write all of it or nothing."""


class Watcher(Protocol):
    """Whoever wants to know what was decided; told after the commit, must not wait."""

    def __call__(self, decision: Decision, entries: Sequence[SealedEntry], /) -> None:
        """Take note."""


class Engine:
    """Takes events one by one, decides, commits, then lets intents start."""

    def __init__(
        self,
        automat: Automat,
        head: ChainHead,
        *,
        clock: Clock,
        hardware: Hardware,
        ledger: Ledger,
        sign: Sign,
        run_blocking: RunBlocking[None],
        count_epoch: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Begin from a restored state; `run_blocking` is the writer's thread.

        `count_epoch` counts one epoch more, durably and outside of the database; None if it could not.
        """
        self.automat = automat
        self.head = head
        self._clock = clock
        self._hardware = hardware
        self._ledger = ledger
        self._sign = sign
        self._run_blocking = run_blocking
        self._count_epoch = count_epoch
        self._inbox: asyncio.Queue[Posted] = asyncio.Queue(INBOX_LIMIT)
        self._watchers: list[Watcher] = []
        self._busy_since_s: float | None = None

    def held_up_s(self) -> float:
        """Return for how many seconds nothing was finished although something waits or is under way."""
        return 0.0 if self._busy_since_s is None else _loop_s() - self._busy_since_s

    async def post(self, event: Event) -> None:
        """Put an event into the inbox; wait while it is full."""
        self._note_busy()
        await self._inbox.put((event, None))

    async def ask(self, event: Event) -> Decision:
        """Put an event into the inbox and wait for what was decided and committed on it."""
        decided: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._note_busy()
        await self._inbox.put((event, decided))
        return await decided

    def watch(self, watcher: Watcher) -> None:
        """Tell somebody about every decision from now on."""
        self._watchers.append(watcher)

    async def run(self) -> None:
        """Work until told that the daemon is stopping, or until a commit fails."""
        while True:
            self._busy_since_s = None if self._inbox.empty() else _loop_s()
            event, asked = await self._next_event()
            self._note_busy()
            decision = await self.take(event)
            if asked is not None and not asked.done():
                asked.set_result(decision)
            if isinstance(event, Stopping):
                return

    async def take(self, event: Event) -> Decision:
        """Decide one event, make the decision durable, start its intents, tell the watchers."""
        now = self._clock.now()
        decision = decide(self.automat, event, now)
        head = self.head
        if decision.automat.epoch != self.automat.epoch:
            head = ChainHead(decision.automat.epoch, 0, NO_HASH)
        sealed: list[SealedEntry] = []
        for entry in decision.entries:
            sealed.append(
                seal(entry, head, now, automat_id=self.automat.identity.automat_id, sign=self._sign)
            )
            head = sealed[-1].head
        if decision.durable:
            await self._run_blocking(lambda: self._ledger.commit(decision.changes, sealed))
        self.automat, self.head = decision.automat, head
        for intent in decision.intents:
            self._start(intent)
        if any(isinstance(intent, Unlock | TryLock) for intent in decision.intents):
            # The frame goes out in the next turns of the loop; whoever only watches comes after it.
            for _ in range(TURNS_TO_THE_WIRE):
                await asyncio.sleep(0)
        for watcher in self._watchers:
            watcher(decision, sealed)
        if any(isinstance(intent, CountEpoch) for intent in decision.intents):
            await self.begin_epoch()
        return decision

    async def begin_epoch(self, *, restored: bool = False) -> None:
        """Have a new epoch counted, and go on in it before anything else is decided.

        `restored`: a later one than the database's was counted already.
        """
        counted: list[int | None] = []
        await self._run_blocking(lambda: counted.append(self._count_epoch()))
        if counted[0] is not None:
            await self.take(EpochCounted(counted[0], self.head.hash, restored))

    async def _next_event(self) -> Posted:
        while True:
            if self._inbox.empty() and self.automat.started:
                now = self._clock.now()
                if self.automat.wants_waking(now):
                    return Woke(), None
                due_s = self.automat.seconds_until_due(now)
                wait_s = self._clock.recheck_s
                if due_s is not None:
                    wait_s = min(max(due_s, LEAST_WAIT_S), wait_s)
            else:
                wait_s = self._clock.recheck_s
            try:
                async with asyncio.timeout(wait_s):
                    return await self._inbox.get()
            except TimeoutError:
                continue

    def _note_busy(self) -> None:
        if self._busy_since_s is None:
            self._busy_since_s = _loop_s()

    def _start(self, intent: Intent) -> None:
        match intent:
            case Unlock():
                self._hardware.unlock(intent.compartment, intent.number)
            case TryLock():
                self._hardware.try_lock(intent.compartment, intent.number)
            case StopTrying():
                self._hardware.stop_trying()
            case Show():
                self._hardware.show(intent.keypad, intent.message)
            case Sound():
                self._hardware.sound(intent.keypad, intent.tone)
            case Tick():
                self._hardware.tick(intent.keypad, on=intent.on)
            case LampTest():
                self._hardware.lamp_test(intent.keypad, display=intent.display, sounder=intent.sounder)
            case CountEpoch():
                pass  # no hardware's matter: `take` sees to it


def _loop_s() -> float:
    return asyncio.get_running_loop().time()
