"""Somebody who sees everything and believes nobody: the promises, judged from the world and the journal.

What the daemon is is not known here, but for its entries and the intents that it commits: coils, doors and
hands are seen in the simulated world, what was said by the journal, what arrived by the ledger.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from locker.domain.automat import Automat, Decision
from locker.domain.journal import SealedEntry
from locker.domain.openings import Stage
from simulator.events import CoilPulsed, DoorMoved, SimulatorEvent
from simulator.stories.audit import CUSTODY, OUT

HELSINKI = ZoneInfo("Europe/Helsinki")
CLOCK_DOUBT = timedelta(hours=1)
"""A trusted clock may be wrong by less than this without being doubted, and then things end so much early."""
TOKENS, TOKEN_REFILL_S = 10, 600.0
SPLIT_TOKEN = 0.01
PULSES_MOST = 3
SEEN = frozenset({"compartment.inspected", "parcel.stored", "parcel.removed", "parcel.missing"})
"""After one of these a person has said what lies in a compartment."""
FOREIGN_S = 2.0
"""What a stranger put on the wire was obeyed within this, or never."""


class PromiseBrokenError(AssertionError):
    """An invariant does not hold; the text says which, and where it was seen."""


@dataclass
class Door:
    """What was seen of one compartment."""

    intended: int = 0
    pulsed: int = 0
    first_intent_s: float = 0.0
    foreign: int = 0
    """Orders to open it that somebody put on the wire who is not the daemon, and that may yet be obeyed."""
    foreign_s: float = 0.0
    opened_s: list[float] = field(default_factory=list)
    told_s: float = -1.0
    """When the journal last told that it opened."""
    is_open: bool = False
    stood_open: bool = False
    """When it was to be pulsed: what opens then cannot be seen to open."""
    told: list[str] = field(default_factory=list)
    """What the journal says of it since its first pulse was intended: door.opened, door.closed."""


class Witness:
    """Judges every decision and every movement; PromiseBrokenError at the first that must not be."""

    def __init__(
        self,
        labels: Sequence[str],
        *,
        now_s: Callable[[], float],
        true_at: Callable[[], datetime],
        on_break: Callable[[], None],
        storage_days: int = 7,
    ) -> None:
        self._now_s, self._true_at, self._on_break = now_s, true_at, on_break
        self._storage_days = storage_days
        self._doors = {label: Door() for label in labels}
        self._on_s = 0.0
        self._powered_before_s = 0.0
        self._tokens: dict[str, tuple[float, float]] = {}
        self.entries: dict[tuple[int, int], SealedEntry] = {}
        self.where: dict[str, str | None] = {}
        """Where each parcel is by the journal; None: it left."""
        self.ended: set[str] = set()
        """Parcels whose code opens nothing any more: overdue, withdrawn, not found where they should be."""
        self._stored_at: dict[str, datetime] = {}
        self._handed_over: set[str] = set()
        self.blind: set[str] = set()
        """Compartments of which a sensor lies, so that the journal cannot know better."""
        self.was_blind: set[str] = set()
        """Those of which one lied, and nobody has looked into them since."""
        self.bouncing: set[str] = set()
        """Compartments whose contact may have been read open when it was shut."""
        self._applied: list[str] = []  # the commands that the automat has taken, in order
        self._unannounced: dict[str, int] = {}  # how many of them, when a parcel was stored without a code
        self.problem: PromiseBrokenError | None = None
        self.counts: dict[str, int] = {}

    # -- what is told

    def power_on(self) -> None:
        """The automat has power again: what was intended before must not be done now."""
        self._on_s = self._now_s()
        self.begins_anew()

    def applied_for(self, tracking_id: str) -> Sequence[str]:
        """Give the commands that count for a parcel: those since it was stored and nobody had announced it.

        An announcement is forgotten after the retention time, and whoever brings the parcel then says so.
        """
        return self._applied[self._unannounced.get(tracking_id, 0) :]

    def begins_anew(self) -> None:
        """The daemon starts: what the one before it intended must not be done now."""
        for door in self._doors.values():
            door.intended = door.pulsed

    def came_to_light(self, sealed: Iterable[SealedEntry]) -> None:
        """Take in what was committed of which nobody was told: the daemon ended in that moment."""
        for entry in sealed:
            self._take(entry, entry.subject, json.loads(entry.payload)["data"] or {})

    def power_off(self) -> None:
        """It has none any more; a board may still obey what is on the wire."""
        self._powered_before_s += self._now_s() - self._on_s

    def sees_again(self, label: str) -> None:
        """A sensor lies no more; what the journal believes since then rests on what it said."""
        self.blind.discard(label)
        self.was_blind.add(label)

    def ordered_by_a_stranger(self, label: str) -> None:
        """Somebody who is not the daemon told a board to open a door."""
        door = self._doors[label]
        door.foreign, door.foreign_s = door.foreign + 1, self._now_s()

    def told_since(self, label: str, since_s: float) -> bool:
        """Whether the journal has told since then that a door opened."""
        return self._doors[label].told_s >= since_s

    def saw(self, event: SimulatorEvent) -> None:
        """Take in what happened in the world."""
        match event:
            case CoilPulsed(label):
                self._count("pulses")
                door = self._doors[label]
                if door.foreign and self._now_s() - door.foreign_s <= FOREIGN_S:
                    door.foreign -= 1  # it obeyed somebody else on its line
                    return
                door.pulsed += 1
                if door.pulsed > door.intended:
                    self._break(
                        f"the coil of {label} was pulsed {door.pulsed} times, intended {door.intended}"
                    )
            case DoorMoved(label, "ajar" | "open"):
                door = self._doors[label]
                if not door.is_open:
                    door.is_open = True
                    door.opened_s.append(self._now_s())
            case DoorMoved(label, "shut"):
                self._doors[label].is_open = False

    def decided(self, decision: Decision, sealed: Sequence[SealedEntry]) -> None:
        """Take in what was decided and committed."""
        for entry, made in zip(sealed, decision.entries, strict=True):
            self._take(entry, made.subject, made.data)
        waiting = [
            opening.keypad
            for opening in decision.automat.openings.values()
            if opening.stage is Stage.WAITING and opening.keypad
        ]
        if len(waiting) != len(set(waiting)):
            self._break(f"two doors are opening at one keypad: {waiting}")
        boxes = [parcel.compartment for parcel in decision.automat.parcels.values() if parcel.inside]
        if len(boxes) != len(set(boxes)):
            self._break("two live parcels are in one compartment")

    def started_again(self, state: Automat) -> None:
        """Compare what came back after a restart with what the journal says."""
        last = max(self.entries, default=(0, 0))
        if (state.epoch, state.journal_end) < last:
            self._break(f"entry {last[0]}-{last[1]} was committed and is gone after a restart")
        inside = {
            parcel.tracking_id: parcel.compartment for parcel in state.parcels.values() if parcel.inside
        }
        told = {tracking_id: label for tracking_id, label in self.where.items() if label is not None}
        if inside != told:
            self._break(f"after a restart parcels are in {inside}, by the journal in {told}")

    def late(self) -> list[str]:
        """Name the parcels that lie there although their last day was over long ago by any clock."""
        return [
            subject
            for subject, stored_at in self._stored_at.items()
            if self.where.get(subject) is not None
            and subject not in self.ended
            and self._true_at() > self._ends_at(stored_at) + CLOCK_DOUBT
        ]

    # -- the promises

    def _take(self, entry: SealedEntry, subject: str | None, data: Mapping[str, Any]) -> None:
        self._count(entry.kind)
        if (entry.epoch, entry.sequence) in self.entries:
            self._break(f"entry {entry.epoch}-{entry.sequence} was written twice")
        self.entries[entry.epoch, entry.sequence] = entry
        self._judge(entry.kind, subject, data)

    def _judge(self, kind: str, subject: str | None, data: Mapping[str, Any]) -> None:
        label = str(data.get("compartment"))
        match kind:
            case "lock.pulse-intended":
                self._intended(label, data)
            case "door.opened" | "door.closed":
                self._doors[label].told.append(str(kind))
                if kind == "door.opened":
                    self._doors[label].told_s = self._now_s()
            case "command.applied":
                self._applied.append(str(data["id"]))
            case "code.missed" | "code.refused":
                self._guess(str(data.get("keypad")))
        if subject is not None:
            self._of_parcel(kind, subject, label, data)
        if kind in SEEN:
            self.was_blind.discard(label)

    def _of_parcel(self, kind: str, subject: str, label: str, data: Mapping[str, Any]) -> None:
        if kind in CUSTODY:
            self._custody(kind, subject, label)
        if kind == "parcel.handed-over":
            self._receipt(subject, label, str(data["grade"]))
        withdrawn = kind == "command.applied" and data.get("command") == "parcel.withdraw"
        if withdrawn or kind in ("parcel.overdue", "parcel.missing"):
            self.ended.add(subject)
        if kind == "parcel.overdue":
            self._overdue(subject)
        if kind == "parcel.stored" and data.get("unannounced"):
            self._unannounced[subject] = len(self._applied)

    def _intended(self, label: str, data: Mapping[str, Any]) -> None:
        door = self._doors[label]
        tried = data.get("purpose") == "commission"  # whose trials count on
        if data["number"] > PULSES_MOST and not tried:
            self._break(f"pulse {data['number']} of {label} was intended, {PULSES_MOST} are the most")
        if data["number"] == 1 or tried:
            door.first_intent_s = self._now_s()
            door.opened_s = [self._now_s()] if door.is_open else []
            door.stood_open, door.told = door.is_open, []
            door.intended = door.pulsed  # what was never sent of an opening before must not come now
        door.intended += 1

    def _custody(self, kind: str, subject: str, label: str) -> None:
        door = self._doors.get(label)
        if door is not None and label not in self.blind and not door.opened_s:
            self._break(f"{kind} of {subject}: door {label} was not open since its pulse was intended")
        if kind == "parcel.handed-over":
            if subject in self._handed_over:
                self._break(f"parcel {subject} was handed over twice")
            self._handed_over.add(subject)
        if kind in OUT:
            if self.where.get(subject) is None:
                self._break(f"parcel {subject} leaves ({kind}) and was not there")
            self.where[subject] = None
        else:
            if self.where.get(subject) is not None:
                self._break(f"parcel {subject} comes ({kind}) and is in {self.where[subject]} already")
            taken = [other for other, at in self.where.items() if at == label and other != subject]
            if taken:
                self._break(f"parcel {subject} is stored in {label}, where {taken[0]} is")
            self.where[subject] = label
        if kind == "parcel.stored":
            self._stored_at[subject] = self._true_at()

    def _receipt(self, subject: str, label: str, grade: str) -> None:
        """Judge whether a receipt claims no more, and no less, than the journal has seen."""
        door = self._doors.get(label)
        if door is None or label in self.blind:
            return
        opened = "door.opened" in door.told
        shut = opened and "door.closed" in door.told[door.told.index("door.opened") :]
        if grade == "B":
            held = door.stood_open or label in self.bouncing | self.was_blind
        else:
            held = opened and (shut or grade == "C")
        if not held:
            self._break(f"grade {grade} for {subject}, and of door {label} the journal says {door.told}")

    def _overdue(self, subject: str) -> None:
        stored_at = self._stored_at.get(subject)
        if stored_at is None:
            return
        ends_at = self._ends_at(stored_at)
        if self._true_at() < ends_at - CLOCK_DOUBT:
            self._break(f"parcel {subject} expired at {self._true_at()}, its last day ends at {ends_at}")

    def _ends_at(self, stored_at: datetime) -> datetime:
        last_day = stored_at.astimezone(HELSINKI).date() + timedelta(days=self._storage_days)
        return datetime.combine(last_day + timedelta(days=1), datetime.min.time(), HELSINKI)

    def _guess(self, keypad: str) -> None:
        """Take a token from a bucket of our own, filled by the time in which there was power."""
        powered_s = self._powered_before_s + self._now_s() - self._on_s
        left, at_s = self._tokens.get(keypad, (float(TOKENS), 0.0))
        left = min(TOKENS, left + (powered_s - at_s) / TOKEN_REFILL_S) - 1
        if left < -SPLIT_TOKEN:
            self._break(f"a wrong code was evaluated at keypad {keypad}, whose bucket was empty: {left:.2f}")
        self._tokens[keypad] = (left, powered_s)

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def blame(self, what: str) -> None:
        """Take in that something else is wrong."""
        self._break(what)

    def _break(self, what: str) -> None:
        # Whoever told us of it is the daemon or the hardware, who must not get an error: the week ends.
        if self.problem is None:
            self.problem = PromiseBrokenError(what)
            self._on_break()
