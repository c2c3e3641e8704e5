"""The draft in which a decision changes an automat, and the way back from what was stored."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from immutables import Map

from locker.domain.attempts import Attempts
from locker.domain.automat import (
    Automat,
    Change,
    Decision,
    Durable,
    Facts,
    Forgotten,
    Pruned,
    days_after,
    index_incident,
    index_parcel,
    unindex_credential,
    unindex_parcel,
)
from locker.domain.changing import changed
from locker.domain.commands import CommandRecord
from locker.domain.compartments import Compartment, Condition, ContactKind
from locker.domain.events import Door
from locker.domain.health import LockHealth
from locker.domain.incidents import Incident, IncidentKind
from locker.domain.intents import Intent, Show, Sound, Tone
from locker.domain.journal import Checkpoint, EarlierEpoch, Entry, EntryKind, Parked
from locker.domain.keypad import Answering, Flow, Keypad
from locker.domain.layout import layout_of
from locker.domain.maintenance import Audit, Finding, Look
from locker.domain.messages import Message
from locker.domain.openings import Opening
from locker.domain.parcels import OVER, Credential, Parcel, ParcelState, Seen
from locker.domain.rules import Rules
from locker.domain.times import LastSeen, Now, Trust

Thing = TypeVar("Thing")

LAST_DAY = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
"""The last instant to which a day can be added, whatever a command claims."""


ENDED = OVER | {ParcelState.COLLECTED}
"""States of parcels that are no longer here, and know since when."""


class Draft:
    """One decision in the making; lives only inside `decide`."""

    def __init__(self, automat: Automat, now: Now) -> None:
        """Begin from a state at an instant."""
        self.automat = automat
        self.now = now
        self._changes: dict[tuple[type, str], Change] = {}
        self._entries: list[Entry] = []
        self._intents: list[Intent] = []
        self._refused: str | None = None

    def decision(self) -> Decision:
        """Close the draft."""
        end = self.automat.journal_end + len(self._entries)
        return Decision(
            changed(self.automat, journal_end=end),
            tuple(self._changes.values()),
            tuple(self._entries),
            tuple(self._intents),
            self._refused,
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

    def record_first(self, kind: EntryKind, **data: object) -> None:
        """Add a journal entry before all others of this decision."""
        self._entries.insert(0, Entry(kind, None, data))

    def intend(self, intent: Intent) -> None:
        """Add an intent."""
        self._intents.append(intent)

    def refuse(self, reason: str) -> None:
        """Say why what was asked for is not done; whoever asked is told."""
        self._refused = reason

    def show(self, keypad: str, message: Message) -> None:
        """Put a message on a keypad's display."""
        self.intend(Show(keypad, message))

    def answer(self, keypad: str, message: Message) -> None:
        """Show a message for as long as an answer stays, or until C is pressed."""
        self.show(keypad, message)
        self.set_flow(keypad, Answering(), for_s=self.rules.answer_shown_s)

    def sound(self, keypad: str, tone: Tone) -> None:
        """Let a keypad's sounder speak."""
        self.intend(Sound(keypad, tone))

    # -- durable things

    def put_parcel(self, parcel: Parcel) -> None:
        """Write a parcel and keep its indexes true; when it was closed is noted here for all flows."""
        key, automat, parcel = parcel.tracking_id, self.automat, self._dated(parcel)
        self._change(parcel, key)
        self.automat = changed(
            index_parcel(unindex_parcel(automat, automat.parcels.get(key)), parcel),
            parcels=automat.parcels.set(key, parcel),
        )

    def forget_parcel(self, tracking_id: str) -> None:
        """Remove a parcel for good."""
        self._forget(Parcel, tracking_id)
        automat = self.automat
        self.automat = changed(
            unindex_parcel(automat, automat.parcels[tracking_id]),
            parcels=automat.parcels.delete(tracking_id),
        )

    def put_compartment(self, compartment: Compartment) -> None:
        """Write a compartment."""
        label, suspects = compartment.label, self.automat.suspects
        known, free_boxes = self.automat.compartments.get(label), self.automat.free_boxes
        self._change(compartment, label)
        if (known is not None and known.free) is not compartment.free:
            free_boxes = self.automat.layout.marked(free_boxes, label, is_free=compartment.free)
        if (compartment.condition is Condition.SUSPECT) is not (label in suspects):
            suspects = suspects.delete(label) if label in suspects else suspects.set(label, None)
        self.automat = changed(
            self.automat,
            compartments=self.automat.compartments.set(label, compartment),
            suspects=suspects,
            free_boxes=free_boxes,
        )

    def change_compartment(self, label: str, **changes: object) -> Compartment:
        """Write a compartment with some attributes changed; nothing is written if nothing changes."""
        old = self.automat.compartments[label]
        new = replace(old, **changes)  # type: ignore[arg-type]  # the names are those of the dataclass
        if new != old:
            self.put_compartment(new)
        return new

    def put_credential(self, credential: Credential) -> None:
        """Write a person's right; an earlier code of the same person dies."""
        automat = unindex_credential(self.automat, self.automat.credentials.get(credential.holder))
        self._change(credential, credential.holder)
        self.automat = changed(
            automat,
            credentials=automat.credentials.set(credential.holder, credential),
            holder_of_tag=automat.holder_of_tag.set(credential.code_tag, credential.holder),
            wall_agenda=automat.wall_agenda.with_due(
                ("credential", credential.holder),
                days_after(credential.valid_until, self.rules.retention_days),
            ),
        )

    def forget_credential(self, holder: str) -> None:
        """Remove a person's right."""
        automat = unindex_credential(self.automat, self.automat.credentials[holder])
        self._forget(Credential, holder)
        self.automat = changed(automat, credentials=automat.credentials.delete(holder))

    def put_seen(self, seen: Seen) -> None:
        """Remember that a tracking id was here, until it may come back."""
        self._change(seen, seen.tag)
        self.automat = changed(
            self.automat,
            seen=self.automat.seen.set(seen.tag, seen),
            wall_agenda=self.automat.wall_agenda.with_due(("seen", seen.tag), seen.until),
        )

    def forget_seen(self, tag: str) -> None:
        """Let a tracking id come back."""
        self._forget(Seen, tag)
        self.automat = changed(
            self.automat,
            seen=self.automat.seen.delete(tag),
            wall_agenda=self.automat.wall_agenda.with_due(("seen", tag), None),
        )

    def forget_compartment(self, label: str) -> None:
        """Remove what is known of a compartment that the configuration no longer has."""
        self._forget(Opening, label)
        self._forget(Compartment, label)
        self._forget(LockHealth, label)
        if label in self.automat.locks:
            self.automat = changed(self.automat, locks=self.automat.locks.delete(label))

    def put_attempts(self, attempts: Attempts) -> None:
        """Write a keypad's bucket."""
        if self.automat.attempts.get(attempts.keypad) == attempts:
            return
        self._change(attempts, attempts.keypad)
        self.automat = changed(self.automat, attempts=self.automat.attempts.set(attempts.keypad, attempts))

    def put_lock(self, health: LockHealth) -> None:
        """Write how a lock has behaved."""
        self._change(health, health.compartment)
        self.automat = changed(self.automat, locks=self.automat.locks.set(health.compartment, health))

    def put_opening(self, opening: Opening) -> None:
        """Write an opening and its due time."""
        label = opening.compartment
        self._change(opening, label)
        self.automat = changed(
            self.automat,
            openings=self.automat.openings.set(label, opening),
            powered_agenda=self.automat.powered_agenda.with_due(("opening", label), opening.due_s),
        )
        self.change_compartment(label, opening_ongoing=True)

    def end_opening(self, label: str) -> None:
        """Remove an opening."""
        self._forget(Opening, label)
        self.automat = changed(
            self.automat,
            openings=self.automat.openings.delete(label),
            powered_agenda=self.automat.powered_agenda.with_due(("opening", label), None),
        )
        self.change_compartment(label, opening_ongoing=False)

    def put_audit(self, audit: Audit) -> None:
        """Write the round under way."""
        self._change(audit, str(audit.number))
        self.automat = changed(self.automat, audit=audit)

    def put_finding(self, finding: Finding) -> None:
        """Write what the round under way found of one compartment."""
        self._change(finding, finding.compartment)
        self.automat = changed(self.automat, findings=self.automat.findings.set(finding.compartment, finding))

    def forget_audit(self) -> None:
        """Remove the round and all it found: its report rests in the journal."""
        if self.automat.audit is not None:
            self._forget(Audit, str(self.automat.audit.number))
        for label in self.automat.findings:
            self._forget(Finding, label)
        self.automat = changed(self.automat, audit=None, findings=Map())

    def put_command(self, record: CommandRecord) -> None:
        """Remember a command."""
        self._change(record, record.command_id)
        self.automat = changed(
            self.automat,
            commands=self.automat.commands.set(record.command_id, record),
            wall_agenda=self.automat.wall_agenda.with_due(
                ("command", record.command_id), memory_ends_at(record.not_after)
            ),
        )

    def forget_command(self, command_id: str) -> None:
        """Forget a command that can no longer be applied anyway."""
        self._forget(CommandRecord, command_id)
        self.automat = changed(
            self.automat,
            commands=self.automat.commands.delete(command_id),
            wall_agenda=self.automat.wall_agenda.with_due(("command", command_id), None),
        )

    def put_parked(self, parked: Parked) -> None:
        """Set a refused entry aside."""
        self._change(parked, f"{parked.epoch}-{parked.sequence}")
        if parked.epoch == self.automat.epoch:
            self.automat = changed(self.automat, parked=self.automat.parked.set(parked.sequence, parked))

    def put_earlier_epoch(self, earlier: EarlierEpoch) -> None:
        """Note how much of an epoch that was left the back office has."""
        self._change(earlier, str(earlier.epoch))
        epochs = self.automat.earlier_epochs.set(earlier.epoch, earlier)
        self.automat = changed(self.automat, earlier_epochs=epochs)

    def leave_epoch(self, earlier: EarlierEpoch, epoch: int) -> None:
        """Number entries anew, in another epoch."""
        self.put_earlier_epoch(earlier)
        self.automat = changed(self.automat, epoch=epoch, journal_end=0, parked=Map())

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Note where the journal ends now."""
        self._change(checkpoint, str(checkpoint.sequence))
        self.automat = changed(
            self.automat, checkpoints=self.automat.checkpoints.set(checkpoint.sequence, checkpoint)
        )

    def forget_checkpoint(self, sequence: int) -> None:
        """Remove a checkpoint."""
        self._forget(Checkpoint, str(sequence))
        self.automat = changed(self.automat, checkpoints=self.automat.checkpoints.delete(sequence))

    def prune(self, through: int) -> None:
        """Delete the journal's beginning up to a number."""
        self._changes[Pruned, ""] = Pruned(self.automat.epoch, through)
        self.put_facts(pruned_through=through)

    def put_facts(self, **changes: object) -> None:
        """Change some of the single values."""
        facts = replace(self.automat.facts, **changes)  # type: ignore[arg-type]  # names of the dataclass
        if facts != self.automat.facts:
            self._change(facts, "")
            self.automat = changed(self.automat, facts=facts)

    def raise_incident(self, kind: IncidentKind, about: str, detail: str) -> Incident:
        """Open an incident, once for the same matter; return the open one."""
        known = self.automat.open_incident(kind, about)
        if known is not None:
            return known
        number = self.automat.facts.incidents_numbered + 1
        incident = Incident(number, kind, about, detail, raised_at=self.now.wall_at)
        self.put_facts(incidents_numbered=number)
        self.put_incident(incident)
        self.record(EntryKind.INCIDENT_RAISED, number=number, incident=str(kind), about=about, detail=detail)
        return incident

    def clear_incident(self, kind: IncidentKind, about: str, why: str, **who: str) -> None:
        """Close the open incident about this matter, if there is one; `who`: at whose word."""
        incident = self.automat.open_incident(kind, about)
        if incident is None:
            return
        self.put_incident(replace(incident, cleared_at=self.now.wall_at))
        self.record(
            EntryKind.INCIDENT_CLEARED,
            number=incident.number,
            incident=str(kind),
            about=about,
            why=why,
            **who,
        )

    def put_incident(self, incident: Incident) -> None:
        """Write an incident, open or cleared."""
        self._change(incident, str(incident.number))
        self.automat = changed(
            index_incident(self.automat, incident),
            incidents=self.automat.incidents.set(incident.number, incident),
        )

    def forget_incident(self, number: int) -> None:
        """Remove an incident that was cleared long ago."""
        self._forget(Incident, str(number))
        agenda = self.automat.wall_agenda.with_due(("incident", str(number)), None)
        self.automat = changed(
            self.automat, incidents=self.automat.incidents.delete(number), wall_agenda=agenda
        )

    def mark_seen(self) -> None:
        """Write where both clocks stand, and do so again a heartbeat later."""
        due_s = self.now.powered_s + self.rules.heartbeat_s
        self.automat = changed(
            self.automat, powered_agenda=self.automat.powered_agenda.with_due(("heartbeat", ""), due_s)
        )
        seen = self.automat.last_seen.advanced(self.now, believed=self.automat.judges_time(self.now))
        self._change(seen, "")
        self.automat = changed(self.automat, last_seen=seen)

    # -- volatile things

    def put_look(self, label: str, look: Look | None) -> None:
        """Let a technician say what lies in a compartment, or no more."""
        looks = self.automat.looks
        if look is not None:
            self.automat = changed(self.automat, looks=looks.set(label, look))
        elif label in looks:
            self.automat = changed(self.automat, looks=looks.delete(label))

    def put_keypad(self, keypad: Keypad) -> None:
        """Change a keypad and its due time."""
        self.automat = changed(
            self.automat,
            keypads=self.automat.keypads.set(keypad.name, keypad),
            powered_agenda=self.automat.powered_agenda.with_due(("keypad", keypad.name), keypad.due_s),
        )

    def flow_at(self, keypad: str) -> Flow | None:
        """Return whose keys a keypad's are; None if the configuration no longer has this keypad."""
        known = self.automat.keypads.get(keypad)
        return None if known is None else known.flow

    def fit_contact(self, label: str, *, fitted: bool) -> None:
        """Let a door tell whether it moved, or no more: what was proved, not what is durable here."""
        contact = ContactKind.FITTED if fitted else ContactKind.MISSING
        box = self.automat.compartments[label]
        if box.fixture.contact is not contact:
            door = box.door if fitted else Door.UNKNOWN
            self.put_compartment(replace(box, fixture=replace(box.fixture, contact=contact), door=door))

    def set_due(self, what: str, due_s: float | None) -> None:
        """Let something of which there is only one be due at a powered time, or no more."""
        agenda = self.automat.powered_agenda.with_due((what, ""), due_s)
        self.automat = changed(self.automat, powered_agenda=agenda)

    def set_flow(self, keypad: str, flow: Flow, *, for_s: float | None = None) -> None:
        """Give a keypad's keys to a flow, for so many seconds or until something ends it."""
        due_s = None if for_s is None else self.now.powered_s + for_s
        self.put_keypad(replace(self.automat.keypads[keypad], flow=flow, due_s=due_s))

    def _dated(self, parcel: Parcel) -> Parcel:
        if parcel.state in OVER and parcel.closed_at is None and self.known_wall_at is not None:
            return replace(parcel, closed_at=self.known_wall_at)
        if parcel.closed_at is not None and parcel.state not in ENDED:
            parcel = replace(parcel, closed_at=None)  # announced anew, or found again
        if parcel.state is ParcelState.ANNOUNCED and parcel.announced_at is None:
            return replace(parcel, announced_at=self.known_wall_at)
        return parcel

    def _change(self, value: Durable, key: str) -> None:
        self._changes[type(value), key] = value

    def _forget(self, what: type, key: str) -> None:
        self._changes[what, key] = Forgotten(what, key)


def memory_ends_at(not_after: datetime) -> datetime:
    """Tell when a command of this age is forgotten, for it can no longer be applied anyway."""
    return min(not_after, LAST_DAY) + timedelta(days=1)


def restore(
    blank: Automat,
    *,
    compartments: Iterable[Compartment],
    parcels: Iterable[Parcel],
    credentials: Iterable[Credential],
    attempts: Iterable[Attempts],
    openings: Iterable[Opening],
    incidents: Iterable[Incident],
    commands: Iterable[CommandRecord],
    parked: Iterable[Parked],
    checkpoints: Iterable[Checkpoint] = (),
    earlier_epochs: Iterable[EarlierEpoch] = (),
    seen: Iterable[Seen],
    locks: Iterable[LockHealth] = (),
    audit: Audit | None = None,
    findings: Iterable[Finding] = (),
    facts: Facts,
    last_seen: LastSeen,
) -> Automat:
    """Build the state from what the database holds; every index and timer follows from it."""
    boxes = list(compartments)
    layout = layout_of(box.fixture for box in boxes)
    draft = Draft(
        changed(blank, facts=facts, last_seen=last_seen, layout=layout),
        Now(last_seen.wall_at, Trust.UNTRUSTED, 0),
    )
    _put_all(draft.put_compartment, boxes)
    _put_all(draft.put_opening, openings)
    _put_all(draft.put_parcel, parcels)
    _put_all(draft.put_credential, credentials)
    _put_all(draft.put_seen, seen)
    _put_all(draft.put_lock, locks)
    _put_all(draft.put_attempts, attempts)
    _put_all(draft.put_command, commands)
    _put_all(draft.put_parked, parked)
    _put_all(draft.put_checkpoint, checkpoints)
    _put_all(draft.put_earlier_epoch, earlier_epochs)
    _put_all(draft.put_incident, incidents)
    _put_all(draft.put_finding, findings)
    if audit is not None:
        draft.put_audit(audit)
    return draft.automat


def _put_all(put: Callable[[Thing], None], things: Iterable[Thing]) -> None:
    for thing in things:
        put(thing)
