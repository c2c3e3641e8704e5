"""The whole automat as one immutable value, and the draft in which a decision changes it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from immutables import Map

from locker.domain.agenda import Agenda
from locker.domain.attempts import Attempts
from locker.domain.codes import CodeKey, CodeTag
from locker.domain.commands import CommandRecord
from locker.domain.compartments import Compartment
from locker.domain.deadlines import reminder_at
from locker.domain.incidents import Incident, IncidentKind
from locker.domain.intents import Intent, Show, Sound, Tone
from locker.domain.journal import Entry, EntryKind, Parked
from locker.domain.keypad import Flow, Keypad
from locker.domain.messages import Message
from locker.domain.openings import Opening
from locker.domain.parcels import Courier, Parcel, ParcelState
from locker.domain.rules import Identity, Rules
from locker.domain.times import NEVER_BEFORE, LastSeen, Now, Trust

LAST_DAY = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
"""The last instant to which a day can be added, whatever a command claims."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Single values that must survive; durable.

    `clock_doubted`: the wall clock jumped too far to be believed until the back office confirms it.
    """

    incidents_numbered: int = 0
    acknowledged_through: int = 0
    storage_low: bool = False
    clock_doubted: bool = False


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A durable thing that is to be deleted: which table, which key."""

    what: type
    key: str


Durable = (
    Parcel | Compartment | Courier | Attempts | Opening | Incident | CommandRecord | Parked | Facts | LastSeen
)
Change = Durable | Forgotten
"""A change to write: the new value of one durable thing, or its removal."""


@dataclass(frozen=True, slots=True)
class Automat:
    """State: what `decide` is given and gives back. Indexes are derived and never stored.

    `journal_end` is the number of the last entry of this epoch.
    """

    identity: Identity
    rules: Rules
    code_key: CodeKey
    keypads: Map[str, Keypad]
    compartments: Map[str, Compartment] = Map()
    parcels: Map[str, Parcel] = Map()
    couriers: Map[str, Courier] = Map()
    attempts: Map[str, Attempts] = Map()
    openings: Map[str, Opening] = Map()
    incidents: Map[int, Incident] = Map()
    commands: Map[str, CommandRecord] = Map()
    parked: Map[int, Parked] = Map()
    epoch: int = 0
    journal_end: int = 0
    facts: Facts = Facts()
    last_seen: LastSeen = LastSeen(NEVER_BEFORE, trusted=False, powered_s=0.0)
    last_now: Now | None = None
    started: bool = False
    version: str = ""
    # indexes
    parcels_of_tag: Map[str, tuple[str, ...]] = Map()
    courier_of_tag: Map[str, str] = Map()
    announced_ending: Map[str, tuple[str, ...]] = Map()
    powered_agenda: Agenda[float] = field(default_factory=Agenda)
    wall_agenda: Agenda[datetime] = field(default_factory=Agenda)

    def judges_time(self, now: Now) -> bool:
        """Whether anything may expire by the wall clock now."""
        return now.trusted and not self.facts.clock_doubted

    def seconds_until_due(self, now: Now) -> float | None:
        """How long the automat can sleep; None: until something happens."""
        waits: list[float] = []
        if self.powered_agenda.earliest is not None:
            waits.append(self.powered_agenda.earliest - now.powered_s)
        if self.wall_agenda.earliest is not None and self.judges_time(now):
            waits.append((self.wall_agenda.earliest - now.wall_at).total_seconds())
        return max(0.0, min(waits)) if waits else None

    def wants_waking(self, now: Now) -> bool:
        """Whether something is due, or a clock is no longer what it was."""
        return self.seconds_until_due(now) == 0.0 or (
            self.last_now is not None
            and (
                now.trust is not self.last_now.trust or abs(self.clock_step_s(now)) > self.rules.clock_step_s
            )
        )

    def clock_step_s(self, now: Now) -> float:
        """How far the wall clock has jumped since the last decision, beside the powered one."""
        if self.last_now is None:
            return 0.0
        wall_s = (now.wall_at - self.last_now.wall_at).total_seconds()
        return wall_s - (now.powered_s - self.last_now.powered_s)

    def open_incident(self, kind: IncidentKind, about: str) -> Incident | None:
        """Return the incident of this kind about this thing that nobody has cleared."""
        for incident in self.incidents.values():
            if incident.kind is kind and incident.about == about and incident.cleared_at is None:
                return incident
        return None

    def parcels_with(self, tag: CodeTag) -> Iterator[Parcel]:
        """Give the live parcels that carry a code."""
        for tracking_id in self.parcels_of_tag.get(tag, ()):
            yield self.parcels[tracking_id]


@dataclass(frozen=True, slots=True)
class Decision:
    """What `decide` answers: the new state, what to write, what to record, what to do then."""

    automat: Automat
    changes: tuple[Change, ...] = ()
    entries: tuple[Entry, ...] = ()
    intents: tuple[Intent, ...] = ()

    @property
    def durable(self) -> bool:
        """Whether it needs a transaction before its intents may start."""
        return bool(self.changes or self.entries)


class Draft:
    """One decision in the making; lives only inside `decide`."""

    def __init__(self, automat: Automat, now: Now) -> None:
        """Begin from a state at an instant."""
        self.automat = automat
        self.now = now
        self._changes: dict[tuple[type, str], Change] = {}
        self._entries: list[Entry] = []
        self._intents: list[Intent] = []

    def decision(self) -> Decision:
        """Close the draft."""
        end = self.automat.journal_end + len(self._entries)
        return Decision(
            replace(self.automat, journal_end=end),
            tuple(self._changes.values()),
            tuple(self._entries),
            tuple(self._intents),
        )

    @property
    def durable(self) -> bool:
        """Whether the decision so far needs a transaction."""
        return bool(self._changes or self._entries)

    @property
    def rules(self) -> Rules:
        """The numbers to judge by."""
        return self.automat.rules

    @property
    def known_wall_at(self) -> datetime | None:
        """The wall time where it may be counted from; None while the clock is not believed."""
        return self.now.wall_at if self.automat.judges_time(self.now) else None

    # -- what to record and to do

    def record(self, kind: EntryKind, subject: str | None = None, **data: object) -> None:
        """Add a journal entry."""
        self._entries.append(Entry(kind, subject, {name: v for name, v in data.items() if v is not None}))

    def intend(self, intent: Intent) -> None:
        """Add an intent."""
        self._intents.append(intent)

    def show(self, keypad: str, message: Message) -> None:
        """Put a message on a keypad's display."""
        self.intend(Show(keypad, message))

    def sound(self, keypad: str, tone: Tone) -> None:
        """Let a keypad's sounder speak."""
        self.intend(Sound(keypad, tone))

    # -- durable things

    def put_parcel(self, parcel: Parcel) -> None:
        """Write a parcel and keep its indexes true."""
        key, automat = parcel.tracking_id, self.automat
        self._change(parcel, key)
        self.automat = replace(
            index_parcel(unindex_parcel(automat, automat.parcels.get(key)), parcel),
            parcels=automat.parcels.set(key, parcel),
        )

    def forget_parcel(self, tracking_id: str) -> None:
        """Remove a parcel for good."""
        self._forget(Parcel, tracking_id)
        automat = self.automat
        self.automat = replace(
            unindex_parcel(automat, automat.parcels[tracking_id]),
            parcels=automat.parcels.delete(tracking_id),
        )

    def put_compartment(self, compartment: Compartment) -> None:
        """Write a compartment."""
        self._change(compartment, compartment.label)
        self.automat = replace(
            self.automat,
            compartments=self.automat.compartments.set(compartment.label, compartment),
        )

    def change_compartment(self, label: str, **changes: object) -> Compartment:
        """Write a compartment with some attributes changed; nothing is written if nothing changes."""
        old = self.automat.compartments[label]
        new = replace(old, **changes)  # type: ignore[arg-type]  # the names are those of the dataclass
        if new != old:
            self.put_compartment(new)
        return new

    def put_courier(self, courier: Courier) -> None:
        """Write a courier; an earlier code of the same person dies."""
        automat = unindex_courier(self.automat, self.automat.couriers.get(courier.courier_id))
        self._change(courier, courier.courier_id)
        self.automat = replace(
            automat,
            couriers=automat.couriers.set(courier.courier_id, courier),
            courier_of_tag=automat.courier_of_tag.set(courier.code_tag, courier.courier_id),
        )

    def forget_courier(self, courier_id: str) -> None:
        """Remove a courier."""
        automat = unindex_courier(self.automat, self.automat.couriers[courier_id])
        self._forget(Courier, courier_id)
        self.automat = replace(automat, couriers=automat.couriers.delete(courier_id))

    def forget_compartment(self, label: str) -> None:
        """Remove what is known of a compartment that the configuration no longer has."""
        self._forget(Opening, label)
        self._forget(Compartment, label)

    def put_attempts(self, attempts: Attempts) -> None:
        """Write a keypad's bucket."""
        if self.automat.attempts.get(attempts.keypad) == attempts:
            return
        self._change(attempts, attempts.keypad)
        self.automat = replace(self.automat, attempts=self.automat.attempts.set(attempts.keypad, attempts))

    def put_opening(self, opening: Opening) -> None:
        """Write an opening and its due time."""
        label = opening.compartment
        self._change(opening, label)
        self.automat = replace(
            self.automat,
            openings=self.automat.openings.set(label, opening),
            powered_agenda=self.automat.powered_agenda.with_due(("opening", label), opening.due_s),
        )
        self.change_compartment(label, opening_ongoing=True)

    def end_opening(self, label: str) -> None:
        """Remove an opening."""
        self._forget(Opening, label)
        self.automat = replace(
            self.automat,
            openings=self.automat.openings.delete(label),
            powered_agenda=self.automat.powered_agenda.with_due(("opening", label), None),
        )
        self.change_compartment(label, opening_ongoing=False)

    def put_command(self, record: CommandRecord) -> None:
        """Remember a command."""
        self._change(record, record.command_id)
        self.automat = replace(
            self.automat,
            commands=self.automat.commands.set(record.command_id, record),
            wall_agenda=self.automat.wall_agenda.with_due(
                ("command", record.command_id), min(record.not_after, LAST_DAY) + timedelta(days=1)
            ),
        )

    def forget_command(self, command_id: str) -> None:
        """Forget a command that can no longer be applied anyway."""
        self._forget(CommandRecord, command_id)
        self.automat = replace(
            self.automat,
            commands=self.automat.commands.delete(command_id),
            wall_agenda=self.automat.wall_agenda.with_due(("command", command_id), None),
        )

    def put_parked(self, parked: Parked) -> None:
        """Set a refused entry aside."""
        self._change(parked, str(parked.sequence))
        self.automat = replace(self.automat, parked=self.automat.parked.set(parked.sequence, parked))

    def put_facts(self, **changes: object) -> None:
        """Change some of the single values."""
        facts = replace(self.automat.facts, **changes)  # type: ignore[arg-type]  # names of the dataclass
        if facts != self.automat.facts:
            self._change(facts, "")
            self.automat = replace(self.automat, facts=facts)

    def raise_incident(self, kind: IncidentKind, about: str, detail: str) -> Incident:
        """Open an incident, once for the same matter; return the open one."""
        known = self.automat.open_incident(kind, about)
        if known is not None:
            return known
        number = self.automat.facts.incidents_numbered + 1
        incident = Incident(number, kind, about, detail, raised_at=self.now.wall_at)
        self.put_facts(incidents_numbered=number)
        self._put_incident(incident)
        self.record(EntryKind.INCIDENT_RAISED, number=number, incident=str(kind), about=about, detail=detail)
        return incident

    def clear_incident(self, kind: IncidentKind, about: str, why: str) -> None:
        """Close the open incident about this matter, if there is one."""
        incident = self.automat.open_incident(kind, about)
        if incident is None:
            return
        self._put_incident(replace(incident, cleared_at=self.now.wall_at))
        self.record(
            EntryKind.INCIDENT_CLEARED,
            number=incident.number,
            incident=str(kind),
            about=about,
            why=why,
        )

    def mark_seen(self) -> None:
        """Write where both clocks stand, and do so again a heartbeat later."""
        due_s = self.now.powered_s + self.rules.heartbeat_s
        self.automat = replace(
            self.automat, powered_agenda=self.automat.powered_agenda.with_due(("heartbeat", ""), due_s)
        )
        seen = self.automat.last_seen.advanced(self.now, believed=self.automat.judges_time(self.now))
        self._change(seen, "")
        self.automat = replace(self.automat, last_seen=seen)

    # -- volatile things

    def put_keypad(self, keypad: Keypad) -> None:
        """Change a keypad and its due time."""
        self.automat = replace(
            self.automat,
            keypads=self.automat.keypads.set(keypad.name, keypad),
            powered_agenda=self.automat.powered_agenda.with_due(("keypad", keypad.name), keypad.due_s),
        )

    def flow_at(self, keypad: str) -> Flow | None:
        """Return whose keys a keypad's are; None if the configuration no longer has this keypad."""
        known = self.automat.keypads.get(keypad)
        return None if known is None else known.flow

    def set_flow(self, keypad: str, flow: Flow, *, for_s: float | None = None) -> None:
        """Give a keypad's keys to a flow, for so many seconds or until something ends it."""
        due_s = None if for_s is None else self.now.powered_s + for_s
        self.put_keypad(replace(self.automat.keypads[keypad], flow=flow, due_s=due_s))

    def _put_incident(self, incident: Incident) -> None:
        self._change(incident, str(incident.number))
        self.automat = replace(self.automat, incidents=self.automat.incidents.set(incident.number, incident))

    def _change(self, value: Durable, key: str) -> None:
        self._changes[type(value), key] = value

    def _forget(self, what: type, key: str) -> None:
        self._changes[what, key] = Forgotten(what, key)


def restore(
    blank: Automat,
    *,
    compartments: Iterable[Compartment],
    parcels: Iterable[Parcel],
    couriers: Iterable[Courier],
    attempts: Iterable[Attempts],
    openings: Iterable[Opening],
    incidents: Iterable[Incident],
    commands: Iterable[CommandRecord],
    parked: Iterable[Parked],
    facts: Facts,
    last_seen: LastSeen,
) -> Automat:
    """Build the state from what the database holds; every index and timer follows from it."""
    draft = Draft(
        replace(blank, facts=facts, last_seen=last_seen), Now(last_seen.wall_at, Trust.UNTRUSTED, 0)
    )
    for compartment in compartments:
        draft.put_compartment(compartment)
    for opening in openings:
        draft.put_opening(opening)
    for parcel in parcels:
        draft.put_parcel(parcel)
    for courier in couriers:
        draft.put_courier(courier)
    for bucket in attempts:
        draft.put_attempts(bucket)
    for record in commands:
        draft.put_command(record)
    for entry in parked:
        draft.put_parked(entry)
    return replace(draft.automat, incidents=Map({incident.number: incident for incident in incidents}))


def index_parcel(automat: Automat, parcel: Parcel) -> Automat:
    """Enter a parcel into the indexes and agendas."""
    key = parcel.tracking_id
    tags, endings = automat.parcels_of_tag, automat.announced_ending
    if parcel.code_tag is not None and parcel.state is not ParcelState.CLOSED:
        tags = with_key(tags, parcel.code_tag, key)
    if parcel.state is ParcelState.ANNOUNCED:
        ending = digits_ending(key, automat.rules.tracking_digits)
        endings = with_key(endings, ending, key)
    return replace(
        automat,
        parcels_of_tag=tags,
        announced_ending=endings,
        powered_agenda=automat.powered_agenda.with_due(("reopen", key), parcel.reopen_until_s),
        wall_agenda=automat.wall_agenda.with_due(("parcel", key), next_date(parcel, automat.rules)),
    )


def unindex_parcel(automat: Automat, parcel: Parcel | None) -> Automat:
    """Take a parcel out of the indexes; its agenda lines stay until they are written anew."""
    if parcel is None:
        return automat
    key = parcel.tracking_id
    tags, endings = automat.parcels_of_tag, automat.announced_ending
    if parcel.code_tag is not None and parcel.code_tag in tags:
        tags = without_key(tags, parcel.code_tag, key)
    ending = digits_ending(key, automat.rules.tracking_digits)
    if ending in endings:
        endings = without_key(endings, ending, key)
    return replace(
        automat,
        parcels_of_tag=tags,
        announced_ending=endings,
        powered_agenda=automat.powered_agenda.with_due(("reopen", key), None),
        wall_agenda=automat.wall_agenda.with_due(("parcel", key), None),
    )


def unindex_courier(automat: Automat, courier: Courier | None) -> Automat:
    """Take a courier's code out of the index."""
    if courier is None:
        return automat
    return replace(automat, courier_of_tag=automat.courier_of_tag.delete(courier.code_tag))


def next_date(parcel: Parcel, rules: Rules) -> datetime | None:
    """When the calendar next has something to say of a parcel."""
    if parcel.state is ParcelState.CLOSED and parcel.closed_at is not None:
        return parcel.closed_at + timedelta(days=rules.retention_days)
    if parcel.state is not ParcelState.STORED or parcel.deadline_at is None:
        return None
    coming = [
        reminder_at(parcel.deadline_at, days, rules.time_zone)
        for days in rules.reminder_days
        if days not in parcel.reminded_days
    ]
    return min([*coming, parcel.deadline_at])


def digits_ending(tracking_id: str, count: int) -> str:
    """Return the last digits of a tracking id, letters left out, as a courier types them."""
    return "".join(letter for letter in tracking_id if letter.isdigit())[-count:]


def with_key(index: Map[str, tuple[str, ...]], name: str, key: str) -> Map[str, tuple[str, ...]]:
    """Enter one key into a one-to-many index; the order does not depend on who came first."""
    return index.set(name, tuple(sorted((*index.get(name, ()), key))))


def without_key(index: Map[str, tuple[str, ...]], name: str, key: str) -> Map[str, tuple[str, ...]]:
    """Take one key out of a one-to-many index."""
    left = tuple(other for other in index.get(name, ()) if other != key)
    return index.set(name, left) if left else index.delete(name)
