"""The whole automat as one immutable value, its indexes, and what a decision on it consists of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from immutables import Map

from locker.domain.agenda import Agenda
from locker.domain.attempts import Attempts
from locker.domain.changing import changed
from locker.domain.codes import CodeKey, CodeTag
from locker.domain.commands import CommandRecord, Mode, Refusals
from locker.domain.compartments import Compartment
from locker.domain.deadlines import reminder_at
from locker.domain.health import LockHealth
from locker.domain.incidents import OUTAGES, Incident, IncidentKind
from locker.domain.intents import Intent
from locker.domain.journal import Checkpoint, EarlierEpoch, Entry, Parked
from locker.domain.keypad import Keypad
from locker.domain.layout import Kind, Layout
from locker.domain.maintenance import Audit, Finding, Look
from locker.domain.openings import Opening
from locker.domain.parcels import OVER, TO_COLLECT, Credential, Parcel, ParcelState, Seen
from locker.domain.rules import Identity, Rules
from locker.domain.times import NEVER_BEFORE, LastSeen, Now


@dataclass(frozen=True, slots=True)
class Facts:
    """Single values that must survive; durable.

    `clock_doubted`: the wall clock jumped too far to be believed until the back office confirms it.
    `outage_since_s`: the powered time since which recipients could not be served, None while they can;
    `remote_openings_s`: the powered times of the last remote openings; `outage_owed_s`: the length of
    outages too short to lengthen deadlines each by itself; `pruned_through`: the last entry of this epoch
    that was deleted after its retention time; `word_awaited`: compartment, operator and keypad of a remote
    opening for which somebody on the spot is being asked, empty if none; `commission`: user and technician
    who put the automat into service now, empty if nobody does; `forks_settled_through`: up to this entry of
    this epoch a technician has settled which of two journals holds.
    """

    incidents_numbered: int = 0
    acknowledged_through: int = 0
    storage_low: bool = False
    clock_doubted: bool = False
    mode: Mode = Mode.NORMAL
    outage_since_s: float | None = None
    remote_openings_s: tuple[float, ...] = ()
    outage_owed_s: float = 0.0
    pruned_through: int = 0
    word_awaited: tuple[str, ...] = ()
    commission: tuple[str, ...] = ()
    audits_numbered: int = 0
    forks_settled_through: int = 0


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A durable thing that is to be deleted: which table, which key."""

    what: type
    key: str


@dataclass(frozen=True, slots=True)
class Pruned:
    """The beginning of an epoch's journal is to be deleted, up to a number and with it."""

    epoch: int
    through: int


Durable = (
    Parcel
    | Compartment
    | Credential
    | Attempts
    | Opening
    | Incident
    | CommandRecord
    | Parked
    | Checkpoint
    | EarlierEpoch
    | Seen
    | LockHealth
    | Audit
    | Finding
    | Facts
    | LastSeen
)
Change = Durable | Forgotten | Pruned
"""A change to write: the new value of one durable thing, its removal, or that of old entries."""


@dataclass(frozen=True)  # without slots: `changed` then costs a sixth, a dozen times a decision
class Automat:
    """State: what `decide` is given and gives back. Indexes are derived and never stored.

    `journal_end` is the number of the last entry of this epoch; `wiring_map` the hash of what was proved of
    the wiring, None if nothing was; `lock_trials` counts the pulses of the commission under way, `tried_lock`
    is the compartment of the one that nothing is known of yet, `lock_tried_s` when each was pulsed last, in
    powered time. `looks` are the doors of which a technician has yet to say what lies behind; `tested_ms`
    is how long the locks under test took to open; `pulses_told` the number of the last pulse of each opening
    of which the port has said that it left; `audit` is the round under way, `findings` what it found
    so far; `refusals` are those of commands, by reason.
    """

    identity: Identity
    rules: Rules
    code_key: CodeKey
    keypads: Map[str, Keypad]
    compartments: Map[str, Compartment] = Map()
    parcels: Map[str, Parcel] = Map()
    credentials: Map[str, Credential] = Map()
    attempts: Map[str, Attempts] = Map()
    openings: Map[str, Opening] = Map()
    incidents: Map[int, Incident] = Map()
    commands: Map[str, CommandRecord] = Map()
    parked: Map[int, Parked] = Map()
    checkpoints: Map[int, Checkpoint] = Map()
    earlier_epochs: Map[int, EarlierEpoch] = Map()
    seen: Map[str, Seen] = Map()
    locks: Map[str, LockHealth] = Map()
    looks: Map[str, Look] = Map()
    tested_ms: Map[str, int] = Map()
    pulses_told: Map[str, int] = Map()
    audit: Audit | None = None
    findings: Map[str, Finding] = Map()
    refusals: Map[str, Refusals] = Map()
    epoch: int = 0
    journal_end: int = 0
    facts: Facts = Facts()
    last_seen: LastSeen = LastSeen(NEVER_BEFORE, trusted=False, powered_s=0.0)
    last_now: Now | None = None
    started: bool = False
    wiring_map: str | None = None
    lock_trials: int = 0
    tried_lock: str | None = None
    lock_tried_s: Map[str, float] = Map()
    version: str = ""
    layout: Layout = field(default_factory=Layout)
    # indexes
    parcels_of_tag: Map[str, tuple[str, ...]] = Map()
    holder_of_tag: Map[str, str] = Map()
    announced_ending: Map[str, tuple[str, ...]] = Map()
    to_collect: Map[str, str] = Map()
    suspects: Map[str, None] = Map()
    free_boxes: Map[Kind, int] = Map()
    open_matters: Map[tuple[IncidentKind, str], int] = Map()
    outage_causes: Map[tuple[IncidentKind, str], None] = Map()
    powered_agenda: Agenda[float] = field(default_factory=Agenda)
    wall_agenda: Agenda[datetime] = field(default_factory=Agenda)
    storage_agenda: Agenda[datetime] = field(default_factory=Agenda)

    def judges_time(self, now: Now) -> bool:
        """Whether anything may expire by the wall clock now."""
        return now.trusted and not self.facts.clock_doubted

    def judges_storage(self, now: Now) -> bool:
        """Whether a storage time may end now: not while recipients cannot be served."""
        return self.judges_time(now) and self.facts.outage_since_s is None

    def expected_in(self, label: str) -> Parcel | None:
        """Return the parcel that should lie in a compartment; one that was handed over is not expected."""
        parcel = self.parcels.get(self.compartments[label].tracking_id or "")
        return parcel if parcel is not None and parcel.inside else None

    def seconds_until_due(self, now: Now) -> float | None:
        """How long the automat can sleep; None: until something happens."""
        waits: list[float] = []
        if self.powered_agenda.earliest is not None:
            waits.append(self.powered_agenda.earliest - now.powered_s)
        if self.wall_agenda.earliest is not None and self.judges_time(now):
            waits.append((self.wall_agenda.earliest - now.wall_at).total_seconds())
        if self.storage_agenda.earliest is not None and self.judges_storage(now):
            waits.append((self.storage_agenda.earliest - now.wall_at).total_seconds())
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
        number = self.open_matters.get((kind, about))
        return None if number is None else self.incidents[number]

    def parcels_with(self, tag: CodeTag) -> Iterator[Parcel]:
        """Give the live parcels that carry a code."""
        for tracking_id in self.parcels_of_tag.get(tag, ()):
            yield self.parcels[tracking_id]


@dataclass(frozen=True, slots=True)
class Decision:
    """What `decide` answers: the new state, what to write, what to record, what to do then.

    `refused`: why what was asked for was not done.
    """

    automat: Automat
    changes: tuple[Change, ...] = ()
    entries: tuple[Entry, ...] = ()
    intents: tuple[Intent, ...] = ()
    refused: str | None = None

    @property
    def durable(self) -> bool:
        """Whether it needs a transaction before its intents may start."""
        return bool(self.changes or self.entries)


def index_parcel(automat: Automat, parcel: Parcel) -> Automat:
    """Enter a parcel into the indexes and agendas."""
    key = parcel.tracking_id
    tags, endings = automat.parcels_of_tag, automat.announced_ending
    if parcel.code_tag is not None and parcel.state is not ParcelState.CLOSED:
        tags = with_key(tags, parcel.code_tag, key)
    to_collect = automat.to_collect
    if parcel.state in TO_COLLECT and parcel.compartment is not None:
        to_collect = to_collect.set(key, parcel.compartment)
    if parcel.state in (ParcelState.ANNOUNCED, ParcelState.REFUSED):
        ending = digits_ending(key, automat.rules.tracking_digits)
        endings = with_key(endings, ending, key)
    return changed(
        automat,
        parcels_of_tag=tags,
        announced_ending=endings,
        to_collect=to_collect,
        powered_agenda=automat.powered_agenda.with_due(("reopen", key), parcel.reopen_until_s),
        wall_agenda=automat.wall_agenda.with_due(("parcel", key), forget_date(parcel, automat.rules)),
        storage_agenda=automat.storage_agenda.with_due(("parcel", key), storage_date(parcel, automat.rules)),
    )


def unindex_parcel(automat: Automat, parcel: Parcel | None) -> Automat:
    """Take a parcel out of the indexes and agendas."""
    if parcel is None:
        return automat
    key = parcel.tracking_id
    tags, endings = automat.parcels_of_tag, automat.announced_ending
    if parcel.code_tag is not None and parcel.code_tag in tags:
        tags = without_key(tags, parcel.code_tag, key)
    ending = digits_ending(key, automat.rules.tracking_digits)
    if ending in endings:
        endings = without_key(endings, ending, key)
    return changed(
        automat,
        parcels_of_tag=tags,
        announced_ending=endings,
        to_collect=automat.to_collect.delete(key) if key in automat.to_collect else automat.to_collect,
        powered_agenda=automat.powered_agenda.with_due(("reopen", key), None),
        wall_agenda=automat.wall_agenda.with_due(("parcel", key), None),
        storage_agenda=automat.storage_agenda.with_due(("parcel", key), None),
    )


def index_incident(automat: Automat, incident: Incident) -> Automat:
    """Enter an incident into the index of open matters, or take it out and set when it is forgotten."""
    matter = (incident.kind, incident.about)
    matters, causes, forget_at = automat.open_matters, automat.outage_causes, None
    if incident.cleared_at is None:
        matters = matters.set(matter, incident.number)
        if incident.kind in OUTAGES:
            causes = causes.set(matter, None)
    else:
        forget_at = days_after(incident.cleared_at, automat.rules.retention_days)
        if matters.get(matter) == incident.number:
            matters = matters.delete(matter)
            causes = causes.delete(matter) if matter in causes else causes
    agenda = automat.wall_agenda.with_due(("incident", str(incident.number)), forget_at)
    return changed(automat, open_matters=matters, outage_causes=causes, wall_agenda=agenda)


def unindex_credential(automat: Automat, credential: Credential | None) -> Automat:
    """Take a person's code out of the index and its end out of the agenda."""
    if credential is None:
        return automat
    return changed(
        automat,
        holder_of_tag=automat.holder_of_tag.delete(credential.code_tag),
        wall_agenda=automat.wall_agenda.with_due(("credential", credential.holder), None),
    )


def forget_date(parcel: Parcel, rules: Rules) -> datetime | None:
    """When a parcel is to be forgotten: some time after it was closed, or could have been brought at last."""
    if parcel.state in OVER and parcel.closed_at is not None:
        return days_after(parcel.closed_at, rules.retention_days)
    if parcel.state is ParcelState.ANNOUNCED and parcel.valid_until is not None:
        return days_after(parcel.valid_until, rules.retention_days)
    if parcel.state is ParcelState.ANNOUNCED and parcel.announced_at is not None:
        return days_after(parcel.announced_at, rules.retention_days)
    return None


def storage_date(parcel: Parcel, rules: Rules) -> datetime | None:
    """When the next reminder or the end of the storage time of a parcel is due."""
    if parcel.state is not ParcelState.STORED or parcel.deadline_at is None:
        return None
    coming = [
        reminder_at(parcel.deadline_at, days, rules.time_zone)
        for days in rules.reminder_days
        if days not in parcel.reminded_days
    ]
    return min([*coming, parcel.deadline_at])


def days_after(at: datetime, days: int) -> datetime | None:
    """Return the instant so many days later; None, never, beyond the end of the calendar."""
    try:
        return at + timedelta(days=days)
    except OverflowError:
        return None


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
