"""One door from pulse to proof: moves openings through their table and says what became of them.

Knows nothing of parcels. A flow begins an opening and is told its outcomes; `decide` joins the two.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from locker.domain.changing import changed
from locker.domain.commands import Mode
from locker.domain.compartments import Compartment, Condition, ContactKind
from locker.domain.draft import Draft
from locker.domain.events import Door, Key, PulseNotSent, PulseSent
from locker.domain.flows import wear
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Unlock
from locker.domain.journal import EntryKind
from locker.domain.keypad import Confirming, ConfirmingRemoval, ConfirmingSending, Judging, Naming
from locker.domain.openings import TRANSITIONS, Happening, Opening, Purpose, Stage
from locker.domain.parcels import Role
from locker.domain.times import rfc3339

WITH_EVIDENCE = Confirming | ConfirmingRemoval | ConfirmingSending | Judging | Naming
"""Flows of people whose door was shut again and who have to say what lies behind it."""
CONFIRMED = (Purpose.DEPOSIT, Purpose.DROP_OFF, Purpose.COLLECT, Purpose.INSPECT)
"""Why a door is opened for a person who has to say what lies behind it."""
OF_TECHNICIANS = (Purpose.SERVICE, Purpose.TEST)
"""Why a door is opened at the word of a technician at the local socket."""


WRONG_DOOR_BLOCK = "its wiring is in doubt: prove it with `lockerctl commission`"
LOCK_FAILED = "the lock did not open"
PULSED_UNMOVED = "its lock was pulsed and its door did not move; it was not pulsed again"
PULSED_UNSEEN = "its lock was pulsed after all, and no contact saw whether the door opened"
FREED_UNSEEN = "its lock was pulsed, and whether the door opened while the automat was down nobody saw"


class Outcome(StrEnum):
    """What a flow is told of its opening."""

    OPENED = "opened"
    SHUT = "shut"
    PULSED_AGAIN = "pulsed-again"
    NOT_OPENED = "not-opened"
    REMINDED = "reminded"
    LEFT_OPEN = "left-open"
    UNPROVEN = "unproven"  # pulsed, but there is no contact to prove more
    GIVEN_UP = "given-up"  # a lock that had not opened did not free itself later either


@dataclass(frozen=True, slots=True)
class Progress:
    """An outcome and the opening as it stood before the move that led to it.

    `cut_short`: the daemon was not there to see the end of it.
    """

    outcome: Outcome
    opening: Opening
    cut_short: bool = False


def begin(
    draft: Draft,
    label: str,
    purpose: Purpose,
    *,
    keypad: str,
    tracking_id: str | None,
    person: str | None = None,
    reason: str | None = None,
    user: str | None = None,
) -> None:
    """Start an opening with its first pulse; replaces a late one of the same door."""
    _outdate(draft, label)
    compartment = draft.automat.compartments[label]
    # A board that is silent now may answer the pulse: only a contact that cannot tell makes us blind.
    blind = compartment.fixture.contact is ContactKind.MISSING or compartment.door is Door.OPEN
    if label in draft.automat.pulses_told:
        draft.automat = changed(draft.automat, pulses_told=draft.automat.pulses_told.delete(label))
    _pulse(
        draft,
        Opening(
            compartment=label,
            purpose=purpose,
            keypad=keypad,
            tracking_id=tracking_id,
            started_at=draft.now.wall_at,
            stage=Stage.BLIND if blind else Stage.WAITING,
            person=person,
            reason=reason,
            user=user,
        ),
    )


def press_blind(draft: Draft, label: str, key: Key) -> Progress | None:
    """Let OK end an opening that no contact can prove; None if this key does not."""
    opening = draft.automat.openings.get(label)
    if opening is None or opening.stage is not Stage.BLIND or key is not Key.OK:
        return None
    return finish_blind(draft, opening)


def note_pulse_sent(draft: Draft, event: PulseSent) -> None:
    """Keep the evidence that a frame left; what is told twice left once."""
    opening, told = draft.automat.openings.get(event.compartment), draft.automat.pulses_told
    if opening is None or event.number != opening.pulses or told.get(event.compartment) == event.number:
        return
    draft.automat = changed(draft.automat, pulses_told=told.set(event.compartment, event.number))
    due_s = opening.due_s
    if opening.stage is Stage.BLIND:
        due_s = draft.now.powered_s + draft.rules.left_open_alarm_s
    draft.put_opening(replace(opening, pulses_sent=opening.pulses_sent + 1, due_s=due_s))
    box = draft.automat.compartments[event.compartment]
    unseen = opening.stage is Stage.LATE and box.fixture.contact is ContactKind.MISSING
    if unseen and box.condition is Condition.SOUND:
        draft.change_compartment(box.label, condition=Condition.SUSPECT, reason=PULSED_UNSEEN)


def note_pulse_not_sent(draft: Draft, event: PulseNotSent) -> None:
    """Record that an intent came to nothing; the opening's own time decides what follows."""
    opening = draft.automat.openings.get(event.compartment)
    draft.record(
        EntryKind.PULSE_FAILED,
        opening.tracking_id if opening else None,
        compartment=event.compartment,
        number=event.number,
        reason=event.reason,
    )


def note_door(draft: Draft, label: str, door: Door) -> Progress | None:
    """Take a door's new state in; say what it means for the opening under way, if there is one."""
    compartment = draft.automat.compartments.get(label)
    if compartment is None or compartment.fixture.contact is ContactKind.MISSING:
        return None
    before = compartment.door
    if before is door:
        return None
    draft.change_compartment(label, door=door)
    if door is not Door.SHUT:
        draft.put_look(label, None)  # what was seen inside may no longer be what lies there
    opening = draft.automat.openings.get(label)
    if opening is None and draft.automat.facts.commission:
        return None  # wiring is being proved: `commission` knows what it means
    if opening is None:
        _note_unasked(draft, label, before, door)
        sprang_open = before is Door.SHUT and door is Door.OPEN  # of a door that was unknown nobody can tell
        return _note_stray(draft, label) if sprang_open else None
    happening = {Door.OPEN: Happening.DOOR_OPENED, Door.SHUT: Happening.DOOR_SHUT}.get(door)
    if happening is None or (opening.stage, happening) not in TRANSITIONS:
        return None
    if happening is Happening.DOOR_OPENED:
        return _opened(draft, opening)
    _shut(draft, opening)
    if opening.stage is Stage.BLIND and opening.pulses_sent == 0:
        return Progress(Outcome.NOT_OPENED, opening)
    outcome = Outcome.UNPROVEN if opening.stage is Stage.BLIND else Outcome.SHUT
    return Progress(outcome, opening)


def note_found(draft: Draft, label: str, door: Door) -> None:
    """Take in, at start-up, what a door says of which no opening is under way."""
    before = draft.automat.compartments[label].door
    draft.change_compartment(label, door=door)
    if before is not door:
        _note_unasked(draft, label, before, door)


def note_due(draft: Draft, label: str) -> Progress | None:
    """Let an opening's time run out."""
    opening = draft.automat.openings[label]
    match opening.stage:
        case Stage.WAITING:
            return _pulse_again_or_give_up(draft, opening)
        case Stage.OPEN if not opening.reminded:
            opened_s = opening.opened_s if opening.opened_s is not None else draft.now.powered_s
            due_s = opened_s + draft.rules.left_open_alarm_s
            draft.put_opening(replace(opening, reminded=True, due_s=due_s))
            return Progress(Outcome.REMINDED, opening)
        case Stage.OPEN:
            return _left_open(draft, opening)
        case Stage.BLIND if opening.pulses_sent == 0:
            return _pulse_again_or_give_up(draft, opening)
        case Stage.BLIND:
            return finish_blind(draft, opening)
        case Stage.LATE:
            _move(draft, opening, Happening.ALARM_TIME)
            return Progress(Outcome.GIVEN_UP, opening)
        case Stage.LEFT_OPEN:
            return None


def asked_by(opening: Opening) -> dict[str, str | None]:
    """Return who asked for this door at the local socket, and why, as the journal has it."""
    if opening.user is None:
        return {}
    return {"user": opening.user, "technician": opening.person, "reason": opening.reason}


def blames_lock(draft: Draft, opening: Opening) -> bool:
    """Tell whether a door that did not open is its lock's fault: it was pulsed as often as allowed."""
    return opening.stray is None and opening.pulses_sent > 0 and opening.pulses >= draft.rules.pulses


def judge_unopened(draft: Draft, opening: Opening) -> None:
    """Judge a box that was empty and whose door did not open: as empty as it was, if no pulse was sent."""
    condition, reason = Condition.SUSPECT, PULSED_UNMOVED
    if blames_lock(draft, opening):
        condition, reason = Condition.FAULTY, LOCK_FAILED
    elif opening.stray is not None:
        reason = WRONG_DOOR_BLOCK
    elif opening.pulses_sent == 0:
        draft.change_compartment(opening.compartment, condition=Condition.SOUND, reason=None)
        return
    draft.change_compartment(opening.compartment, condition=condition, reason=reason)


def finish_blind(draft: Draft, opening: Opening) -> Progress | None:
    """End an opening that no contact can prove: by the person's OK or by time."""
    if opening.pulses_sent == 0:
        return None
    _move(draft, opening, Happening.ALARM_TIME)
    return Progress(Outcome.UNPROVEN, opening)


def recover(draft: Draft, opening: Opening) -> Progress | None:
    """Judge, at start-up, an opening that the daemon did not see the end of; every door has been read.

    Nothing is pulsed again by itself. A door that now stands open, or that was seen open before and is
    now shut, is evidence; a door that is shut and was never seen open is none: it may have been open
    meanwhile, so somebody has to look into a box whose lock was given up before.
    """
    compartment = draft.automat.compartments[opening.compartment]
    door, now_s = compartment.door, draft.now.powered_s
    if compartment.fixture.contact is ContactKind.MISSING and (opening.stage, Happening.CONTACT_GONE) in (
        TRANSITIONS
    ):
        _move(draft, opening, Happening.CONTACT_GONE)
        return Progress(Outcome.UNPROVEN, opening, cut_short=True)
    match opening.stage, door:
        case ((Stage.WAITING | Stage.LATE), Door.OPEN):
            return _opened(draft, opening)
        case (Stage.WAITING, _) if opening.stray is not None:
            return _wrong_door(draft, opening, opening.stray, cut_short=True)
        case ((Stage.WAITING | Stage.BLIND), _):
            return _cut_short(draft, opening)
        case ((Stage.OPEN | Stage.LEFT_OPEN), Door.SHUT):
            _shut(draft, opening, unseen=True)
            return Progress(Outcome.SHUT, opening, cut_short=True)
        case Stage.OPEN, _:
            due_s = now_s + draft.rules.left_open_reminder_s
            draft.put_opening(replace(opening, reminded=False, opened_s=now_s, due_s=due_s))
            return Progress(Outcome.OPENED, opening)
        case Stage.LATE, _:
            if opening.pulses_sent or draft.automat.expected_in(opening.compartment) is None:
                _doubt(draft, compartment, FREED_UNSEEN)
            return None
        case _:
            return None


def _outdate(draft: Draft, label: str) -> None:
    """Take the evidence from people who still have to say what lies behind a door that opens anew."""
    draft.put_look(label, None)
    for keypad in draft.automat.keypads.values():
        flow = keypad.flow
        if isinstance(flow, WITH_EVIDENCE) and flow.compartment == label:
            outdated = replace(flow, evidence=replace(flow.evidence, outdated=True))
            draft.put_keypad(replace(keypad, flow=outdated))


def _pulse(draft: Draft, opening: Opening) -> None:
    label, number = opening.compartment, opening.pulses + 1
    draft.put_opening(replace(opening, pulses=number, due_s=draft.now.powered_s + draft.rules.open_wait_s))
    draft.record(
        EntryKind.PULSE_INTENDED,
        opening.tracking_id,
        compartment=opening.compartment,
        number=number,
        of=draft.rules.pulses,
        purpose=str(opening.purpose),
        keypad=opening.keypad,
        **asked_by(opening),
    )
    doubt = draft.automat.open_incident(IncidentKind.WRONG_DOOR, label)
    if doubt is None:
        draft.intend(Unlock(label, number))
    else:
        note_pulse_not_sent(draft, PulseNotSent(label, number, f"incident {doubt.number}: {doubt.detail}"))


def _move(draft: Draft, opening: Opening, happening: Happening, **changes: object) -> None:
    """Move an opening as the table says; end it where the table says so."""
    stage = opening.after(happening)
    if stage is None:
        draft.end_opening(opening.compartment)
    else:
        draft.put_opening(replace(opening, stage=stage, **changes))  # type: ignore[arg-type]  # its names


def _opened(draft: Draft, opening: Opening) -> Progress:
    draft.record(
        EntryKind.DOOR_OPENED,
        opening.tracking_id,
        compartment=opening.compartment,
        purpose=str(opening.purpose),
        pulsesintended=opening.pulses,
        late=True if opening.stage is Stage.LATE else None,
    )
    # Whoever has to confirm has gone on: no keypad gets this door back, not even after a restart.
    gone_on = opening.stage is Stage.LATE and opening.purpose in CONFIRMED
    _move(
        draft,
        opening,
        Happening.DOOR_OPENED,
        keypad="" if gone_on else opening.keypad,
        opened_at=draft.now.wall_at,
        opened_s=draft.now.powered_s,
        reminded=False,
        stray=None,  # it opened as well: the other door is a matter of its own
        due_s=draft.now.powered_s + draft.rules.left_open_reminder_s,
    )
    return Progress(Outcome.OPENED, opening)


def _shut(draft: Draft, opening: Opening, *, unseen: bool = False) -> None:
    draft.record(
        EntryKind.DOOR_CLOSED,
        opening.tracking_id,
        compartment=opening.compartment,
        purpose=str(opening.purpose),
        unseen=unseen or None,
    )
    _move(draft, opening, Happening.DOOR_SHUT)


def _pulse_again_or_give_up(draft: Draft, opening: Opening) -> Progress:
    if opening.stray is not None:
        return _wrong_door(draft, opening, opening.stray)
    if opening.pulses < draft.rules.pulses and _may_pulse_again(draft, opening):
        if opening.pulses_sent:
            wear.note_pulsed_again(draft, opening.compartment)
        _pulse(draft, opening)
        return Progress(Outcome.PULSED_AGAIN, opening)
    if opening.pulses_sent:
        wear.note_given_up(draft, opening.compartment)
    late_s = draft.now.powered_s + draft.rules.late_opening_s
    _move(draft, opening, Happening.PULSED_IN_VAIN, due_s=late_s)
    return Progress(Outcome.NOT_OPENED, opening)


def _note_stray(draft: Draft, label: str) -> Progress | None:
    """A door opened that nobody pulsed: it may be what the pulse for another door did."""
    for opening in draft.automat.openings.values():
        waits = opening.stage in (Stage.WAITING, Stage.BLIND) and opening.pulses_sent > 0
        if not waits or opening.stray is not None:
            continue
        since_s = draft.now.powered_s - (opening.due_s or 0.0)
        if opening.stage is Stage.WAITING:
            draft.put_opening(replace(opening, stray=label))  # judged when its own time to open is over
        elif since_s <= draft.rules.open_wait_s - draft.rules.left_open_alarm_s:
            return _wrong_door(draft, replace(opening, stray=label), label)
    return None


def _wrong_door(draft: Draft, opening: Opening, other: str, *, cut_short: bool = False) -> Progress:
    """The pulse for one door opened another: nothing opens either of them until both are proved."""
    label = opening.compartment
    _move(draft, opening, Happening.WRONG_DOOR)
    detail = f"the pulse for {label} opened {other}; prove both with `lockerctl commission`"
    for doubted in (label, other):
        box = draft.automat.compartments.get(doubted)
        if box is None:
            continue  # the configuration no longer has it
        draft.raise_incident(IncidentKind.WRONG_DOOR, doubted, detail)
        draft.change_compartment(doubted, blocked=box.blocked or WRONG_DOOR_BLOCK)
        if box.condition is Condition.SOUND:
            draft.change_compartment(doubted, condition=Condition.SUSPECT, reason=detail)
    return Progress(Outcome.NOT_OPENED, opening, cut_short)


def _may_pulse_again(draft: Draft, opening: Opening) -> bool:
    """Tell whether a door may be pulsed now: in frozen mode only a technician's (domain.md 7)."""
    if draft.automat.facts.mode is not Mode.FROZEN:
        return True
    if opening.purpose in OF_TECHNICIANS:
        return True
    credential = draft.automat.credentials.get(opening.person or "")
    return (
        opening.purpose is Purpose.INSPECT and credential is not None and credential.role is Role.TECHNICIAN
    )


def _cut_short(draft: Draft, opening: Opening) -> Progress:
    draft.raise_incident(
        IncidentKind.OPENING_INTERRUPTED,
        opening.compartment,
        f"pulse {opening.pulses} of a {opening.purpose} was intended at {rfc3339(opening.started_at)}; "
        "the door was never seen open",
    )
    _move(draft, opening, Happening.CUT_SHORT, due_s=draft.now.powered_s + draft.rules.late_opening_s)
    return Progress(Outcome.NOT_OPENED, opening, cut_short=True)


def _left_open(draft: Draft, opening: Opening) -> Progress:
    _move(draft, opening, Happening.ALARM_TIME, due_s=None)
    draft.record(
        EntryKind.DOOR_LEFT_OPEN,
        opening.tracking_id,
        compartment=opening.compartment,
        purpose=str(opening.purpose),
    )
    draft.raise_incident(
        IncidentKind.DOOR_LEFT_OPEN, opening.compartment, f"open for {draft.rules.left_open_alarm_s:g} s"
    )
    return Progress(Outcome.LEFT_OPEN, opening)


def _note_unasked(draft: Draft, label: str, before: Door, door: Door) -> None:
    compartment = draft.automat.compartments[label]
    if door is Door.OPEN:
        draft.record(EntryKind.DOOR_OPENED, compartment.tracking_id, compartment=label, unasked=True)
        draft.raise_incident(
            IncidentKind.DOOR_OPENED_UNASKED, label, f"the contact went from {before} to open without a pulse"
        )
        _doubt(draft, compartment, "the door was opened by nobody we know")
    elif door is Door.SHUT and before is Door.OPEN:
        draft.record(EntryKind.DOOR_CLOSED, compartment.tracking_id, compartment=label, unasked=True)


def _doubt(draft: Draft, compartment: Compartment, reason: str) -> None:
    """Let somebody look into a box: what is on record for it may be gone, and what is not may lie there."""
    if compartment.condition is Condition.SOUND:
        draft.change_compartment(compartment.label, condition=Condition.SUSPECT, reason=reason)
