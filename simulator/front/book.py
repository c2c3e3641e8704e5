"""What is known of every parcel, told by the journal and by those who speak of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.front.arrivals import kind_of
from simulator.front.showing import EntryShown, PersonShown
from simulator.world import DoorView

State = Literal[
    "to bring", "to send", "in box", "overdue", "withdrawn", "collected", "dropped off", "registered",
    "removed", "missing", "refused", "cancelled",
]  # fmt: skip
TYPED_DIGITS = 8
TO_COLLECT: tuple[State, ...] = ("overdue", "withdrawn", "dropped off", "registered")
OVER: tuple[State, ...] = ("collected", "removed", "missing", "refused", "cancelled")
STRANGER = "nobody's"
# A valid JJFI tracking id, of which no back office has ever heard.
_STRANGER_PREFIX = "JJFI643120000999"
_FIRST_STRANGER = 9001  # whose last digits are nobody else's


@dataclass
class Parcel:
    """One consignment: whose, where, and how far."""

    tracking_id: str
    name: str
    role: str
    code: str
    unpaid: bool = False
    state: State = "to bring"
    box: str | None = None
    opened_for: str | None = None
    announced: bool = False
    code_accepted: bool = False
    receipt: EntryShown | None = None

    @property
    def outbound(self) -> bool:
        """Whether somebody sends it from here."""
        return self.role == "sender"

    @property
    def stored_in(self) -> str | None:
        """The compartment that a courier has put it into, whatever became of it since."""
        return None if self.outbound else self.box

    @property
    def told(self) -> str:
        """The state in as many words as it takes."""
        inside = f" in box {self.box}" if self.box else ""
        unpaid = ", unpaid" if self.unpaid and self.state in ("to bring", "in box", "overdue") else ""
        if self.state == "in box":
            return f"in box {self.box}{unpaid}"
        return f"{self.state}{inside if self.state in TO_COLLECT else ''}{unpaid}"

    @property
    def brief(self) -> str:
        """The state in at most ten letters."""
        if self.state == "in box":
            return f"{'unpaid' if self.unpaid else 'in box'} {self.box}"
        if self.state == "to bring" and self.unpaid:
            return "unpaid"
        return "dropped" if self.state == "dropped off" else self.state


@dataclass(frozen=True)
class PersonLine:
    """A person's name and code, and the parcels that it concerns, as (digits to type, brief state, state)."""

    name: str
    code: str
    role: str
    parcels: tuple[tuple[str, str, str], ...] = ()


class Book:
    """All people and parcels; `current` is the parcel that was last handled."""

    def __init__(self, people: Iterable[PersonShown]) -> None:
        self._people: list[PersonShown] = []
        self._strangers: list[str] = []
        self.parcels: dict[str, Parcel] = {}
        self.meet(people)
        self.current = next((p.tracking_id for p in self.parcels.values() if not p.outbound), None)

    def meet(self, people: Iterable[PersonShown]) -> None:
        """Learn who has come since, and who has another code."""
        self._people = list(people)
        for person in self._people:
            if person.tracking_id is None:
                continue
            known = self.parcels.get(person.tracking_id)
            if known is None:
                known = Parcel(person.tracking_id, person.name, person.role, person.code, person.unpaid)
                known.state = "to send" if known.outbound else "to bring"
                self.parcels[person.tracking_id] = known
            elif known.name == STRANGER:
                known.unpaid = person.unpaid
            known.name, known.code = person.name, person.code

    def next_stranger(self) -> str:
        """The tracking id that the next parcel of nobody will have."""
        return f"{_STRANGER_PREFIX}{_FIRST_STRANGER + len(self._strangers):05d}"

    def make_stranger(self) -> str:
        """Bring a parcel that nobody announced; the answer is its tracking id."""
        tracking_id = self.next_stranger()
        self._strangers.append(tracking_id)
        self.parcels[tracking_id] = Parcel(tracking_id, STRANGER, "recipient", "")
        return tracking_id

    def holders(self, role: str) -> list[str]:
        """The names of all people of a role, each once."""
        return list(dict.fromkeys(person.name for person in self._people if person.role == role))

    def code_of(self, role: str) -> str:
        """A code that somebody of this role would type now."""
        codes = [person.code for person in self._people if person.role == role]
        fresh: dict[str, tuple[State, ...]] = {"sender": ("to send",), "recipient": ("in box",)}
        for parcel in self.parcels.values():
            if parcel.role == role and parcel.code and parcel.state in fresh.get(role, ()):
                return parcel.code
        return codes[0] if codes else "nobody's"

    def people(self, first: Iterable[str] = ()) -> list[PersonLine]:
        """Everybody once: the roles in `first` at the top, in each the settled below; one line a code."""
        lines: dict[tuple[str, str], PersonLine] = {}
        for person in self._people:
            key = person.name, person.code
            line = lines.setdefault(key, PersonLine(*key, person.role))
            if person.tracking_id is not None:
                lines[key] = PersonLine(
                    *key, person.role, (*line.parcels, _told(self.parcels[person.tracking_id]))
                )
        nobodys = [parcel for parcel in self.parcels.values() if parcel.name == STRANGER]
        if nobodys:
            lines[STRANGER, ""] = PersonLine(STRANGER, "", "", tuple(_told(p) for p in nobodys))
        order = list(first)
        return sorted(
            lines.values(),
            key=lambda line: (
                order.index(line.role) if line.role in order else len(order),
                bool(line.parcels) and all(brief in OVER for _, brief, _ in line.parcels),
            ),
        )

    def bag(self, doors: Mapping[str, DoorView], wanted: str | None) -> list[str]:
        """Tracking ids that lie in no compartment: the one a door was opened for, then the one wanted."""
        inside = {thing for door in doors.values() for thing in door.contents}
        loose = [parcel for parcel in self.parcels.values() if parcel.tracking_id not in inside]
        handled = self.current
        loose.sort(
            key=lambda p: (
                not (p.tracking_id == handled and p.opened_for is not None and p.box is None),
                p.tracking_id != wanted,
                p.state in OVER,
            )
        )
        return [parcel.tracking_id for parcel in loose]

    def anything_to_collect(self) -> bool:
        """Whether a courier would be asked to take something away."""
        return any(parcel.state in TO_COLLECT for parcel in self.parcels.values())

    def note(self, entry: EntryShown) -> None:
        """Take in what the back office has received."""
        parcel = self.parcels.get(entry.subject or "")
        if parcel is None:
            return
        kind = kind_of(entry)
        if kind.startswith("command."):
            _note_command(parcel, kind, entry)
        elif _note_way(parcel, kind, entry) or _note_visit(parcel, kind, entry):
            self.current = parcel.tracking_id
        else:
            _note_waiting(parcel, kind, entry)


def digits(tracking_id: str) -> str:
    """What a courier types of a tracking id: its last eight digits, letters left out."""
    return "".join(letter for letter in tracking_id if letter.isdigit())[-TYPED_DIGITS:]


def named(thing: str) -> str:
    """How a thing in a compartment is called: a parcel by what is typed of it."""
    return digits(thing) or thing


def _told(parcel: Parcel) -> tuple[str, str, str]:
    return digits(parcel.tracking_id), parcel.brief, parcel.told


def _label(entry: EntryShown) -> str | None:
    label = entry.data.get("compartment")
    return label if isinstance(label, str) else None


def _note_way(parcel: Parcel, kind: str, entry: EntryShown) -> bool:
    """A parcel comes in or is left by its sender; False if the entry tells nothing of that."""
    match kind:
        case "lock.pulse-intended" if entry.data.get("purpose") in ("deposit", "drop-off"):
            parcel.opened_for = _label(entry)
        case "deposit.cancelled" | "deposit.abandoned":
            parcel.opened_for = None
        case "parcel.stored":
            parcel.state, parcel.box = "in box", _label(entry)
        case "parcel.dropped-off":
            parcel.state, parcel.box = "dropped off", _label(entry)
        case "parcel.found":
            parcel.state, parcel.box = "withdrawn", _label(entry)
        case _:
            return False
    return True


def _note_visit(parcel: Parcel, kind: str, entry: EntryShown) -> bool:
    """Somebody comes for a parcel; False if the entry tells nothing of that."""
    match kind:
        case "code.accepted":
            parcel.code_accepted = True
        case "parcel.attempted":
            parcel.code_accepted = False
        case "parcel.handed-over":
            parcel.receipt, parcel.state = entry, "collected"
        case "parcel.removed":
            parcel.state = "removed"
        case "parcel.missing":
            parcel.state = "missing"
        case _:
            return False
    return True


def _note_waiting(parcel: Parcel, kind: str, entry: EntryShown) -> None:
    """Something becomes of a parcel at which nobody stands."""
    match kind:
        case "parcel.overdue":
            parcel.state = "overdue"
        case "deadline.lengthened" if entry.data.get("wasoverdue"):
            parcel.state = "in box"
        case "parcel.registered" if parcel.state == "dropped off":
            parcel.state = "registered"
        case _:
            pass


def _note_command(parcel: Parcel, kind: str, entry: EntryShown) -> None:
    applied = kind == "command.applied"
    match entry.data.get("command"):
        case "parcel.announce" | "dropoff.expect":
            parcel.announced = parcel.announced or applied
            if not parcel.announced and parcel.box is None:
                parcel.state = "refused"
            elif parcel.state == "refused":
                parcel.state = "to send" if parcel.outbound else "to bring"
        case "parcel.withdraw" if applied:
            parcel.state = "withdrawn" if parcel.box else "cancelled"
        case "parcel.release" if applied:
            parcel.unpaid = False
        case _:
            pass
