"""One safeguard less each: what the kill loop must catch. Applied in a daemon's own process."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from immutables import Map

from locker import engine
from locker.db.session import Database
from locker.domain import decide as decisions
from locker.domain.attempts import Attempts
from locker.domain.automat import Automat, Decision
from locker.domain.events import Event, Started
from locker.domain.flows import doors, watch
from locker.domain.intents import Intent, Unlock
from locker.domain.journal import SealedEntry
from locker.domain.openings import Stage
from locker.domain.times import Now

PROMISES = frozenset({"parcel.stored", "parcel.handed-over", "parcel.dropped-off"})


@dataclass(frozen=True)
class Saboteur:
    """What is missing then, and how it is taken away."""

    about: str
    apply: Callable[[], None]
    story: str
    step: str
    """Where a kill shows it."""


def _pulse_first() -> None:
    """Let the pulse go to the wire, and commit its intent then."""
    take, start = engine.Engine.take, engine.Engine._start
    sent: list[Unlock] = []

    async def taking(self: engine.Engine, event: Event) -> Decision:
        sent.clear()
        for intent in decisions.decide(self.automat, event, self._clock.now()).intents:
            if isinstance(intent, Unlock):
                start(self, intent)
                sent.append(intent)
                await asyncio.sleep(0.02)
        return await take(self, event)

    def starting(self: engine.Engine, intent: Intent) -> None:
        if intent not in sent:
            start(self, intent)

    engine.Engine.take = taking  # type: ignore[method-assign]  # that is the sabotage
    engine.Engine._start = starting  # type: ignore[method-assign]  # as above


def _receipt_later() -> None:
    """Write receipts with the next decision, as if a commit could be saved."""
    commit, late = Database.commit, list[tuple[Any, Sequence[SealedEntry]]]()

    def committing(self: Database, changes: Any, entries: Sequence[SealedEntry], seen: Any = None) -> None:
        if any(entry.kind in PROMISES for entry in entries) and not late:
            late.append((changes, entries))
            return
        before = [late.pop()] if late else []
        for earlier_changes, earlier in before:
            commit(self, earlier_changes, earlier)
        commit(self, changes, entries, seen)

    Database.commit = committing  # type: ignore[method-assign]  # that is the sabotage


def _bucket_in_memory() -> None:
    """Keep the attempts of a keypad in memory only."""
    commit = Database.commit

    def committing(self: Database, changes: Any, entries: Sequence[SealedEntry], seen: Any = None) -> None:
        kept = [change for change in changes if not isinstance(change, Attempts)]
        commit(self, kept, entries, seen)

    Database.commit = committing  # type: ignore[method-assign]  # that is the sabotage


def _fire_again() -> None:
    """Pulse again at the start whatever was waiting for its door."""
    decide = decisions.decide

    def deciding(automat: Automat, event: Event, now: Now) -> Decision:
        decision = decide(automat, event, now)
        if not isinstance(event, Started):
            return decision
        waiting = [one for one in automat.openings.values() if one.stage is Stage.WAITING]
        again = tuple(Unlock(one.compartment, one.pulses) for one in waiting)
        return replace(decision, intents=(*decision.intents, *again))

    engine.decide = deciding  # type: ignore[attr-defined]  # that is the sabotage


def _believe_the_pulse() -> None:
    """Take a pulse that was cut short for an opened and shut door."""
    recover = doors.recover

    def recovering(draft: Any, opening: Any) -> Any:
        if opening.stage is Stage.WAITING and opening.stray is None:
            opening = replace(opening, stage=Stage.OPEN, opened_at=opening.started_at)
            draft.put_opening(opening)
        return recover(draft, opening)

    watch.recover = recovering  # type: ignore[attr-defined]  # that is the sabotage


def _two_transactions() -> None:
    """Commit the entries of a decision first, and then what it changed."""
    take = engine.Engine.take

    async def taking(self: engine.Engine, event: Event) -> Decision:
        self._ledger = _InTwo(self._ledger)
        try:
            return await take(self, event)
        finally:
            self._ledger = self._ledger.behind

    engine.Engine.take = taking  # type: ignore[method-assign]  # that is the sabotage


@dataclass
class _InTwo:
    behind: Any

    def commit(self, changes: Any, entries: Sequence[SealedEntry]) -> None:
        """Write two transactions where one is due."""
        if entries and changes:
            self.behind.commit([], entries)
            self.behind.commit(changes, [])
        else:
            self.behind.commit(changes, entries)


def _forget_codes() -> None:
    """Know no pickup code any more after a start."""
    decide = decisions.decide

    def deciding(automat: Automat, event: Event, now: Now) -> Decision:
        decision = decide(automat, event, now)
        if not isinstance(event, Started):
            return decision
        return replace(decision, automat=replace(decision.automat, parcels_of_tag=Map()))

    engine.decide = deciding  # type: ignore[attr-defined]  # that is the sabotage


SABOTEURS: Mapping[str, Saboteur] = {
    "pulse-first": Saboteur(
        "the intent of a pulse is committed after the pulse",
        _pulse_first,
        "pickup",
        "lock.pulse-intended: before its commit",
    ),
    "fire-again": Saboteur(
        "a pulse that was under way is sent again at the start",
        _fire_again,
        "pickup",
        "lock.pulse-intended: committed, before anything starts",
    ),
    "receipt-later": Saboteur(
        "the commit of a receipt waits for the next decision",
        _receipt_later,
        "pickup",
        "parcel.handed-over: 50 ms later",
    ),
    "bucket-in-memory": Saboteur(
        "a keypad's attempts are not durable",
        _bucket_in_memory,
        "lockout",
        "security.keypad-locked: 50 ms later",
    ),
    "believe-the-pulse": Saboteur(
        "a pulse counts as a door that was opened",
        _believe_the_pulse,
        "pickup",
        "code.accepted: committed, before anything starts",
    ),
    "codes-forgotten": Saboteur(
        "a code opens only as long as the process lives that was told of it",
        _forget_codes,
        "pickup",
        "parcel.stored: 50 ms later",
    ),
    "two-transactions": Saboteur(
        "entries and state are committed one after the other",
        _two_transactions,
        "pickup",
        "parcel.stored: committed, before anything starts",
    ),
}
