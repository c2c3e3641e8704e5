"""Short scripts to play, one a role; what happened ticks their steps. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from simulator.front.arrivals import Verdict, kind_of
from simulator.front.book import Book, Parcel, digits
from simulator.front.showing import EntryShown
from simulator.world import DoorView

Doors = Mapping[str, DoorView]
Verdicts = Callable[[EntryShown], Verdict]
Match = Callable[[EntryShown], bool]
_DELIVERING: tuple[str, ...] = ("courier", "recipient")
_ENDS_OF_SESSIONS = (
    "courier.signed-out", "technician.signed-out", "started", "deposit.cancelled", "deposit.abandoned",
    "removal.abandoned",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One thing to do; `done` when it has visibly happened."""

    text: str
    done: bool


class Script(Protocol):
    """What to play; `roles` are those who play it, `wanted` the parcel that they need."""

    title: str
    roles: tuple[str, ...]

    def note(self, entry: EntryShown, book: Book) -> None: ...
    def steps(self, book: Book, doors: Doors, verdict: Verdicts) -> list[Step]: ...
    def wanted(self, book: Book) -> str | None: ...


def on(*kinds: str, **data: object) -> Match:
    """An entry of one of these kinds that says this."""
    return lambda entry: (
        kind_of(entry) in kinds and all(entry.data.get(name) == value for name, value in data.items())
    )


@dataclass(frozen=True)
class Beat:
    """One step of a course, ticked by an entry; `{courier}` in its text is that person's code.

    `must`: no later entry may skip it. `session`: it is done within a session; when that ends before its
    time, the course goes back to where the session began. `ready` ticks without any entry, `seen` as soon
    as the door stands so.
    """

    text: str
    when: Match
    must: bool = False
    session: bool = False
    ready: Callable[[Book], bool] | None = None
    seen: Callable[[DoorView], bool] | None = None


class Course:
    """Steps one after another; done, it begins again with its first step."""

    def __init__(self, title: str, roles: Iterable[str], beats: Iterable[Beat]) -> None:
        self.title, self.roles = title, tuple(roles)
        self._beats = tuple(beats)
        self._at = 0
        self._box = ""
        self._texts: dict[int, str] = {}

    def note(self, entry: EntryShown, book: Book) -> None:
        """Go on, or back, by what the back office has received."""
        if kind_of(entry) == "lock.pulse-intended":
            self._box = str(entry.data.get("compartment"))
        self._pass_ready(book)
        if self._at == len(self._beats) and self._begins_again(entry, book):
            self._at = 0
            self._pass_ready(book)
        for index in range(self._at, len(self._beats)):
            if self._beats[index].when(entry):
                self._at = index + 1
                self._pass_ready(book)
                return
            if self._beats[index].must:
                break
        if kind_of(entry) in _ENDS_OF_SESSIONS:
            while 0 < self._at < len(self._beats) and self._beats[self._at].session:
                self._at -= 1

    def steps(self, book: Book, doors: Doors, verdict: Verdicts) -> list[Step]:  # noqa: ARG002 - as Script has it
        """The steps, the present one ticked already where the door shows it."""
        self._pass_ready(book)
        codes = _codes(book)
        for index, beat in enumerate(self._beats):
            if index >= self._at or index not in self._texts:  # what is done was done with the code of then
                self._texts[index] = beat.text.format(**codes)
        door = doors.get(self._box)
        return [
            Step(
                self._texts[index],
                index < self._at
                or (index == self._at and beat.seen is not None and door is not None and beat.seen(door)),
            )
            for index, beat in enumerate(self._beats)
        ]

    def wanted(self, book: Book) -> str | None:
        """The next parcel of a sender, where one sends."""
        if "sender" not in self.roles:
            return book.current
        return next((p.tracking_id for p in book.parcels.values() if p.state == "to send"), None)

    def _begins_again(self, entry: EntryShown, book: Book) -> bool:
        first = self._beats[0]
        if first.ready is None:
            return first.when(entry)
        return first.ready(book) and self._beats[1].when(entry)

    def _pass_ready(self, book: Book) -> None:
        while self._at < len(self._beats):
            ready = self._beats[self._at].ready
            if ready is None or not ready(book):
                return
            self._at += 1


@dataclass
class Checklist:
    """Steps in any order."""

    title: str
    roles: tuple[str, ...]
    beats: tuple[Beat, ...]
    _done: set[int] = field(default_factory=set)

    def note(self, entry: EntryShown, book: Book) -> None:  # noqa: ARG002 - as Script has it
        """Tick what the back office has received."""
        self._done.update(index for index, beat in enumerate(self.beats) if beat.when(entry))

    def steps(self, book: Book, doors: Doors, verdict: Verdicts) -> list[Step]:  # noqa: ARG002 - as Script has it
        """The steps, each ticked or not."""
        codes = _codes(book)
        return [Step(beat.text.format(**codes), i in self._done) for i, beat in enumerate(self.beats)]

    def wanted(self, book: Book) -> str | None:
        """Whatever was last handled."""
        return book.current


class Delivery:
    """From the courier's code to the verified receipt of one parcel: the one last handled, else the next."""

    def __init__(self, book: Book) -> None:
        self.title, self.roles = "courier and recipient", _DELIVERING
        self._signed_in = False
        self._current = book.current

    def note(self, entry: EntryShown, book: Book) -> None:
        """Follow the parcel that is handled now."""
        kind = kind_of(entry)
        handled = book.parcels.get(book.current or "")
        if handled is not None and not handled.outbound:
            self._current = handled.tracking_id
        if kind == "courier.signed-in":
            self._signed_in = True
            if present := book.parcels.get(self._current or ""):
                self._current = _next_to_bring(book, present)
                book.current = self._current
        elif kind in ("courier.signed-out", "started"):
            self._signed_in = False

    def wanted(self, book: Book) -> str | None:  # noqa: ARG002 - as Script has it
        """The parcel that the steps speak of."""
        return self._current

    def steps(self, book: Book, doors: Doors, verdict: Verdicts) -> list[Step]:
        """The steps of the present parcel, told by its entries and by the doors as they stand now."""
        parcel = book.parcels.get(self._current or "")
        if parcel is None:
            return []
        lies_in = next((d for d in doors.values() if parcel.tracking_id in d.contents), None)
        stored = parcel.box is not None
        collected = parcel.receipt is not None
        box = doors.get(parcel.box or "")
        taken = parcel.code_accepted and lies_in is None and box is not None and box.shut
        proven = parcel.receipt is not None and verdict(parcel.receipt) == "verified"
        receipt = "The receipt is verified at the office"
        if proven and parcel.receipt is not None:
            receipt = f"Receipt, entry {parcel.receipt.sequence}: verified"
        named = f"Type the parcel: {digits(parcel.tracking_id)} OK"
        return [
            Step(f"Courier: type C {book.code_of('courier')} OK", stored or self._signed_in),
            Step(named, stored or parcel.opened_for is not None),
            Step(
                "Click the open door: put in, push shut",
                stored or (parcel.opened_for is not None and lies_in is not None and lies_in.shut),
            ),
            Step("Press OK: the parcel is stored", stored),
            Step("Press C: the courier leaves", stored and not self._signed_in),
            Step(_call_for(parcel), collected or parcel.code_accepted),
            Step("Click the door: take out, push shut", collected or taken),
            Step(receipt, proven),
        ]


def scripts(book: Book) -> list[Script]:
    """All of them, in the order in which they are offered."""
    return [Delivery(book), _round(), _sender(), _technician(), _customer_service(), _suspect()]


def _codes(book: Book) -> dict[str, str]:
    return {role: book.code_of(role) for role in ("courier", "technician", "sender", "recipient")}


def _filled(door: DoorView) -> bool:
    return door.shut and bool(door.contents)


def _emptied(door: DoorView) -> bool:
    return door.shut and not door.contents


_COURIER = Beat("Courier: type C {courier} OK", on("courier.signed-in"), must=True)
_COURIER_LEAVES = Beat("Press C: the courier leaves", on("courier.signed-out"), session=True)
_TAKEN = Beat("Take the parcel out, push shut", on("door.closed"), session=True, seen=_emptied)
_LOOKED = Beat("Push it shut, then 1: empty and clean", on("compartment.inspected"), must=True, session=True)


def _round() -> Course:
    return Course(
        "courier's round",
        ("courier",),
        (
            Beat(
                "Store a parcel, then w m: it is overdue",
                on("parcel.overdue"),
                must=True,
                ready=Book.anything_to_collect,
            ),
            _COURIER,
            Beat(
                "1 OK: a door opens, one by one", on("lock.pulse-intended", purpose="collect"), session=True
            ),
            _TAKEN,
            Beat(
                "Press OK: taken",
                on("parcel.removed", "parcel.missing", "parcel.stuck"),
                must=True,
                session=True,
            ),
            _COURIER_LEAVES,
        ),
    )


def _sender() -> Course:
    return Course(
        "sender",
        ("sender", "courier"),
        (
            Beat(
                "Sender: type C {sender} OK",
                on("lock.pulse-intended", purpose="drop-off"),
                must=True,
            ),
            Beat("Click the door: put in, push shut", on("door.closed"), session=True, seen=_filled),
            Beat("Press OK: it lies inside", on("parcel.dropped-off"), must=True, session=True),
            Beat("The back office registers it", on("parcel.registered"), must=True),
            _COURIER,
            Beat("1 OK: take it out, push shut", on("door.closed"), session=True, seen=_emptied),
            Beat("Press OK: it is on its way", on("parcel.removed"), must=True, session=True),
            _COURIER_LEAVES,
        ),
    )


def _technician() -> Course:
    return Course(
        "technician",
        ("technician",),
        (
            Beat("Technician: type C {technician} OK", on("technician.signed-in"), must=True),
            Beat(
                "1, a door's number, OK: it opens", on("lock.pulse-intended", purpose="inspect"), session=True
            ),
            _LOOKED,
            Beat("2: lamps, tones, keys; C C ends it", on("technician.tested"), must=True, session=True),
            Beat("Press C: the technician leaves", on("technician.signed-out"), session=True),
        ),
    )


def _customer_service() -> Checklist:
    return Checklist(
        "customer service",
        ("recipient",),
        (
            Beat("o, 1: a person gets another code", on("command.applied", command="parcel.replace-code")),
            Beat("o, 2: cash on delivery is paid", on("command.applied", command="parcel.release")),
            Beat("o, 3: open a door from afar, shut it", on("opened.remotely")),
            Beat("o, 6: mode frozen", on("mode.changed", after="frozen")),
            Beat("C {recipient} OK: out of service", on("code.refused")),
            Beat("o, 6: mode normal again", on("mode.changed", after="normal")),
            Beat("o, 7: redirect a parcel", on("command.applied", command="parcel.withdraw")),
            Beat("o, 7: the same once more: refused", on("command.refused", reason="already-redirected")),
        ),
    )


def _suspect() -> Course:
    return Course(
        "suspect box",
        ("courier",),
        (
            Beat(
                "o, 3: open a door from afar",
                on("opened.remotely", "compartment.to-inspect", "deposit.abandoned"),
                must=True,
            ),
            Beat("Push it shut: nobody is offered it now", on("door.closed")),
            _COURIER,
            Beat("2 OK: look into it", on("lock.pulse-intended", purpose="inspect"), session=True),
            _LOOKED,
            _COURIER_LEAVES,
        ),
    )


def _call_for(parcel: Parcel) -> str:
    if not parcel.code:
        return "Nobody has its code: announce it (o, 8)"
    if parcel.unpaid:
        return f"o, 2: it is paid; then C {parcel.code} OK"
    return f"Recipient: type C {parcel.code} OK"


def _next_to_bring(book: Book, present: Parcel) -> str:
    """Where a courier who signs in now goes on."""
    if present.box is None and present.state == "to bring":
        return present.tracking_id
    waiting = (p.tracking_id for p in book.parcels.values() if p.state == "to bring")
    return next(waiting, present.tracking_id)
