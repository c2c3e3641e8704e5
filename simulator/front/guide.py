"""What to try: eight steps from the courier's code to the verified receipt, ticked by what happened. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.front.arrivals import Verdict, kind_of
from simulator.front.showing import EntryShown, PersonShown
from simulator.world import DoorView

TYPED_DIGITS = 8


@dataclass(frozen=True)
class Step:
    """One thing to do; `done` when it has visibly happened."""

    text: str
    done: bool


@dataclass
class _Parcel:
    tracking_id: str
    code: str
    opened_for: str | None = None
    stored_in: str | None = None
    code_accepted: bool = False
    receipt: EntryShown | None = None
    overdue: bool = False

    @property
    def state(self) -> str:
        if self.receipt is not None:
            return "collected"
        if self.overdue:
            return "overdue"
        return f"in box {self.stored_in}" if self.stored_in else "to bring"


@dataclass(frozen=True)
class PersonLine:
    """A person's name and code, and the parcels that it concerns, as (digits to type, state)."""

    name: str
    code: str
    parcels: tuple[tuple[str, str], ...] = field(default=())


class Guide:
    """Follows one parcel at a time: the one that was last handled, else the first still to be brought."""

    def __init__(self, people: Iterable[PersonShown]) -> None:
        self._people = list(people)
        self._parcels = {
            person.tracking_id: _Parcel(person.tracking_id, person.code)
            for person in self._people
            if person.tracking_id is not None
        }
        self._courier_code = next((p.code for p in self._people if p.role == "courier"), "")
        self._signed_in = False
        self._current = next(iter(self._parcels), None)

    @property
    def current(self) -> str | None:
        """The tracking id that the steps speak of; None if nobody expects a parcel."""
        return self._current

    def note(self, entry: EntryShown) -> None:
        """Take in what the back office has received."""
        kind = kind_of(entry)
        parcel = self._parcels.get(entry.subject or "")
        if kind == "courier.signed-in":
            self._signed_in = True
            if parcel_done := self._parcels.get(self._current or ""):
                self._current = self._next(parcel_done)
        elif kind in ("courier.signed-out", "started"):
            self._signed_in = False
        if parcel is not None:
            self._note_of(parcel, kind, entry)

    def steps(self, doors: Mapping[str, DoorView], verdict: Callable[[EntryShown], Verdict]) -> list[Step]:
        """The steps of the present parcel, told by its entries and by the doors as they stand now."""
        parcel = self._parcels.get(self._current or "")
        if parcel is None:
            return []
        lies_in = next((d for d in doors.values() if parcel.tracking_id in d.contents), None)
        stored = parcel.stored_in is not None
        collected = parcel.receipt is not None
        box = doors.get(parcel.stored_in or "")
        taken = parcel.code_accepted and lies_in is None and box is not None and box.shut
        proven = parcel.receipt is not None and verdict(parcel.receipt) == "verified"
        receipt = "The receipt is verified at the office"
        if proven and parcel.receipt is not None:
            receipt = f"Receipt, entry {parcel.receipt.sequence}: verified"
        return [
            Step(f"Courier: type C {self._courier_code} OK", stored or self._signed_in),
            Step(
                f"Type the parcel: {digits(parcel.tracking_id)} OK", stored or parcel.opened_for is not None
            ),
            Step(
                "Click the open door: put in, push shut",
                stored or (parcel.opened_for is not None and lies_in is not None and lies_in.shut),
            ),
            Step("Press OK: the parcel is stored", stored),
            Step("Press C: the courier leaves", stored and not self._signed_in),
            Step(f"Recipient: type C {parcel.code} OK", collected or parcel.code_accepted),
            Step("Click the door: take out, push shut", collected or taken),
            Step(receipt, proven),
        ]

    def people(self) -> list[PersonLine]:
        """Everybody once, with the codes to type; parcels under one code stand together."""
        lines: dict[tuple[str, str], PersonLine] = {}
        for person in self._people:
            key = person.name, person.code
            line = lines.setdefault(key, PersonLine(*key))
            if person.tracking_id is not None:
                parcel = self._parcels[person.tracking_id]
                told = (digits(parcel.tracking_id), parcel.state)
                lines[key] = PersonLine(*key, (*line.parcels, told))
        return list(lines.values())

    def bag(self, doors: Mapping[str, DoorView]) -> list[str]:
        """Tracking ids that lie in no compartment; the present parcel first, the collected ones last."""
        inside = {tracking_id for door in doors.values() for tracking_id in door.contents}
        loose = [parcel for parcel in self._parcels.values() if parcel.tracking_id not in inside]
        loose.sort(key=lambda p: (p.receipt is not None, p.tracking_id != self._current))
        return [parcel.tracking_id for parcel in loose]

    def _note_of(self, parcel: _Parcel, kind: str, entry: EntryShown) -> None:
        label = entry.data.get("compartment")
        compartment = label if isinstance(label, str) else None
        match kind:
            case "lock.pulse-intended" if entry.data.get("purpose") == "deposit":
                parcel.opened_for = compartment
            case "deposit.cancelled" | "deposit.abandoned":
                parcel.opened_for = None
            case "parcel.stored":
                parcel.stored_in = compartment
            case "code.accepted":
                parcel.code_accepted = True
            case "parcel.attempted":
                parcel.code_accepted = False
            case "parcel.handed-over":
                parcel.receipt = entry
            case "parcel.overdue":
                parcel.overdue = True
                return
            case _:
                return
        self._current = parcel.tracking_id

    def _next(self, present: _Parcel) -> str:
        """Where a courier who signs in now goes on."""
        if present.stored_in is None:
            return present.tracking_id
        waiting = (p.tracking_id for p in self._parcels.values() if p.stored_in is None)
        return next(waiting, present.tracking_id)


def digits(tracking_id: str) -> str:
    """What a courier types of a tracking id: its last eight digits, letters left out."""
    return "".join(letter for letter in tracking_id if letter.isdigit())[-TYPED_DIGITS:]


def next_step(steps: Sequence[Step]) -> int | None:
    """The index of the first step still to be done."""
    return next((index for index, step in enumerate(steps) if not step.done), None)
