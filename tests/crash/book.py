"""What the journal claims, read entry by entry outside the daemon, and held against what the world saw."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.backoffice.entries import Entry
from simulator.events import DoorState

TOLERANCE_S = 0.1
"""Instants in the journal are cut to milliseconds; the world hears of bytes a moment later."""
CUT_S = 0.001
"""How much too early an instant in the journal may be, which is cut."""
PULSE_WITHIN_S = 10.0
"""A frame leaves at once, or within the time-outs of the boards that are asked before."""
KNOWN_SHUT_S = 1.5
"""A door that was shut is believed to be so within this: two readings of a board that has others to read."""
SHOWN_WITHIN_S = 10.0
"""A display shows what was decided at once, on a busy machine a little later."""
TOKENS, REFILL_S = 10, 600.0
"""The bucket of one keypad: domain.md 2 and the defaults of the configuration."""

INTO = frozenset({"parcel.stored", "parcel.dropped-off"})
OUT_OF = frozenset({"parcel.handed-over", "parcel.removed", "parcel.missing"})
BACK = "parcel.found"
INSIDE = frozenset({"stored", "overdue", "withdrawn", "dropped-off", "registered"})
"""States of a parcel that lies in a compartment."""
CUSTODY = INTO | OUT_OF | {BACK}
SETTLES = CUSTODY | {"compartment.inspected", "opened.by-person"}
TELLS = SETTLES | {"door.opened", "incident.raised"}
"""After these a door that opened before is known to have done so, or to matter no more."""
SPENDS = frozenset({"code.missed", "code.refused"})
PREFIX = "automat."


@dataclass(frozen=True)
class Pulsed:
    """The coil of a lock was energised; `quiet`: while nobody did anything, after a start.

    `moved_s`: by how much the clock that is steered was moved forward shortly before.
    """

    label: str
    at_s: float
    quiet: bool
    moved_s: float = 0.0


@dataclass
class Doors:
    """When the contact of each door opened and closed, in the world.

    It closes some 20 ms before the latch catches. The automat knows no latch, and on a busy machine it may
    have read the contact twice, and recorded that, before we hear that the latch has caught.
    """

    opened: dict[str, list[float]] = field(default_factory=dict)
    shut: dict[str, list[float]] = field(default_factory=dict)
    open_now: set[str] = field(default_factory=set)

    def note(self, label: str, at_s: float, state: DoorState) -> None:
        """A door moved; only where its contact did is that worth a line."""
        is_open = state in ("ajar", "open")
        if is_open is not (label in self.open_now):
            (self.open_now.add if is_open else self.open_now.discard)(label)
            (self.opened if is_open else self.shut).setdefault(label, []).append(at_s)

    def stood_open(self, label: str, at_s: float) -> bool:
        """Tell whether a door was open at an instant, or was shut so shortly before that none can know."""
        opened = [each for each in self.opened.get(label, []) if each <= at_s]
        shut = [each for each in self.shut.get(label, []) if each <= at_s - KNOWN_SHUT_S]
        return bool(opened) and max(opened) > max(shut, default=0.0)

    def between(self, label: str, from_s: float, to_s: float) -> tuple[bool, bool]:
        """Tell whether a door was opened between two instants, and shut after that."""
        opened = [at_s for at_s in self.opened.get(label, []) if from_s <= at_s <= to_s]
        shut = [at_s for at_s in self.shut.get(label, []) if opened and opened[0] < at_s <= to_s]
        return bool(opened), bool(shut)


@dataclass(frozen=True)
class UnderWay:
    """An opening that has not ended yet; `opened`: its door was seen open."""

    purpose: str
    opened: bool = False


@dataclass(frozen=True)
class Shown:
    """What a display has said is done: one of these entries is in the journal, made a moment before."""

    kinds: tuple[str, ...]
    label: str | None
    at_s: float
    text: str
    moved_s: float = 0.0


@dataclass
class _Intent:
    label: str
    at_s: float
    purpose: str
    sequence: int
    used: bool = False


class Book:
    """Reads the journal in order; every method that finds something wrong tells it to `find`."""

    def __init__(self, find: Callable[[str], None]) -> None:
        self._find = find
        self.read = 0
        self.counts: Counter[str] = Counter()
        self.custody: dict[str, str | None] = {}  # parcel -> compartment; None: it has left
        self.under_way: dict[str, UnderWay] = {}  # by compartment
        self.doubtful: set[str] = set()
        self.overlooked: set[str] = set()
        """Compartments of which a person has said that they are empty, and may have been wrong."""
        self._unwatched: dict[str, float] = {}
        """When the doors opened through which somebody came while nobody watched, by compartment."""
        self._intents: list[_Intent] = []
        self._session_s: dict[str, float] = {}
        self._outcomes: Counter[str] = Counter()
        self._receipts: Counter[str] = Counter()
        self._done: list[tuple[str, str, float]] = []
        self._misses: list[float] = []
        self._spent: dict[str, list[float]] = {}  # by keypad, in powered time
        self._powered_s = 0.0
        self._at_s = 0.0

    def note(self, entry: Entry, body: dict[str, Any], doors: Doors) -> None:
        """Read the next entry; `body` is all of its attributes."""
        kind, at_s = entry.type.removeprefix(PREFIX), datetime.fromisoformat(entry.time).timestamp()
        if entry.sequence != self.read + 1:
            self._find(f"entry {entry.sequence} follows entry {self.read}")
        self.read = entry.sequence
        self.counts[kind] += 1
        powered_s = float(body["poweredtime"])
        if powered_s < self._powered_s - 0.001:
            self._find(f"entry {entry.sequence}: powered time went back by {self._powered_s - powered_s} s")
        self._powered_s, self._at_s = max(self._powered_s, powered_s), at_s
        if kind in SPENDS:
            self._spent.setdefault(str(entry.data["keypad"]), []).append(powered_s)
        label = str(entry.data.get("compartment", entry.data.get("about", "")))
        self._done.append((kind, label, at_s))
        if kind == "lock.pulse-intended":
            self._note_intent(entry, label, at_s)
        elif kind == "door.opened":
            self.under_way[label] = UnderWay(str(entry.data.get("purpose")), opened=True)
        elif kind == "door.closed":
            self.under_way.pop(label, None)
        elif kind == "started":
            self._note_start()
        elif kind == "code.missed":
            self._note_miss(entry, powered_s)
        elif kind in ("command.applied", "command.refused"):
            self._note_outcome(entry, kind)
        if kind in CUSTODY:
            self._note_custody(entry, kind, label, at_s, doors)
        if kind in SETTLES and label:
            self._note_settled(kind, label)

    def note_unwatched(self, label: str, doors: Doors) -> None:
        """Somebody comes through a door while no daemon runs; one that has not recorded it never will."""
        self._unwatched[label] = max(doors.opened.get(label, [0.0]))

    def turn_over(self) -> None:
        """Begin another epoch: its numbers begin anew, what lies where does not."""
        self.read = 0

    def skip(self, sequence: int) -> None:
        """Go on behind an entry that the back office refuses."""
        self.read = sequence

    def match(self, pulses: Iterable[Pulsed]) -> None:
        """Find an intent of its own for each pulse, recorded before it."""
        for pulse in pulses:
            intent = next(
                (
                    intent
                    for intent in reversed(self._intents)
                    if intent.label == pulse.label
                    and not intent.used
                    and 0 <= pulse.at_s - intent.at_s + TOLERANCE_S <= PULSE_WITHIN_S + pulse.moved_s
                ),
                None,
            )
            if intent is None:
                self._find(
                    f"lock {pulse.label} was pulsed, and no entry in the journal says that it was to be"
                )
                continue
            intent.used = True
            if pulse.quiet and intent.purpose != "remote":
                self._find(
                    f"lock {pulse.label} was pulsed by itself after a start (entry {intent.sequence}, "
                    f"purpose {intent.purpose})"
                )

    def keep_word(self, shown: Iterable[Shown]) -> None:
        """Find an entry for everything that a display has said is done."""
        for word in shown:
            if not any(
                kind in word.kinds
                and word.label in (None, label)
                and word.at_s - word.moved_s - SHOWN_WITHIN_S <= at_s <= word.at_s + TOLERANCE_S
                for kind, label, at_s in self._done
            ):
                self._find(
                    f"the display said {word.text!r}, and the journal has no {' or '.join(word.kinds)}"
                )

    def compare(
        self, contents: dict[str, tuple[str, ...]], boxes: Iterable[dict[str, Any]], open_doors: set[str]
    ) -> None:
        """Hold what lies in each compartment against what the journal and the automat say of it now."""
        boxes = list(boxes)
        unsure = {box["label"] for box in boxes if box["condition"] == "suspect"}
        unsure |= self.doubtful | self.overlooked | open_doors | set(self.under_way)
        unsure |= {box["label"] for box in boxes if box["opening"] is not None}
        unsure |= {label for label, opened_s in self._unwatched.items() if not self._told(label, opened_s)}
        for box in boxes:
            if box["free"] and contents.get(box["label"]) and box["label"] not in self.overlooked:
                self._find(
                    f"compartment {box['label']} is offered as free, and {contents[box['label']]} lies in it"
                )
        for label, parcels in contents.items():
            for parcel in parcels:
                if self.custody.get(parcel) != label and label not in unsure:
                    told = self.custody.get(parcel, "nothing")
                    self._find(f"parcel {parcel} lies in {label}, and the journal says: {told}")
        for parcel, place in self.custody.items():
            if place is not None and place not in unsure and parcel not in contents.get(place, ()):
                self._find(f"the journal says that parcel {parcel} lies in {place}, and it does not")

    def _told(self, label: str, since_s: float) -> bool:
        """Tell whether the journal has said anything of a door, or of what lies behind it, since then."""
        return any(
            kind in TELLS and about == label and at_s >= since_s - CUT_S for kind, about, at_s in self._done
        )

    def handed_over(self, parcel: str) -> bool:
        """Tell whether a parcel was handed over to its recipient."""
        return self._receipts[parcel] > 0

    def compare_automat(self, parcels: Iterable[dict[str, Any]]) -> None:
        """Hold what the automat knows of each parcel against what the journal says of it."""
        known = {one["tracking_id"]: one for one in parcels}
        for parcel, place in self.custody.items():
            view = known.get(parcel)
            here = view["compartment"] if view is not None and view["state"] in INSIDE else None
            if here != place:
                state = "nothing" if view is None else view["state"]
                self._find(
                    f"the journal says that {parcel} lies in {place}, and the automat says: {state}, {here}"
                )
        for parcel, view in known.items():
            if view["state"] in INSIDE and parcel not in self.custody:
                self._find(f"the automat says that {parcel} is {view['state']}, the journal nothing")

    def near_misses(self) -> int:
        """Count the wrong codes that were evaluated in the last ten minutes of powered time."""
        return sum(self._powered_s - at_s < REFILL_S for at_s in self._misses)

    def tokens(self, keypad: str, at_s: float) -> float:
        """Tell what a keypad's bucket holds at an instant after the last entry; it evaluates from 1 on."""
        level, last_s = float(TOKENS), 0.0
        for spent_s in self._spent.get(keypad, []):
            level, last_s = min(TOKENS, level + (spent_s - last_s) / REFILL_S) - 1, spent_s
        now_s = self._powered_s + max(0.0, at_s - self._at_s)
        return min(TOKENS, level + (now_s - last_s) / REFILL_S)

    def _note_intent(self, entry: Entry, label: str, at_s: float) -> None:
        if entry.data["number"] == 1:
            self._session_s[label] = at_s
        self._intents.append(_Intent(label, at_s, str(entry.data["purpose"]), entry.sequence))
        if entry.data["purpose"] != "commission":
            self.under_way.setdefault(label, UnderWay(str(entry.data["purpose"])))

    def _note_start(self) -> None:
        """What was pulsed and not seen open may have been open meanwhile: nobody can know."""
        for label, opening in list(self.under_way.items()):
            if not opening.opened:
                self.doubtful.add(label)
                del self.under_way[label]

    def _note_settled(self, kind: str, label: str) -> None:
        self.doubtful.discard(label)
        self.overlooked.discard(label)
        if kind == "parcel.missing":
            self.overlooked.add(label)

    def _note_miss(self, entry: Entry, powered_s: float) -> None:
        self._misses.append(powered_s)
        newest = len(self._misses)
        for index, at_s in enumerate(self._misses):
            evaluated = newest - index
            if evaluated > TOKENS + int((powered_s - at_s + 0.01) // REFILL_S):
                self._find(
                    f"entry {entry.sequence}: {evaluated} wrong codes were evaluated within "
                    f"{powered_s - at_s:.1f} s of powered time"
                )
                return

    def _note_outcome(self, entry: Entry, kind: str) -> None:
        command = str(entry.data.get("id"))
        if kind == "command.applied":
            self._outcomes[command] += 1
            if self._outcomes[command] > 1:
                self._find(f"entry {entry.sequence}: command {command} was applied twice")

    def _note_custody(self, entry: Entry, kind: str, label: str, at_s: float, doors: Doors) -> None:
        parcel, before = str(entry.subject), self.custody.get(str(entry.subject))
        inside = kind in INTO or kind == BACK
        if inside and before is not None:
            self._find(f"entry {entry.sequence}: {parcel} comes in ({kind}) and lies in {before} already")
        if not inside and before is None:
            self._find(f"entry {entry.sequence}: {parcel} leaves ({kind}) and was not there")
        self.custody[parcel] = label if inside else None
        if kind == "parcel.handed-over":
            self._receipts[parcel] += 1
            if self._receipts[parcel] > 1:
                self._find(f"entry {entry.sequence}: parcel {parcel} has two receipts")
        from_s = self._session_s.get(label)
        opened, shut = (
            (False, False)
            if from_s is None
            else doors.between(label, from_s - TOLERANCE_S, at_s + TOLERANCE_S)
        )
        grade = entry.data.get("grade", "A")
        if grade in "AC" and not opened:
            self._find(
                f"entry {entry.sequence}: {kind} of {parcel}, grade {grade}, and door {label} never opened"
            )
        elif grade == "B" and from_s is not None and not doors.stood_open(label, from_s):
            self._find(f"entry {entry.sequence}: {kind} of {parcel}, grade B, and door {label} can be seen")
        elif grade == "A" and not shut:
            self._find(f"entry {entry.sequence}: {kind} of {parcel}, grade A, and door {label} was not shut")
