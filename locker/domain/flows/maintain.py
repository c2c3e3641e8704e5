"""What technicians ask for at the local socket: one flat table of it, and the doors that open for them.

A door opens for one technician at a time, and whoever opened it says what lies inside once it is shut again:
until then the box is suspect. Refusals are reasons, told to whoever asked; `locker.api.maintenance` puts them
into words.
"""

from dataclasses import replace

from locker.domain.compartments import Condition, ContactKind
from locker.domain.draft import Draft
from locker.domain.events import Door, LockTimed
from locker.domain.flows import audit, finding, settle, steering, trials, verdicts
from locker.domain.flows.doors import OF_TECHNICIANS, Outcome, Progress, begin, finish_blind
from locker.domain.flows.looking import (
    evidence_data,
    evidence_of,
    in_use,
    lose,
    note_not_opened,
    report_missing,
    still_open,
)
from locker.domain.flows.storing import DAMAGED
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.maintenance import (
    AcknowledgeIncident,
    Action,
    BeginAudit,
    BlockDoor,
    ClearIncident,
    CycleLock,
    EndAudit,
    Look,
    Maintainer,
    OpenDoor,
    ReleaseKeypad,
    SayFound,
    SkipInAudit,
    TryDevice,
    UnblockDoor,
    Verdict,
)
from locker.domain.openings import Evidence, Opening, Purpose, Stage
from locker.domain.parcels import Parcel, Role

UNDER_WAY = (Stage.WAITING, Stage.OPEN, Stage.BLIND)


def take(draft: Draft, by: Maintainer, action: Action) -> None:  # noqa: C901  (one flat table of what can be asked)
    """Do what a technician asks for, or say why not, having changed nothing."""
    match action:
        case OpenDoor():
            _open(draft, by, action.compartment, Purpose.SERVICE, action.reason)
        case CycleLock():
            _open(draft, by, action.compartment, Purpose.TEST, None)
        case SayFound():
            _say_found(draft, by, action)
        case BlockDoor():
            who = {"user": by.user, "technician": by.technician}
            _refuse(draft, steering.take_out_of_use(draft, action.compartment, action.reason, **who))
        case UnblockDoor():
            _unblock(draft, by, action.compartment)
        case AcknowledgeIncident():
            settle.acknowledge(draft, by, action)
        case ClearIncident():
            settle.clear(draft, by, action)
        case ReleaseKeypad():
            trials.release(draft, by, action)
        case TryDevice():
            trials.try_device(draft, by, action)
        case BeginAudit():
            audit.begin(draft, by, action)
        case SkipInAudit():
            audit.skip(draft, by, action)
        case EndAudit():
            audit.end(draft, by, action)


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened for a technician."""
    opening = progress.opening
    match progress.outcome:
        case Outcome.OPENED:
            if opening.stage is not Stage.OPEN:  # it was open before a restart as well
                _record_opened(draft, opening)
        case Outcome.SHUT | Outcome.UNPROVEN:
            _shut(draft, progress)
        case Outcome.NOT_OPENED:
            _not_opened(draft, opening, cut_short=progress.cut_short)
        case Outcome.LEFT_OPEN:
            _note_tested(draft, opening, "left open")
            _leave(draft, opening, "door left open")
        case Outcome.PULSED_AGAIN | Outcome.REMINDED | Outcome.GIVEN_UP:
            pass


def note_timed(draft: Draft, event: LockTimed) -> None:
    """Keep how long a lock under test took to open; its test is recorded when the door is shut."""
    opening = draft.automat.openings.get(event.compartment)
    if opening is not None and opening.purpose is Purpose.TEST and event.pulse_to_open_s >= 0:
        took_ms = round(event.pulse_to_open_s * 1000)
        tested_ms = draft.automat.tested_ms.set(event.compartment, took_ms)
        draft.automat = replace(draft.automat, tested_ms=tested_ms)


def _open(draft: Draft, by: Maintainer, label: str, purpose: Purpose, reason: str | None) -> None:
    refusal = _door_refusal(draft, label)
    if refusal is not None:
        draft.refuse(refusal)
        return
    if label in draft.automat.tested_ms:
        draft.automat = replace(draft.automat, tested_ms=draft.automat.tested_ms.delete(label))
    begin(
        draft,
        label,
        purpose,
        keypad="",
        tracking_id=draft.automat.compartments[label].tracking_id,
        person=by.technician,
        reason=reason,
        user=by.user,
    )


def _door_refusal(draft: Draft, label: str) -> str | None:
    """Say why this door may not be opened for a technician now. No mode and no full disk forbids it."""
    automat = draft.automat
    if label not in automat.compartments:
        return "unknown-compartment"
    if automat.facts.commission:
        return "being-serviced"
    if automat.open_incident(IncidentKind.WRONG_DOOR, label) is not None:
        return "wiring-in-doubt"
    if in_use(draft, label, ""):
        return "opening-under-way"
    openings = automat.openings.values()
    if any(each.purpose in OF_TECHNICIANS and each.stage in UNDER_WAY for each in openings):
        return "another-under-way"
    return None


def _unblock(draft: Draft, by: Maintainer, label: str) -> None:
    box = draft.automat.compartments.get(label)
    doubted = draft.automat.open_incident(IncidentKind.WRONG_DOOR, label) is not None
    if doubted and box is not None and box.blocked is not None:
        draft.refuse("wiring-in-doubt")
    else:
        _refuse(draft, steering.take_into_use(draft, label, user=by.user, technician=by.technician))


def _refuse(draft: Draft, reason: str | None) -> None:
    if reason is not None:
        draft.refuse(reason)


# -- what became of the door


def _record_opened(draft: Draft, opening: Opening) -> None:
    label = opening.compartment
    draft.record(
        EntryKind.OPENED_BY_PERSON,
        opening.tracking_id,
        compartment=label,
        purpose=str(opening.purpose),
        user=opening.user,
        technician=opening.person,
        reason=opening.reason,
    )
    draft.clear_incident(IncidentKind.OPENING_INTERRUPTED, label, "the door opened")


def _shut(draft: Draft, progress: Progress) -> None:
    opening = progress.opening
    label = opening.compartment
    draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, label, "the door was shut, or its contact is gone")
    if opening.stage is Stage.LEFT_OPEN:
        return  # the technician left long ago
    if opening.stage is Stage.BLIND:
        _record_opened(draft, opening)
    evidence = evidence_of(draft, progress)
    _note_tested(draft, opening, "opened" if evidence.opened_at else "unproven")
    if progress.cut_short or (evidence.shut_at is None and not _unseen(draft, label)):
        _leave(draft, opening, "nobody saw the door shut")
        return
    verdicts.await_word(draft, label, evidence, Role.TECHNICIAN)
    draft.put_look(label, Look(Maintainer(opening.user or "", opening.person or ""), evidence))


def _not_opened(draft: Draft, opening: Opening, *, cut_short: bool) -> None:
    _note_tested(draft, opening, "interrupted" if cut_short else "did not open")
    if cut_short:
        _leave(draft, opening, "interrupted")
    else:
        note_not_opened(draft, opening, f"for technician {opening.person}")


def _leave(draft: Draft, opening: Opening, why: str) -> None:
    who = {"user": opening.user, "technician": opening.person}
    verdicts.leave(draft, opening.compartment, why, opening.tracking_id, **who)


def _note_tested(draft: Draft, opening: Opening, result: str) -> None:
    if opening.purpose is not Purpose.TEST:
        return
    draft.record(
        EntryKind.HARDWARE_TESTED,
        opening.tracking_id,
        compartment=opening.compartment,
        result=result,
        pulsesintended=opening.pulses,
        pulsessent=opening.pulses_sent,
        milliseconds=draft.automat.tested_ms.get(opening.compartment),
        user=opening.user,
        technician=opening.person,
    )


# -- what was found inside


def _say_found(draft: Draft, by: Maintainer, action: SayFound) -> None:
    label = action.compartment
    if label not in draft.automat.compartments:
        draft.refuse("unknown-compartment")
        return
    opening = _ended_by_word(draft, by, label)
    refusal = None if opening is not None else _look_refusal(draft, by, label)
    refusal = refusal or _verdict_refusal(draft, action)
    if refusal is not None:
        draft.refuse(refusal)
        return
    progress = None if opening is None else finish_blind(draft, opening)
    if progress is not None:
        note(draft, progress)
    look = draft.automat.looks[label]
    draft.put_look(label, None)
    _judge(draft, by, action, look)


def _ended_by_word(draft: Draft, by: Maintainer, label: str) -> Opening | None:
    """Return the opening under way that only a word can end: its lock was pulsed, and no contact is there.

    Whoever had it opened knows what lies inside; another has it opened again.
    """
    opening = draft.automat.openings.get(label)
    if opening is None or opening.purpose not in OF_TECHNICIANS or not _unseen(draft, label):
        return None
    pulsed = opening.stage is Stage.BLIND and opening.pulses_sent > 0
    return opening if pulsed and opening.person == by.technician else None


def _look_refusal(draft: Draft, by: Maintainer, label: str) -> str | None:
    """Say why this technician's word on this box does not count now."""
    if draft.automat.compartments[label].door is Door.OPEN:
        return "door-open"  # also where its contact is stuck: mend it, or prove that there is none
    look = draft.automat.looks.get(label)
    if look is None or look.by.technician != by.technician:
        return "not-looked"
    return "door-open" if still_open(draft, label, look.evidence) else None


def _unseen(draft: Draft, label: str) -> bool:
    """Tell whether no contact can see this door."""
    return draft.automat.compartments[label].fixture.contact is ContactKind.MISSING


def _verdict_refusal(draft: Draft, action: SayFound) -> str | None:
    """Say why this cannot be what lies inside."""
    if action.verdict is Verdict.EMPTY and draft.automat.compartments[action.compartment].goods:
        return "something-inside"
    if action.tracking_id is None:
        return None
    if action.verdict is not Verdict.PARCEL:
        return "parcel-named-in-vain"
    named = finding.by_label(draft, action.tracking_id)
    if not isinstance(named, str):
        return "unknown-tracking-id"
    expected = draft.automat.expected_in(action.compartment)
    if expected is not None and expected.tracking_id == named:
        return None
    return None if finding.may_enter(draft, named) else "parcel-not-awaited"


def _judge(draft: Draft, by: Maintainer, action: SayFound, look: Look) -> None:
    label, evidence = action.compartment, look.evidence
    expected = draft.automat.expected_in(label)
    was = None if expected is None else expected.tracking_id
    inside: str | None = None
    match action.verdict:
        case Verdict.EMPTY:
            _record(draft, by, label, "empty", was, evidence)
            who = {"user": by.user, "technician": by.technician}
            verdicts.empty(draft, label, expected, evidence, Role.TECHNICIAN, **who)
        case Verdict.PARCEL:
            named = finding.by_label(draft, action.tracking_id) if action.tracking_id else was
            inside = named if isinstance(named, str) else None
            _parcel(draft, by, label, inside, expected, evidence)
        case Verdict.DIRTY:
            _record(draft, by, label, "dirty", was, evidence)
            verdicts.dirty(draft, label, f"technician {by.technician}")
        case Verdict.DAMAGED:
            _record(draft, by, label, "damaged", was, evidence)
            draft.change_compartment(label, condition=Condition.FAULTY, reason=DAMAGED)
            draft.raise_incident(
                IncidentKind.COMPARTMENT_DAMAGED, label, f"{DAMAGED}, technician {by.technician}"
            )
    audit.note_verdict(draft, by, label, action.verdict, inside, was)


def _parcel(
    draft: Draft,
    by: Maintainer,
    label: str,
    inside: str | None,
    expected: Parcel | None,
    evidence: Evidence,
) -> None:
    if inside is None:
        _record(draft, by, label, "occupied", None, evidence)
        verdicts.unnamed(draft, label, f"technician {by.technician}")
    elif expected is not None and expected.tracking_id == inside:
        _record(draft, by, label, "as expected", inside, evidence)
        verdicts.as_expected(draft, label)
        draft.clear_incident(IncidentKind.PARCEL_STUCK, label, "a technician has looked")
    else:
        who = {"user": by.user, "technician": by.technician}
        if expected is not None:
            lose(draft, expected, label, evidence, **who)
        finder = finding.Finder(label, by.technician, Role.TECHNICIAN, evidence, by.user)
        finding.enter(draft, finder, inside)
        _record(draft, by, label, "parcel", inside, evidence)
        if expected is not None:  # after the box was settled by what does lie inside
            report_missing(draft, expected, label, **who)


def _record(
    draft: Draft, by: Maintainer, label: str, verdict: str, tracking_id: str | None, evidence: Evidence
) -> None:
    draft.record(
        EntryKind.COMPARTMENT_INSPECTED,
        tracking_id,
        compartment=label,
        verdict=verdict,
        user=by.user,
        technician=by.technician,
        audit=audit.number_of(draft),
        **evidence_data(evidence),
    )
