"""Collection: a courier takes overdue, withdrawn and dropped-off parcels away, one by one (domain.md 5).

From the moment the door is shut until the courier's word the compartment is suspect, durably: who leaves
without a word, a power cut included, leaves the parcel where the journal last knew it.
"""

from dataclasses import replace

from locker.domain.commands import Mode
from locker.domain.compartments import Condition
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows import storing
from locker.domain.flows.doors import Outcome, Progress, begin, press_blind
from locker.domain.flows.looking import (
    clear_box,
    evidence_data,
    evidence_of,
    how_many_to_take,
    in_use,
    is_to_be_taken,
    last_digits,
    leave_behind,
    note_missing,
    note_not_opened,
    parcels_to_take,
    still_open,
    suspect,
)
from locker.domain.flows.sessions import authorised, rest, sign_out
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, Collecting, ConfirmingRemoval, Idle
from locker.domain.messages import Message, Text, say
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import Parcel, ParcelMove, ParcelState, Role

UNCONFIRMED = "a removal was begun and not confirmed"
EVACUATED = "evacuated"


def begin_round(draft: Draft, keypad: str, courier_id: str) -> None:
    """Open the first door of a courier's round, or say that there is nothing to collect."""
    waiting = parcels_to_take(draft.automat)
    if waiting:
        next_door(draft, keypad, courier_id, waiting, taken=0)
    else:
        _go_home(draft, keypad, courier_id, say(Text.NOTHING_TO_COLLECT))


def next_door(draft: Draft, keypad: str, courier_id: str, waiting: tuple[str, ...], *, taken: int) -> None:
    """Open the door of the next parcel that is still to be taken; end the round when there is none."""
    if draft.automat.facts.mode is Mode.FROZEN:
        _go_home(draft, keypad, courier_id, say(Text.FROZEN, phone=draft.automat.identity.customer_service))
        return
    if not authorised(draft, courier_id, Role.COURIER):
        sign_out(draft, keypad, courier_id, Role.COURIER, "no longer authorised")
        return
    later: tuple[str, ...] = ()
    for index, tracking_id in enumerate(waiting):
        parcel = draft.automat.parcels.get(tracking_id)
        if parcel is None or parcel.compartment is None or not is_to_be_taken(draft.automat, parcel):
            continue  # handed over, lengthened or gone meanwhile
        if parcel.compartment not in draft.automat.compartments:
            _not_configured(draft, keypad, parcel.compartment)
        elif in_use(draft, parcel.compartment, keypad):
            later += (tracking_id,)
        else:
            _open(draft, keypad, courier_id, parcel, (*waiting[index + 1 :], *later), taken)
            return
    left = how_many_to_take(draft.automat)
    _go_home(draft, keypad, courier_id, say(Text.COLLECT_DONE, taken=taken, left=left))


def press_at_door(draft: Draft, keypad: str, flow: Collecting, key: Key) -> None:
    """Take a key of a courier in front of a door that is under way: C makes it the last of the round."""
    draft.sound(keypad, Tone.KEY)
    if key is Key.CLEAR:
        flow = replace(flow, waiting=())
        draft.set_flow(keypad, flow)
    if not flow.compartment:
        resume(draft, keypad, flow)
        return
    progress = press_blind(draft, flow.compartment, key)
    if progress is not None:
        note(draft, progress)
    elif (opening := draft.automat.openings.get(flow.compartment)) is not None:
        _prompt_again(draft, opening)


def resume(draft: Draft, keypad: str, flow: Collecting) -> None:
    """Go on after news that needed time to be read."""
    next_door(draft, keypad, flow.courier_id, flow.waiting, taken=flow.taken)


def press_confirming(draft: Draft, keypad: str, flow: ConfirmingRemoval, key: Key) -> None:
    """Take a courier's word on what became of the parcel: OK taken, 1 not there, 2 stuck, C stops."""
    draft.sound(keypad, Tone.KEY)
    label = flow.compartment
    if key is Key.CLEAR:
        _abandon(draft, label, flow.tracking_id, flow.courier_id, "the courier stopped")
        next_door(draft, keypad, flow.courier_id, (), taken=flow.taken)
    elif still_open(draft, label, flow.evidence):
        draft.show(keypad, say(Text.CLOSE_DOOR, label=label))
    elif key is Key.OK:
        _taken(draft, keypad, flow)
    elif key is Key.D1:
        _missing(draft, keypad, flow)
    elif key is Key.D2:
        _stuck(draft, keypad, flow)
    else:
        draft.show(keypad, say(Text.CONFIRM_REMOVAL))


def scan(draft: Draft, keypad: str, flow: ConfirmingRemoval, text: str) -> None:
    """Take the label of the parcel that the courier has in hand: OK if it is the one of this door."""
    if still_open(draft, flow.compartment, flow.evidence):
        draft.show(keypad, say(Text.CLOSE_DOOR, label=flow.compartment))
    elif "".join(text.split()).upper() == flow.tracking_id:
        _taken(draft, keypad, flow, scanned=True)
    else:
        draft.show(keypad, say(Text.ANOTHER_PARCEL, typed=last_digits(draft, flow.tracking_id)))
        draft.sound(keypad, Tone.WRONG)


def abandon(draft: Draft, keypad: str, flow: ConfirmingRemoval) -> None:
    """The courier left without saying whether the parcel was taken."""
    _abandon(draft, flow.compartment, flow.tracking_id, flow.courier_id, "not confirmed")
    sign_out(draft, keypad, flow.courier_id, Role.COURIER, "not confirmed")


def note_found(draft: Draft, label: str) -> None:
    """Take in, at start-up, a door that was shut when the power went, before the courier said a word."""
    box = draft.automat.compartments[label]
    unsaid = box.reason == UNCONFIRMED and label not in draft.automat.openings
    if unsaid and draft.automat.open_incident(IncidentKind.REMOVAL_UNCONFIRMED, label) is None:
        _abandon(draft, label, box.tracking_id, None, "interrupted")


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened to take a parcel away."""
    opening = progress.opening
    label = opening.compartment
    match progress.outcome:
        case Outcome.OPENED:
            _return_to_keypad(draft, opening)
            _prompt(draft, opening, _message(draft, Text.COLLECT_TAKE, opening), Tone.RIGHT)
        case Outcome.PULSED_AGAIN:
            _prompt(draft, opening, say(Text.PRESS_DOOR, label=label), Tone.REMIND)
        case Outcome.REMINDED:
            _prompt(draft, opening, say(Text.CLOSE_DOOR, label=label), Tone.REMIND)
        case Outcome.SHUT | Outcome.UNPROVEN:
            _shut(draft, progress)
        case Outcome.NOT_OPENED:
            _not_opened(draft, opening, cut_short=progress.cut_short)
        case Outcome.LEFT_OPEN:
            _left_open(draft, opening)
        case Outcome.GIVEN_UP:
            pass


def _open(
    draft: Draft, keypad: str, courier_id: str, parcel: Parcel, waiting: tuple[str, ...], taken: int
) -> None:
    label = parcel.compartment or ""
    begin(
        draft,
        label,
        Purpose.COLLECT,
        keypad=keypad,
        tracking_id=parcel.tracking_id,
        person=courier_id,
    )
    flow = Collecting(courier_id, label, parcel.tracking_id, _why(parcel), waiting, taken)
    draft.set_flow(keypad, flow)
    _prompt_again(draft, draft.automat.openings[label])


def _taken(draft: Draft, keypad: str, flow: ConfirmingRemoval, *, scanned: bool = False) -> None:
    parcel = _still_here(draft, flow, ParcelMove.REMOVE)
    if parcel is None:
        _gone_meanwhile(draft, keypad, flow)
        return
    label = flow.compartment
    draft.record(
        EntryKind.PARCEL_REMOVED,
        parcel.tracking_id,
        compartment=label,
        courier=flow.courier_id,
        why=flow.why,
        scanned=scanned or None,
        **evidence_data(flow.evidence),
    )
    leave_behind(draft, parcel, ParcelMove.REMOVE)
    clear_box(draft, label, "a courier took the parcel away", but=(IncidentKind.COMPARTMENT_DIRTY,))
    if draft.automat.compartments[label].goods:
        suspect(draft, label, storing.STILL_SEEN)
        draft.raise_incident(IncidentKind.COMPARTMENT_OCCUPIED, label, storing.STILL_SEEN)
        _pause(draft, keypad, flow, say(Text.STILL_INSIDE, label=label))
        draft.sound(keypad, Tone.REMIND)
        return
    draft.sound(keypad, Tone.RIGHT)
    next_door(draft, keypad, flow.courier_id, flow.waiting, taken=flow.taken + 1)


def _missing(draft: Draft, keypad: str, flow: ConfirmingRemoval) -> None:
    parcel = _still_here(draft, flow, ParcelMove.MISS)
    if parcel is None:
        _gone_meanwhile(draft, keypad, flow)
    elif draft.automat.compartments[flow.compartment].goods:
        draft.show(keypad, say(Text.STILL_INSIDE, label=flow.compartment))
        draft.sound(keypad, Tone.WRONG)
    else:
        note_missing(draft, parcel, flow.compartment, flow.evidence, courier=flow.courier_id)
        next_door(draft, keypad, flow.courier_id, flow.waiting, taken=flow.taken)


def _stuck(draft: Draft, keypad: str, flow: ConfirmingRemoval) -> None:
    """Leave a parcel where it is; this round comes to it no more, the next one does."""
    if _still_here(draft, flow, ParcelMove.REMOVE) is None:
        _gone_meanwhile(draft, keypad, flow)
        return
    label = flow.compartment
    draft.record(
        EntryKind.PARCEL_STUCK,
        flow.tracking_id,
        compartment=label,
        courier=flow.courier_id,
        **evidence_data(flow.evidence),
    )
    clear_box(draft, label, "a courier saw the parcel inside", but=(IncidentKind.COMPARTMENT_DIRTY,))
    draft.raise_incident(
        IncidentKind.PARCEL_STUCK, label, f"parcel {flow.tracking_id}, courier {flow.courier_id}"
    )
    next_door(draft, keypad, flow.courier_id, flow.waiting, taken=flow.taken)


def _still_here(draft: Draft, flow: ConfirmingRemoval, move: ParcelMove) -> Parcel | None:
    parcel = draft.automat.parcels.get(flow.tracking_id)
    if parcel is None or flow.evidence.outdated or parcel.compartment != flow.compartment:
        return None
    return parcel if parcel.may(move) else None


def _gone_meanwhile(draft: Draft, keypad: str, flow: ConfirmingRemoval) -> None:
    """Leave a box alone that was opened for somebody else while the courier stood there."""
    _abandon(draft, flow.compartment, flow.tracking_id, flow.courier_id, "opened for somebody else meanwhile")
    next_door(draft, keypad, flow.courier_id, flow.waiting, taken=flow.taken)


def _shut(draft: Draft, progress: Progress) -> None:
    opening = progress.opening
    label = opening.compartment
    draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, label, "the door was shut, or its contact is gone")
    if opening.stage is Stage.LEFT_OPEN:
        return  # the courier left long ago
    # Even a lock that was faulty has opened; what lies behind it now, only the courier knows.
    draft.change_compartment(label, condition=Condition.SUSPECT, reason=UNCONFIRMED)
    owner = _owner(draft, opening)
    if owner is None:
        _abandon(draft, label, opening.tracking_id, opening.person, "nobody said what became of it")
        return
    flow = ConfirmingRemoval(
        owner.courier_id,
        label,
        owner.tracking_id,
        owner.why,
        evidence_of(draft, progress),
        owner.waiting,
        owner.taken,
    )
    draft.set_flow(opening.keypad, flow, for_s=draft.rules.confirm_wait_s)
    draft.show(opening.keypad, say(Text.CONFIRM_REMOVAL))


def _not_opened(draft: Draft, opening: Opening, *, cut_short: bool) -> None:
    if cut_short:
        _abandon(draft, opening.compartment, opening.tracking_id, opening.person, "interrupted")
        return
    note_not_opened(draft, opening, "to take a parcel away")
    owner = _owner(draft, opening)
    if owner is not None:
        draft.sound(opening.keypad, Tone.WRONG)
        resume(draft, opening.keypad, owner)


def _left_open(draft: Draft, opening: Opening) -> None:
    label, courier_id = opening.compartment, opening.person or ""
    _abandon(draft, label, opening.tracking_id, courier_id, "door left open")
    if _owner(draft, opening) is not None:
        sign_out(draft, opening.keypad, courier_id, Role.COURIER, "door left open")
        draft.show(opening.keypad, say(Text.LEFT_OPEN, label=label))
        draft.sound(opening.keypad, Tone.REMIND)


def _abandon(draft: Draft, label: str, tracking_id: str | None, courier_id: str | None, why: str) -> None:
    draft.record(EntryKind.REMOVAL_ABANDONED, tracking_id, compartment=label, courier=courier_id, reason=why)
    suspect(draft, label, UNCONFIRMED)
    by = f", courier {courier_id}" if courier_id else ""
    draft.raise_incident(IncidentKind.REMOVAL_UNCONFIRMED, label, f"parcel {tracking_id}{by}: {why}")


def _not_configured(draft: Draft, keypad: str, label: str) -> None:
    draft.raise_incident(
        IncidentKind.CONFIGURATION_MISMATCH, label, "the database holds a parcel there; restore its table"
    )
    draft.sound(keypad, Tone.WRONG)


def _why(parcel: Parcel) -> str:
    return EVACUATED if parcel.state is ParcelState.STORED else str(parcel.state)


def _go_home(draft: Draft, keypad: str, courier_id: str, message: Message) -> None:
    """Bring a courier back to the menu, with news on the display; out if the right has ended."""
    if not authorised(draft, courier_id, Role.COURIER):
        sign_out(draft, keypad, courier_id, Role.COURIER, "no longer authorised")
        return
    rest(draft, keypad, courier_id, Role.COURIER)
    draft.show(keypad, message)


def _pause(draft: Draft, keypad: str, flow: ConfirmingRemoval, message: Message) -> None:
    """Show news long enough to be read before the next door opens; any key goes on at once."""
    paused = Collecting(flow.courier_id, "", "", "", flow.waiting, flow.taken + 1)
    draft.set_flow(keypad, paused, for_s=draft.rules.between_doors_s)
    draft.show(keypad, message)


def _owner(draft: Draft, opening: Opening) -> Collecting | None:
    """Return the round at the keypad if it stands in front of this opening."""
    flow = draft.flow_at(opening.keypad)
    return flow if isinstance(flow, Collecting) and flow.compartment == opening.compartment else None


def _return_to_keypad(draft: Draft, opening: Opening) -> None:
    """Give the keypad back to a courier across a restart, if nobody else uses it.

    Not for a door that opened late: its courier has gone on, and a passer-by must not confirm.
    """
    parcel = draft.automat.parcels.get(opening.tracking_id or "")
    if parcel is None or opening.stage is Stage.LATE:
        return
    if isinstance(draft.flow_at(opening.keypad), Idle | Answering):
        flow = Collecting(opening.person or "", opening.compartment, parcel.tracking_id, _why(parcel))
        draft.set_flow(opening.keypad, flow)


def _prompt(draft: Draft, opening: Opening, message: Message, tone: Tone) -> None:
    if _owner(draft, opening) is not None:
        draft.show(opening.keypad, message)
        draft.sound(opening.keypad, tone)


def _prompt_again(draft: Draft, opening: Opening) -> None:
    """Repeat what the courier in front of an opening should do."""
    texts = {
        Stage.WAITING: Text.PRESS_DOOR if opening.pulses > 1 else Text.COLLECT_OPENING,
        Stage.OPEN: Text.COLLECT_TAKE,
        Stage.BLIND: Text.COLLECT_TAKE_NO_CONTACT,
    }
    if opening.stage in texts:
        draft.show(opening.keypad, _message(draft, texts[opening.stage], opening))


def _message(draft: Draft, text: Text, opening: Opening) -> Message:
    return say(text, label=opening.compartment, typed=last_digits(draft, opening.tracking_id or ""))
