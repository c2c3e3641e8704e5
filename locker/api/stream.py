"""The event stream: one numbered history, and a bounded queue for each client.

A client that comes back with the id of its last event gets what it missed; if that is no longer known, or
was another process's, it gets a snapshot instead. A client that does not keep up is dropped, with the reason.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from immutables import Map

from locker.api import views
from locker.api.schema import (
    AuditItem,
    CompartmentItem,
    DroppedItem,
    EntryItem,
    IncidentItem,
    JournalItem,
    KeypadItem,
    LinkItem,
    ParcelForgottenItem,
    ParcelItem,
    SnapshotItem,
)
from locker.domain.automat import Automat, Change, Decision, Facts, Forgotten, Pruned
from locker.domain.compartments import Compartment
from locker.domain.incidents import Incident
from locker.domain.journal import ChainHead, SealedEntry
from locker.domain.keypad import BeingTried, Keypad
from locker.domain.maintenance import Audit, Finding, Look
from locker.domain.openings import Opening
from locker.domain.parcels import Parcel

HISTORY = 1024
"""Events kept for clients that come back."""

QUEUE = 256
"""Events that may wait for one client."""

STREAMS = 16
"""Clients at once."""

KEPT_FOR_TECHNICIANS = 4
"""Of these, places that no viewer gets."""

log = logging.getLogger(__name__)

Happening = (
    EntryItem
    | CompartmentItem
    | ParcelItem
    | ParcelForgottenItem
    | IncidentItem
    | KeypadItem
    | AuditItem
    | JournalItem
    | LinkItem
)
Told = tuple[int, bytes]
"""An event's number, and the event as it goes over the wire."""


class Subscriber:
    """One client's queue; `dropped` says why nothing more will come, after what still lies in the queue."""

    def __init__(self, limit: int) -> None:
        """Begin with an empty queue."""
        self._limit = limit
        self._waiting: deque[Told] = deque()
        self._news = asyncio.Event()
        self.dropped: str | None = None

    def tell(self, told: Told) -> bool:
        """Add an event; if there is no room, drop the client and all that waits for it."""
        if self.dropped is not None:
            return False
        if len(self._waiting) >= self._limit:
            self._waiting.clear()
            self.drop(f"too slow: {self._limit} events were waiting; connect again and read faster")
            return False
        self._waiting.append(told)
        self._news.set()
        return True

    def drop(self, reason: str) -> None:
        """End the stream."""
        if self.dropped is None:
            self.dropped = reason
            self._news.set()

    async def take(self) -> Told | None:
        """Wait for the next event; None when the client is dropped and nothing waits for it."""
        while not self._waiting:
            if self.dropped is not None:
                return None
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class EventStream:
    """Numbers what happens, remembers some of it, and tells every subscriber."""

    def __init__(self, *, history: int = HISTORY, queue: int = QUEUE, streams: int = STREAMS) -> None:
        """Begin with nothing told."""
        # Numbers begin anew with each process: an id of another one must not be taken for ours.
        self.run = secrets.token_hex(4)
        self.number = 0
        self.dropped_total = 0
        self._history: deque[Told] = deque(maxlen=history)
        self._queue = queue
        self._streams = streams
        self._subscribers: set[Subscriber] = set()
        self._ending: str | None = None
        self._acknowledged = -1
        self._keypads: Map[str, Keypad] = Map()
        self._trials: dict[str, BeingTried] = {}
        self._looks: Map[str, Look] = Map()

    @property
    def subscribers(self) -> int:
        """How many clients listen."""
        return len(self._subscribers)

    def full(self, *, kept: int = 0) -> bool:
        """Tell whether no further client can be served where so many places are kept for others."""
        return len(self._subscribers) >= self._streams - kept

    def note(self, decision: Decision, entries: Sequence[SealedEntry], head: ChainHead) -> None:
        """Tell what a decision changed, and what was recorded of it; `head` is the journal's end after it."""
        automat = decision.automat
        for entry in entries:
            self._tell(EntryItem(number=self.number + 1, entry=views.entry_view(entry)))
        for label in self._compartments_touched(decision.changes, automat):
            box = views.compartment_view(automat, automat.compartments[label])
            self._tell(CompartmentItem(number=self.number + 1, compartment=box))
        for change in decision.changes:
            self._note_change(automat, change, head)
        if any(map(_touches_audit, decision.changes)):
            self._tell(views.audit_item(automat, self.number + 1))
        self._note_keypads(automat)
        if any(isinstance(change, Pruned) for change in decision.changes):
            self._history.clear()  # what is forgotten is told to nobody any more

    def note_link(self, *, connected: bool) -> None:
        """Tell that the connection to the back office came or went."""
        self._tell(LinkItem(number=self.number + 1, connected=connected))

    def subscribe(self, last_event_id: str | None) -> tuple[Subscriber, list[Told] | None]:
        """Begin to listen; also give what was missed since an event, None if only a snapshot can tell."""
        subscriber = Subscriber(self._queue)
        self._subscribers.add(subscriber)
        if self._ending is not None:
            subscriber.drop(self._ending)
        return subscriber, self._missed_since(last_event_id)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Listen no more."""
        self._subscribers.discard(subscriber)

    def note_stalled(self, subscriber: Subscriber, stall_s: float) -> None:
        """Note that a client was cut off because it read nothing for so many seconds."""
        log.warning("a client of the event stream was cut off: it read nothing for %s s", stall_s)
        if subscriber.dropped is None:
            self.dropped_total += 1

    def end(self, reason: str) -> None:
        """Drop every client, those to come too."""
        self._ending = reason
        for subscriber in self._subscribers:
            subscriber.drop(reason)

    def event_id(self, number: int) -> str:
        """Write the id under which a client can come back."""
        return f"{self.run}-{number}"

    def write(self, item: Happening | SnapshotItem) -> bytes:
        """Write one item as the stream carries it (WHATWG HTML, section 9.2.6)."""
        data = item.model_dump_json()
        return f"id: {self.event_id(item.number)}\nevent: {item.kind}\ndata: {data}\n\n".encode()

    def write_dropped(self, reason: str) -> bytes:
        """Write the last item of a stream; it has no id, so that a client comes back to where it was."""
        data = DroppedItem(number=self.number, reason=reason).model_dump_json()
        return f"event: dropped\ndata: {data}\n\n".encode()

    def _compartments_touched(self, changes: Iterable[Change], automat: Automat) -> list[str]:
        labels = dict[str, None]()
        for change in changes:
            match change:
                case Compartment():
                    labels[change.label] = None
                case Opening():
                    labels[change.compartment] = None
                case Forgotten() if change.what is Opening:
                    labels[change.key] = None
        looks, self._looks = self._looks, automat.looks
        if looks is not automat.looks:  # whether a word is awaited is no durable change
            labels |= dict.fromkeys(sorted(set(looks) ^ set(automat.looks)))
        return [label for label in labels if label in automat.compartments]

    def _note_change(self, automat: Automat, change: Change, head: ChainHead) -> None:
        number = self.number + 1
        match change:
            case Parcel():
                self._tell(ParcelItem(number=number, parcel=views.parcel_view(change, automat.rules)))
            case Forgotten() if change.what is Parcel:
                self._tell(ParcelForgottenItem(number=number, tracking_id=change.key))
            case Incident():
                self._tell(IncidentItem(number=number, incident=views.incident_view(automat, change)))
            case Facts() if change.acknowledged_through != self._acknowledged:
                self._acknowledged = change.acknowledged_through
                self._tell(JournalItem(number=number, journal=views.journal_position(automat, head)))

    def _note_keypads(self, automat: Automat) -> None:
        """Tell of trials: they are volatile, so no change names them."""
        if automat.keypads is self._keypads:
            return
        before, self._keypads = self._trials, automat.keypads
        self._trials = {
            name: keypad.flow
            for name, keypad in automat.keypads.items()
            if isinstance(keypad.flow, BeingTried)
        }
        for name in sorted(before.keys() | self._trials.keys()):
            if before.get(name) is not self._trials.get(name) and name in automat.keypads:
                view = views.keypad_view(automat, automat.keypads[name])
                self._tell(KeypadItem(number=self.number + 1, keypad=view))

    def _tell(self, item: Happening) -> None:
        self.number = item.number
        told = (item.number, self.write(item))
        self._history.append(told)
        for subscriber in self._subscribers:
            if subscriber.dropped is None and not subscriber.tell(told):
                self.dropped_total += 1
                log.warning("a client of the event stream was dropped: %s", subscriber.dropped)

    def _missed_since(self, last_event_id: str | None) -> list[Told] | None:
        run, _, digits = (last_event_id or "").partition("-")
        if run != self.run or not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            return None
        number = int(digits)
        missed = self.number - number
        if not 0 <= missed <= len(self._history):
            return None
        return list(islice(self._history, len(self._history) - missed, None))


def _touches_audit(change: Change) -> bool:
    what = change.what if isinstance(change, Forgotten) else type(change)
    return what in (Audit, Finding)
