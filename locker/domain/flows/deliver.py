"""Delivery by a courier: sign in, name the parcel, put it in, shut the door, confirm (domain.md 4).

From the first pulse until the confirmation the compartment is suspect: whatever happens in between,
a power cut included, nobody is offered a box of which nobody knows what lies inside.
"""

from locker.domain.allocation import choose
from locker.domain.compartments import Condition
from locker.domain.draft import Draft
from locker.domain.events import Door, Key
from locker.domain.flows import storing
from locker.domain.flows.doors import Outcome, Progress, begin, press_blind
from locker.domain.flows.sessions import authorised, go_home, sign_out
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, ChoosingSize, Confirming, Delivering, Depositing, Idle, Typed
from locker.domain.messages import Message, Text, say
from locker.domain.openings import Evidence, Opening, Purpose, Stage
from locker.domain.parcels import Parcel, ParcelState, Role

UNCONFIRMED = "a deposit was begun and not confirmed"


def press(draft: Draft, keypad: str, flow: Delivering, key: Key) -> None:
    """Take a key of a courier who names a parcel; C with nothing typed signs out."""
    draft.sound(keypad, Tone.KEY)
    if not authorised(draft, flow.courier_id, Role.COURIER):
        sign_out(draft, keypad, flow.courier_id, Role.COURIER, "no longer authorised")
    elif key is Key.CLEAR and not flow.typed.digits:
        sign_out(draft, keypad, flow.courier_id, Role.COURIER, "C pressed")
    elif key is Key.CLEAR:
        go_home(draft, keypad, flow.courier_id, Role.COURIER)
    elif key.is_digit:
        typed = flow.typed.with_digit(key, draft.rules.tracking_digits)
        _await_tracking(draft, keypad, flow.courier_id, typed)
        draft.show(keypad, say(Text.TYPING_TRACKING, typed=typed.digits))
    else:
        _find(draft, keypad, flow)


def press_at_door(draft: Draft, keypad: str, flow: Depositing, key: Key) -> None:
    """Take a key of a courier in front of a door: OK ends what no contact can prove, others repeat."""
    progress = press_blind(draft, flow.compartment, key)
    if progress is not None:
        note(draft, progress)
    elif (opening := draft.automat.openings.get(flow.compartment)) is not None:
        prompt_again(draft, opening)


def scan(draft: Draft, keypad: str, flow: Delivering, text: str) -> None:
    """Take a label that a courier scanned."""


def press_size(draft: Draft, keypad: str, flow: ChoosingSize, key: Key) -> None:
    """Take the size of a parcel that nobody announced."""


def press_confirming(draft: Draft, keypad: str, flow: Confirming, key: Key) -> None:
    """Take a key of a courier whose door was shut again: OK stores, C cancels."""
    if key is Key.OK and draft.automat.compartments[flow.compartment].door is Door.OPEN:
        draft.show(keypad, say(Text.CLOSE_DOOR, label=flow.compartment))  # it sprang open again
    elif key is Key.OK:
        _store(draft, keypad, flow)
    elif key is Key.CLEAR:
        # Nobody has seen the box empty again, so it stays suspect.
        draft.record(
            EntryKind.DEPOSIT_CANCELLED,
            flow.tracking_id,
            compartment=flow.compartment,
            courier=flow.courier_id,
        )
        draft.change_compartment(flow.compartment, reason="a deposit was cancelled")
        _await_tracking(draft, keypad, flow.courier_id)
        draft.show(keypad, say(Text.DEPOSIT_CANCELLED, label=flow.compartment))
    else:
        draft.show(keypad, say(Text.CONFIRM_DEPOSIT, label=flow.compartment))


def abandon(draft: Draft, keypad: str, flow: Confirming) -> None:
    """The courier left without confirming: the box stays suspect, the session ends."""
    _abandon(draft, flow.compartment, flow.tracking_id, flow.courier_id, "not confirmed")
    sign_out(draft, keypad, flow.courier_id, Role.COURIER, "not confirmed")


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened for a courier."""
    opening = progress.opening
    label = opening.compartment
    match progress.outcome:
        case Outcome.OPENED:
            if draft.automat.compartments[label].condition is Condition.SOUND:
                draft.change_compartment(label, condition=Condition.SUSPECT, reason=UNCONFIRMED)
            _return_to_keypad(draft, opening)
            _prompt(draft, opening, say(Text.PUT_PARCEL, label=label), Tone.RIGHT)
        case Outcome.PULSED_AGAIN:
            _prompt(draft, opening, say(Text.PRESS_DOOR, label=label), Tone.REMIND)
        case Outcome.REMINDED:
            _prompt(draft, opening, say(Text.CLOSE_DOOR, label=label), Tone.REMIND)
        case Outcome.SHUT | Outcome.UNPROVEN:
            shut_at = draft.now.wall_at if progress.outcome is Outcome.SHUT else None
            _shut(draft, opening, opening.evidence(shut_at))
        case Outcome.NOT_OPENED:
            _not_opened(draft, opening, cut_short=progress.cut_short)
        case Outcome.LEFT_OPEN:
            _left_open(draft, opening)
        case Outcome.GIVEN_UP:
            pass


def prompt_again(draft: Draft, opening: Opening) -> None:
    """Repeat what the courier in front of an opening should do."""
    texts = {
        Stage.WAITING: Text.PRESS_DOOR if opening.pulses > 1 else Text.OPENING,
        Stage.OPEN: Text.PUT_PARCEL,
        Stage.BLIND: Text.PUT_PARCEL,
    }
    if opening.stage in texts:
        draft.show(opening.keypad, say(texts[opening.stage], label=opening.compartment))


def _find(draft: Draft, keypad: str, flow: Delivering) -> None:
    digits = flow.typed.digits
    known = draft.automat.announced_ending.get(digits, ())
    if flow.typed.overflow or len(digits) < draft.rules.tracking_digits:
        message = say(Text.TRACKING_LENGTH)
    elif not known:
        message = say(Text.PARCEL_UNKNOWN, typed=digits)
    elif len(known) > 1:
        message = say(Text.PARCEL_AMBIGUOUS)
    else:
        _open_for(draft, keypad, flow.courier_id, draft.automat.parcels[known[0]])
        return
    _await_tracking(draft, keypad, flow.courier_id)
    draft.show(keypad, message)
    draft.sound(keypad, Tone.WRONG)


def _open_for(draft: Draft, keypad: str, courier_id: str, parcel: Parcel) -> None:
    if not authorised(draft, courier_id, Role.COURIER):
        sign_out(draft, keypad, courier_id, Role.COURIER, "no longer authorised")
        return
    if draft.automat.facts.storage_low:
        _refuse(draft, keypad, courier_id, parcel, "storage-low", say(Text.NO_DEPOSITS))
        return
    box = choose(draft.automat, parcel)
    if box is None:
        message = say(Text.NO_COMPARTMENT, size=parcel.size or "?")
        _refuse(draft, keypad, courier_id, parcel, "no-compartment", message)
        return
    draft.change_compartment(box.label, condition=Condition.SUSPECT, reason=UNCONFIRMED)
    begin(
        draft,
        box.label,
        Purpose.DEPOSIT,
        keypad=keypad,
        tracking_id=parcel.tracking_id,
        person=courier_id,
    )
    draft.set_flow(keypad, Depositing(courier_id, box.label, parcel.tracking_id))
    draft.show(keypad, say(Text.OPENING, label=box.label))


def _refuse(
    draft: Draft, keypad: str, courier_id: str, parcel: Parcel, reason: str, message: Message
) -> None:
    draft.record(EntryKind.DEPOSIT_REFUSED, parcel.tracking_id, reason=reason, courier=courier_id)
    _await_tracking(draft, keypad, courier_id)
    draft.show(keypad, message)
    draft.sound(keypad, Tone.WRONG)


def _store(draft: Draft, keypad: str, flow: Confirming) -> None:
    if not storing.store(
        draft,
        flow.tracking_id,
        flow.compartment,
        person=flow.courier_id,
        role=Role.COURIER,
        evidence=flow.evidence,
    ):
        # Withdrawn while the courier stood here: nothing is stored, somebody must take it out again.
        abandon(draft, keypad, flow)
        return
    draft.sound(keypad, Tone.RIGHT)
    _await_tracking(draft, keypad, flow.courier_id)
    draft.show(keypad, say(Text.STORED, label=flow.compartment))


def _shut(draft: Draft, opening: Opening, evidence: Evidence) -> None:
    draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, opening.compartment, "the door was shut")
    if not _owns_keypad(draft, opening):
        return
    flow = Confirming(opening.person or "", opening.compartment, opening.tracking_id or "", evidence)
    draft.set_flow(opening.keypad, flow, for_s=draft.rules.confirm_wait_s)
    draft.show(opening.keypad, say(Text.CONFIRM_DEPOSIT, label=opening.compartment))


def _not_opened(draft: Draft, opening: Opening, *, cut_short: bool) -> None:
    """Report a lock that does not open and offer the courier another box at once."""
    label = opening.compartment
    if cut_short:
        _abandon(draft, label, opening.tracking_id or "", opening.person or "", "interrupted")
        return
    if opening.pulses_sent > 0:
        draft.change_compartment(label, condition=Condition.FAULTY, reason="the lock did not open")
    else:
        # Nothing was pulsed and nothing moved: the line is down, the box is as empty as it was.
        draft.change_compartment(label, condition=Condition.SOUND, reason=None)
    draft.raise_incident(
        IncidentKind.DOOR_DID_NOT_OPEN,
        label,
        f"{opening.pulses} pulses intended, {opening.pulses_sent} sent, for a deposit",
    )
    if not _owns_keypad(draft, opening):
        return
    parcel = draft.automat.parcels.get(opening.tracking_id or "")
    if parcel is not None and parcel.state is ParcelState.ANNOUNCED:
        _open_for(draft, opening.keypad, opening.person or "", parcel)
    else:
        go_home(draft, opening.keypad, opening.person or "", Role.COURIER)


def _left_open(draft: Draft, opening: Opening) -> None:
    _abandon(draft, opening.compartment, opening.tracking_id or "", opening.person or "", "door left open")
    if _owns_keypad(draft, opening):
        sign_out(draft, opening.keypad, opening.person or "", Role.COURIER, "door left open")
        draft.show(opening.keypad, say(Text.LEFT_OPEN, label=opening.compartment))
        draft.sound(opening.keypad, Tone.REMIND)


def _abandon(draft: Draft, label: str, tracking_id: str, courier_id: str, why: str) -> None:
    draft.record(EntryKind.DEPOSIT_ABANDONED, tracking_id, compartment=label, courier=courier_id, reason=why)
    draft.raise_incident(
        IncidentKind.DEPOSIT_UNCONFIRMED, label, f"parcel {tracking_id}, courier {courier_id}: {why}"
    )


def _await_tracking(draft: Draft, keypad: str, courier_id: str, typed: Typed | None = None) -> None:
    draft.set_flow(keypad, Delivering(courier_id, typed or Typed()), for_s=draft.rules.courier_idle_s)


def _return_to_keypad(draft: Draft, opening: Opening) -> None:
    """Give the keypad back to a courier across a restart, if nobody else uses it.

    Not for a door that opened late: its courier has gone on, and a passer-by must not confirm.
    """
    if opening.stage is not Stage.LATE and isinstance(draft.flow_at(opening.keypad), Idle | Answering):
        flow = Depositing(opening.person or "", opening.compartment, opening.tracking_id or "")
        draft.set_flow(opening.keypad, flow)


def _owns_keypad(draft: Draft, opening: Opening) -> bool:
    flow = draft.flow_at(opening.keypad)
    return isinstance(flow, Depositing) and flow.compartment == opening.compartment


def _prompt(draft: Draft, opening: Opening, message: Message, tone: Tone) -> None:
    if _owns_keypad(draft, opening):
        draft.show(opening.keypad, message)
        draft.sound(opening.keypad, tone)
