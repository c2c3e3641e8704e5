"""Pick-up: a right code opens the door of its parcel, and the door's own words make the receipt.

Grade A: code accepted, lock pulsed, door seen open, door seen shut. Grade B: no trustworthy contact.
Grade C: opened, never seen shut. A door that never moved is an attempt, no handover (domain.md 3).
"""

from dataclasses import replace

from locker.domain.commands import Mode
from locker.domain.compartments import Condition, ContactKind
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows.doors import (
    FREED_UNSEEN,
    LOCK_FAILED,
    Outcome,
    Progress,
    begin,
    blames_lock,
    press_blind,
)
from locker.domain.flows.looking import LOCK_FAILED_UNJUDGED, NOT_JUDGED, doubt
from locker.domain.flows.storing import make_sound
from locker.domain.incidents import MEANING, IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, ConfirmingRemoval, Entering, Idle, PickingUp
from locker.domain.messages import Message, Text, say
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import Parcel, ParcelMove, ParcelState
from locker.domain.times import rfc3339

UNSETTLED = (
    IncidentKind.DEPOSIT_UNCONFIRMED,
    IncidentKind.REMOVAL_UNCONFIRMED,
    IncidentKind.COMPARTMENT_OCCUPIED,
    IncidentKind.COMPARTMENT_DIRTY,
)
"""Matters of a box that no pick-up settles: somebody has to look inside."""


def accept_code(draft: Draft, keypad: str, parcels: list[Parcel]) -> None:
    """Answer a right code: open what may be opened, one door after another, or say why not."""
    stored = [p for p in parcels if p.state is ParcelState.STORED and not p.unpaid]
    unpaid = [p for p in parcels if p.state is ParcelState.STORED and p.unpaid]
    again = [parcel for parcel in parcels if parcel.state is ParcelState.COLLECTED]
    if stored or again:
        for parcel in stored:
            draft.record(
                EntryKind.CODE_ACCEPTED, parcel.tracking_id, keypad=keypad, compartment=parcel.compartment
            )
        draft.sound(keypad, Tone.RIGHT)
        next_door(draft, keypad, tuple(parcel.tracking_id for parcel in stored or again))
        return
    for parcel in unpaid:
        draft.record(EntryKind.CODE_UNPAID, parcel.tracking_id, keypad=keypad)
    if unpaid:
        draft.answer(keypad, say(Text.UNPAID, phone=draft.automat.identity.customer_service))
        draft.sound(keypad, Tone.WRONG)
        return
    for parcel in parcels:
        draft.record(EntryKind.CODE_OVERDUE, parcel.tracking_id, keypad=keypad)
    draft.answer(keypad, say(Text.OVERDUE, phone=draft.automat.identity.customer_service))
    draft.sound(keypad, Tone.WRONG)


def next_door(draft: Draft, keypad: str, waiting: tuple[str, ...]) -> None:
    """Open the next parcel's door; say thank you when there is none left."""
    if draft.automat.facts.mode is Mode.FROZEN:
        draft.answer(keypad, say(Text.FROZEN, phone=draft.automat.identity.customer_service))
        draft.sound(keypad, Tone.WRONG)
        return
    for index, tracking_id in enumerate(waiting):
        parcel = draft.automat.parcels.get(tracking_id)
        if parcel is None or parcel.compartment is None:
            continue
        label, rest = parcel.compartment, waiting[index + 1 :]
        if label not in draft.automat.compartments:
            _not_configured(draft, keypad, parcel, rest)
            return
        opening = draft.automat.openings.get(label)
        if opening is not None and opening.stage is not Stage.LATE:
            draft.answer(keypad, say(Text.CLOSE_DOOR, label=label))  # under way already, or left open
            draft.sound(keypad, Tone.REMIND)
            return
        if _may_be_in_a_courier_s_hand(draft, label):
            # Behind this door there may be nothing any more: opening it would prove no handover.
            _pause(draft, keypad, say(Text.DOOR_IN_USE, label=label), rest, Tone.WRONG)
            return
        if parcel.state is ParcelState.STORED:
            purpose = Purpose.PICKUP
        elif parcel.state is ParcelState.COLLECTED:
            purpose = Purpose.REOPEN
            draft.record(EntryKind.PARCEL_REOPENED, tracking_id, compartment=label, keypad=keypad)
        else:
            continue
        begin(draft, label, purpose, keypad=keypad, tracking_id=tracking_id)
        draft.set_flow(keypad, PickingUp(label, rest))
        blind = draft.automat.openings[label].stage is Stage.BLIND
        draft.show(keypad, say(Text.TAKE_PARCEL_NO_CONTACT if blind else Text.OPENING, label=label))
        return
    draft.answer(keypad, say(Text.THANK_YOU))
    draft.sound(keypad, Tone.RIGHT)


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened for a recipient."""
    opening = progress.opening
    label = opening.compartment
    match progress.outcome:
        case Outcome.OPENED:
            _return_to_keypad(draft, opening)
            _prompt(draft, opening, say(Text.TAKE_PARCEL, label=label))
        case Outcome.PULSED_AGAIN:
            _prompt(draft, opening, say(Text.PRESS_DOOR, label=label))
        case Outcome.REMINDED:
            _prompt(draft, opening, say(Text.CLOSE_DOOR, label=label), Tone.REMIND)
        case Outcome.NOT_OPENED:
            _not_opened(draft, opening, cut_short=progress.cut_short)
        case Outcome.LEFT_OPEN:
            if opening.purpose is Purpose.PICKUP and not _still_inside(draft, opening):
                hand_over(draft, opening, "C")
            _end_at_keypad(draft, opening, say(Text.LEFT_OPEN, label=label), Tone.REMIND)
        case Outcome.SHUT:
            _shut(draft, opening)
        case Outcome.UNPROVEN:
            _unproven(draft, opening)
        case Outcome.GIVEN_UP:
            pass


def hand_over(draft: Draft, opening: Opening, grade: str) -> None:
    """Record that custody has passed, with all the evidence there is."""
    parcel = draft.automat.parcels[opening.tracking_id or ""]
    shut = grade == "A"
    draft.record(
        EntryKind.PARCEL_HANDED_OVER,
        parcel.tracking_id,
        grade=grade,
        compartment=opening.compartment,
        keypad=opening.keypad,
        codeaccepted=rfc3339(opening.started_at),
        pulsesintended=opening.pulses,
        pulsessent=opening.pulses_sent,
        dooropened=rfc3339(opening.opened_at) if opening.opened_at else None,
        doorclosed=rfc3339(draft.now.wall_at) if shut else None,
    )
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.HAND_OVER),
            closed_at=draft.known_wall_at,
            reopen_until_s=None if grade == "C" else draft.now.powered_s + draft.rules.reopen_window_s,
        )
    )


def press_at_door(draft: Draft, keypad: str, flow: PickingUp, key: Key) -> None:
    """Take a key of a recipient in front of a door: OK ends what no contact can prove, others repeat."""
    draft.sound(keypad, Tone.KEY)
    progress = press_blind(draft, flow.compartment, key)
    if progress is not None:
        note(draft, progress)
    elif (opening := draft.automat.openings.get(flow.compartment)) is not None:
        prompt_again(draft, opening)


def start_window(draft: Draft, parcel: Parcel) -> None:
    """Let the reopening time of a parcel run that waited for its door to be shut."""
    if parcel.state is ParcelState.COLLECTED and parcel.reopen_until_s is None:
        until_s = draft.now.powered_s + draft.rules.reopen_window_s
        draft.put_parcel(replace(parcel, reopen_until_s=until_s))


def close_window(draft: Draft, tracking_id: str) -> None:
    """End the time in which the same code reopens: the code is dead, the compartment is free."""
    parcel = draft.automat.parcels[tracking_id]
    label = parcel.compartment
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.FORGET),
            code_tag=None,
            recipient=None,
            compartment=None,
            reopen_until_s=None,
        )
    )
    if label is not None and label not in draft.automat.compartments:
        draft.forget_compartment(label)
        draft.clear_incident(IncidentKind.CONFIGURATION_MISMATCH, label, "nothing is left to hand over there")
    elif label is not None:
        draft.change_compartment(label, tracking_id=None)
        draft.clear_incident(IncidentKind.PARCEL_STUCK, label, "the parcel is gone")
        if draft.automat.compartments[label].goods:
            draft.change_compartment(
                label, condition=Condition.SUSPECT, reason="the goods sensor still sees something"
            )


def prompt_again(draft: Draft, opening: Opening) -> None:
    """Repeat what the person in front of an opening should do."""
    texts = {
        Stage.WAITING: Text.PRESS_DOOR if opening.pulses > 1 else Text.OPENING,
        Stage.OPEN: Text.CLOSE_DOOR,
        Stage.BLIND: Text.TAKE_PARCEL_NO_CONTACT,
    }
    if opening.stage in texts:
        draft.show(opening.keypad, say(texts[opening.stage], label=opening.compartment))


def _unproven(draft: Draft, opening: Opening) -> None:
    """End an opening whose door no contact can speak for."""
    if opening.stage is Stage.LEFT_OPEN:
        draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, opening.compartment, "its contact is gone")
        _start_window(draft, opening)
    elif opening.purpose is Purpose.PICKUP and _still_inside(draft, opening):
        _pause_at_keypad(draft, opening, say(Text.STILL_INSIDE, label=opening.compartment), Tone.REMIND)
        return
    elif opening.purpose is Purpose.PICKUP:
        hand_over(draft, opening, "B")
    if draft.automat.compartments[opening.compartment].fixture.contact is ContactKind.MISSING:
        _lock_works(draft, opening)  # all that it can be blamed for is a pulse that never left
    _go_on(draft, opening)


def _start_window(draft: Draft, opening: Opening) -> None:
    parcel = draft.automat.parcels.get(opening.tracking_id or "")
    if parcel is not None:
        start_window(draft, parcel)


def _shut(draft: Draft, opening: Opening) -> None:
    draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, opening.compartment, "the door was shut")
    _lock_works(draft, opening)
    if opening.stage is Stage.LEFT_OPEN:
        _shut_at_last(draft, opening)
        return
    if opening.purpose is Purpose.PICKUP and _still_inside(draft, opening):
        _pause_at_keypad(draft, opening, say(Text.STILL_INSIDE, label=opening.compartment), Tone.REMIND)
        return
    if opening.purpose is Purpose.PICKUP:
        hand_over(draft, opening, "A")
    _go_on(draft, opening)


def _shut_at_last(draft: Draft, opening: Opening) -> None:
    """Take in that a door was shut that a recipient had left open.

    A parcel that was seen inside then is handed over now only if the sensor sees that it is gone.
    """
    parcel = draft.automat.parcels.get(opening.tracking_id or "")
    gone = draft.automat.compartments[opening.compartment].goods is False
    if opening.purpose is Purpose.PICKUP and parcel is not None and parcel.may(ParcelMove.HAND_OVER) and gone:
        hand_over(draft, opening, "A")
    else:
        _start_window(draft, opening)


def _still_inside(draft: Draft, opening: Opening) -> bool:
    """Record, if that is so, that the sensor contradicts the door: custody has not provably passed."""
    if not draft.automat.compartments[opening.compartment].goods:
        return False
    draft.record(
        EntryKind.PARCEL_ATTEMPTED,
        opening.tracking_id,
        compartment=opening.compartment,
        reason="goods-still-inside",
    )
    return True


def _may_be_in_a_courier_s_hand(draft: Draft, label: str) -> bool:
    """Tell whether a courier has had this door open and has not said yet whether the parcel was taken."""
    return any(
        isinstance(keypad.flow, ConfirmingRemoval) and keypad.flow.compartment == label
        for keypad in draft.automat.keypads.values()
    )


def _lock_works(draft: Draft, opening: Opening) -> None:
    """A door that opened has shown that its lock is no longer at fault; what else speaks against it stays."""
    label = opening.compartment
    draft.clear_incident(IncidentKind.DOOR_DID_NOT_OPEN, label, "the door opened")
    draft.clear_incident(IncidentKind.OPENING_INTERRUPTED, label, "the door opened")
    if draft.automat.compartments[label].condition is not Condition.FAULTY:
        return
    doubts = [kind for kind in UNSETTLED if draft.automat.open_incident(kind, label) is not None]
    if doubts:
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=MEANING[doubts[0]])
    elif draft.automat.compartments[label].reason == LOCK_FAILED_UNJUDGED:
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=NOT_JUDGED)
    else:
        make_sound(draft, label)


def _not_opened(draft: Draft, opening: Opening, *, cut_short: bool) -> None:
    label = opening.compartment
    if opening.purpose is Purpose.PICKUP:
        draft.record(
            EntryKind.PARCEL_ATTEMPTED,
            opening.tracking_id,
            compartment=label,
            reason="interrupted" if cut_short else "door-did-not-open",
            pulsesintended=opening.pulses,
            pulsessent=opening.pulses_sent,
        )
    if cut_short:
        # Nobody knows whether the lock works, or what lies inside, and nobody is known to stand here.
        draft.record(
            EntryKind.COMPARTMENT_TO_INSPECT, opening.tracking_id, compartment=label, reason="interrupted"
        )
        doubt(draft, label, FREED_UNSEEN)
        return
    incident = draft.raise_incident(
        IncidentKind.DOOR_DID_NOT_OPEN,
        label,
        f"{opening.pulses} pulses intended, {opening.pulses_sent} sent, door {_door(draft, label)}",
    )
    suspect = draft.automat.compartments[label].condition is Condition.SUSPECT  # offered to nobody anyway
    if blames_lock(draft, opening) and not suspect:
        draft.change_compartment(label, condition=Condition.FAULTY, reason=LOCK_FAILED)
    phone = draft.automat.identity.customer_service
    message = say(Text.NOT_OPENED, label=label, incident=incident.number, phone=phone)
    _pause_at_keypad(draft, opening, message, Tone.WRONG)


def _door(draft: Draft, label: str) -> str:
    return str(draft.automat.compartments[label].door)


def _not_configured(draft: Draft, keypad: str, parcel: Parcel, waiting: tuple[str, ...]) -> None:
    """Tell a recipient whose door the configuration no longer has that somebody must come."""
    label, detail = str(parcel.compartment), "the database holds a parcel there; restore its table"
    incident = draft.raise_incident(IncidentKind.CONFIGURATION_MISMATCH, label, detail)
    draft.record(
        EntryKind.PARCEL_ATTEMPTED, parcel.tracking_id, compartment=label, reason="compartment-not-configured"
    )
    phone = draft.automat.identity.customer_service
    message = say(Text.NOT_OPENED, label=label, incident=incident.number, phone=phone)
    _pause(draft, keypad, message, waiting, Tone.WRONG)


def _owner(draft: Draft, opening: Opening) -> PickingUp | None:
    """Return the session at the keypad if it is the one of this opening."""
    flow = draft.flow_at(opening.keypad)
    return flow if isinstance(flow, PickingUp) and flow.compartment == opening.compartment else None


def _return_to_keypad(draft: Draft, opening: Opening) -> None:
    """Give the keypad back to a person whose door opened late or across a restart, if it is at rest."""
    match draft.flow_at(opening.keypad):
        case Idle() | Entering() | Answering():
            draft.set_flow(opening.keypad, PickingUp(opening.compartment))
        case PickingUp(compartment="", waiting=waiting):
            # The next door was about to open: it waits until this one is shut.
            draft.set_flow(opening.keypad, PickingUp(opening.compartment, waiting))


def _prompt(draft: Draft, opening: Opening, message: Message, tone: Tone | None = None) -> None:
    if _owner(draft, opening) is not None:
        draft.show(opening.keypad, message)
        if tone is not None:
            draft.sound(opening.keypad, tone)


def _end_at_keypad(draft: Draft, opening: Opening, message: Message, tone: Tone) -> None:
    """End the session at the keypad; the parcels still waiting keep their code."""
    if _owner(draft, opening) is not None:
        draft.answer(opening.keypad, message)
        draft.sound(opening.keypad, tone)


def _pause_at_keypad(draft: Draft, opening: Opening, message: Message, tone: Tone) -> None:
    flow = _owner(draft, opening)
    if flow is not None:
        _pause(draft, opening.keypad, message, flow.waiting, tone)


def _pause(draft: Draft, keypad: str, message: Message, waiting: tuple[str, ...], tone: Tone) -> None:
    """Show bad news long enough to read, then go on with the parcels still waiting."""
    draft.show(keypad, message)
    draft.sound(keypad, tone)
    if waiting:
        draft.set_flow(keypad, PickingUp("", waiting), for_s=draft.rules.between_doors_s)
    else:
        draft.set_flow(keypad, Answering(), for_s=draft.rules.answer_shown_s)


def _go_on(draft: Draft, opening: Opening) -> None:
    flow = _owner(draft, opening)
    if flow is not None:
        next_door(draft, opening.keypad, flow.waiting)
