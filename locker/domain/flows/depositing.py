"""A courier's parcel at a door: put it in, shut the door, confirm, or choose otherwise (domain.md 4).

From the first pulse until the confirmation the compartment is suspect: whatever happens in between,
a power cut included, nobody is offered a box of which nobody knows what lies inside.
"""

from dataclasses import replace

from locker.domain.allocation import choose
from locker.domain.commands import Mode
from locker.domain.compartments import Condition
from locker.domain.draft import Draft
from locker.domain.events import Door, Key
from locker.domain.flows import admission, storing
from locker.domain.flows.admission import Objection
from locker.domain.flows.doors import Outcome, Progress, begin, blames_lock, judge_unopened, press_blind
from locker.domain.flows.looking import evidence_of, still_open
from locker.domain.flows.sessions import authorised, go_home, sign_out
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, Choice, Confirming, Delivering, Depositing, Idle, Typed
from locker.domain.messages import Message, Text, say
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import Parcel, Role

UNCONFIRMED = "a deposit was begun and not confirmed"
OCCUPIED = "a courier says that it is occupied or dirty"
CONTRADICTED = "something else became of it meanwhile"
NOT_SAID = "it had to come out again; nobody said that it did"
UNSEEN = "a courier says that nothing was left inside; no contact saw the door"

CHOICES = {Key.D1: Choice.BIGGER, Key.D2: Choice.ANOTHER, Key.CLEAR: Choice.CANCEL}
OPEN_AGAIN = Key.D3


def open_box(
    draft: Draft,
    keypad: str,
    courier_id: str,
    parcel: Parcel,
    *,
    tried: tuple[str, ...] = (),
    too_small: str | None = None,
) -> None:
    """Open the smallest box that fits, or say why none opens; `parcel` need not be announced."""
    if not authorised(draft, courier_id, Role.COURIER):
        sign_out(draft, keypad, courier_id, Role.COURIER, "no longer authorised")
        return
    objection = admission.closed(draft)
    box = None if objection else choose(draft.automat, parcel, tried=tried, larger_than=too_small)
    if box is None:
        refuse(draft, keypad, courier_id, parcel.tracking_id, objection or admission.NO_ROOM)
        return
    draft.change_compartment(box.label, condition=Condition.SUSPECT, reason=UNCONFIRMED)
    _begin(draft, keypad, Depositing(courier_id, box.label, parcel.tracking_id, tried, too_small=too_small))


def refuse(draft: Draft, keypad: str, courier_id: str, tracking_id: str, objection: Objection) -> None:
    """Say why a parcel is not taken; the session goes on."""
    draft.record(EntryKind.DEPOSIT_REFUSED, tracking_id, reason=objection.reason, courier=courier_id)
    await_parcel(draft, keypad, courier_id)
    draft.show(keypad, objection.message)
    draft.sound(keypad, Tone.WRONG)


def await_parcel(draft: Draft, keypad: str, courier_id: str, typed: Typed | None = None) -> None:
    """Give the keys back to the courier's menu and leave the display as it is."""
    draft.set_flow(keypad, Delivering(courier_id, typed or Typed()), for_s=draft.rules.courier_idle_s)


def press_at_door(draft: Draft, keypad: str, flow: Depositing, key: Key) -> None:
    """Take a key of a courier in front of a door: a choice, which waits until it is shut, or OK."""
    draft.sound(keypad, Tone.KEY)
    opening = draft.automat.openings[flow.compartment]
    if key is Key.OK:
        progress = press_blind(draft, flow.compartment, key)
        if progress is not None:
            note(draft, progress)
            return
        if opening.stage is not Stage.BLIND:
            flow = replace(flow, choice=None)  # changed their mind while the door was open
    elif key is Key.CLEAR or (key in CHOICES and opening.stage is not Stage.WAITING):
        flow = replace(flow, choice=CHOICES[key])
    draft.set_flow(keypad, flow)
    draft.show(keypad, _prompt_for(opening, flow))


def press_confirming(draft: Draft, keypad: str, flow: Confirming, key: Key) -> None:
    """Take a courier's word: OK stores, C and 3 open the door again, 1 and 2 another one.

    A courier whose right has ended opens nothing more; the word on what lies inside still counts.
    """
    draft.sound(keypad, Tone.KEY)
    label, box = flow.compartment, draft.automat.compartments[flow.compartment]
    void = flow.evidence.outdated  # the box was opened for somebody else since
    if (void or key is not Key.OK) and not authorised(draft, flow.courier_id, Role.COURIER):
        abandon(draft, keypad, flow, "no longer authorised")
    elif still_open(draft, label, flow.evidence) or (key is Key.OK and box.door is Door.OPEN):
        _ask(
            draft, keypad, flow, say(Text.CLOSE_DOOR, label=label)
        )  # it sprang open again, or was opened from afar
    elif (box.condition, box.reason) != (Condition.SUSPECT, UNCONFIRMED):
        abandon(draft, keypad, flow, CONTRADICTED)
    elif void:
        _open_again(draft, keypad, flow, Choice.CANCEL if key is Key.CLEAR else None)
    elif key is Key.OK:
        _store(draft, keypad, flow)
    elif key is Key.CLEAR:
        # Behind a shut door nobody sees whether the parcel still lies there: it is opened to take it out.
        _open_again(draft, keypad, flow, Choice.CANCEL)
    elif key is OPEN_AGAIN:
        _open_again(draft, keypad, flow, None)
    elif key in CHOICES:
        _carry_out(draft, keypad, flow, CHOICES[key])
    else:
        _ask(draft, keypad, flow, say(Text.CONFIRM_DEPOSIT))


def scan(draft: Draft, keypad: str, flow: Depositing | Confirming) -> None:
    """Refuse a label, whosever it is: first comes a word on the parcel that is being left."""
    label = flow.compartment
    if isinstance(flow, Depositing):
        draft.show(keypad, _prompt_for(draft.automat.openings[label], flow))
    elif still_open(draft, label, flow.evidence):
        draft.show(keypad, say(Text.CLOSE_DOOR, label=label))
    else:
        draft.show(keypad, say(Text.CONFIRM_DEPOSIT))
    draft.sound(keypad, Tone.WRONG)


def abandon(draft: Draft, keypad: str, flow: Confirming, why: str = "not confirmed") -> None:
    """The courier left without confirming: the box stays suspect, the session ends."""
    _abandon(draft, flow.compartment, flow.tracking_id, flow.courier_id, why)
    sign_out(draft, keypad, flow.courier_id, Role.COURIER, why)


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened for a courier."""
    opening = progress.opening
    label = opening.compartment
    match progress.outcome:
        case Outcome.OPENED:
            _opened(draft, opening)
        case Outcome.PULSED_AGAIN:
            _prompt(draft, opening, say(Text.PRESS_DOOR, label=label))
        case Outcome.REMINDED:
            _prompt(draft, opening, say(Text.CLOSE_DOOR, label=label))
        case Outcome.SHUT | Outcome.UNPROVEN:
            _shut(draft, progress)
        case Outcome.NOT_OPENED:
            _not_opened(draft, opening, cut_short=progress.cut_short)
        case Outcome.LEFT_OPEN:
            _left_open(draft, opening)
        case Outcome.GIVEN_UP:
            pass


# -- what became of a door


def _opened(draft: Draft, opening: Opening) -> None:
    label = opening.compartment
    if draft.automat.compartments[label].condition is Condition.SOUND:
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=UNCONFIRMED)
    _return_to_keypad(draft, opening)
    flow = _owner(draft, opening)
    if flow is not None:
        draft.show(opening.keypad, _prompt_for(draft.automat.openings[label], flow))
        draft.sound(opening.keypad, Tone.RIGHT)


def _shut(draft: Draft, progress: Progress) -> None:
    """Ask what lies inside, or do what was chosen while the door was open."""
    opening, label = progress.opening, progress.opening.compartment
    draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, label, "the door was shut, or its contact is gone")
    if opening.stage is Stage.LEFT_OPEN:
        return  # told when it was left
    flow = _owner(draft, opening)
    if flow is None:
        _leave_unconfirmed(draft, opening)
        return
    confirming = Confirming(
        flow.courier_id, label, flow.tracking_id, evidence_of(draft, progress), flow.tried, flow.too_small
    )
    if flow.choice is None:
        _ask(draft, opening.keypad, confirming, say(Text.CONFIRM_DEPOSIT))
    else:
        _carry_out(draft, opening.keypad, confirming, flow.choice)


def _not_opened(draft: Draft, opening: Opening, *, cut_short: bool) -> None:
    """Report a lock that does not open and offer the courier another box at once."""
    label, tracking_id = opening.compartment, opening.tracking_id or ""
    if cut_short:
        _abandon(draft, label, tracking_id, opening.person or "", "interrupted")
        return
    flow = _owner(draft, opening)
    returning = flow is not None and flow.returning
    if blames_lock(draft, opening) or not returning:
        judge_unopened(draft, opening)
    incident = draft.raise_incident(
        IncidentKind.DOOR_DID_NOT_OPEN,
        label,
        f"{opening.pulses} pulses intended, {opening.pulses_sent} sent, for a deposit",
    )
    if flow is None:
        return
    if returning:
        _abandon(draft, label, tracking_id, flow.courier_id, "the door did not open again")
        await_parcel(draft, opening.keypad, flow.courier_id)
        draft.show(opening.keypad, say(Text.REMOTE_NOT_OPENED, label=label, incident=incident.number))
        draft.sound(opening.keypad, Tone.WRONG)
    elif flow.choice is Choice.CANCEL:
        _cancelled(draft, opening.keypad, flow, say(Text.DEPOSIT_CANCELLED, label=label))
    else:
        _open_another(draft, opening.keypad, flow)


def _left_open(draft: Draft, opening: Opening) -> None:
    _abandon(draft, opening.compartment, opening.tracking_id or "", opening.person or "", "door left open")
    if _owner(draft, opening) is not None:
        sign_out(draft, opening.keypad, opening.person or "", Role.COURIER, "door left open")
        draft.show(opening.keypad, say(Text.LEFT_OPEN, label=opening.compartment))
        draft.sound(opening.keypad, Tone.REMIND)


def _leave_unconfirmed(draft: Draft, opening: Opening) -> None:
    """A door was shut and nobody is there to say what lies inside."""
    label = opening.compartment
    if draft.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, label) is None:
        _abandon(draft, label, opening.tracking_id or "", opening.person or "", "nobody was there to confirm")


# -- what the courier decides


def _store(draft: Draft, keypad: str, flow: Confirming) -> None:
    stored = storing.store(
        draft,
        flow.tracking_id,
        flow.compartment,
        person=flow.courier_id,
        role=Role.COURIER,
        evidence=flow.evidence,
    )
    if not stored and not authorised(draft, flow.courier_id, Role.COURIER):
        abandon(draft, keypad, flow, "no longer authorised")
        return
    if not stored:
        # Withdrawn, refused or stored elsewhere while the courier stood here: it must come out again.
        objection = admission.objection(draft, flow.tracking_id)
        message = say(Text.REFUSED_OTHER) if objection is None else objection.message
        _open_again(draft, keypad, flow, Choice.TAKE_OUT, message)
        return
    draft.sound(keypad, Tone.RIGHT)
    await_parcel(draft, keypad, flow.courier_id)
    draft.show(keypad, say(Text.STORED, label=flow.compartment))


def _carry_out(draft: Draft, keypad: str, flow: Confirming, choice: Choice) -> None:
    """Do what was chosen, now that the door is shut: nothing of this courier's lies inside.

    What had to come out again by nobody's choice may lie there still, unless a sensor sees that it does not.
    """
    label = flow.compartment
    if choice is Choice.TAKE_OUT and draft.automat.compartments[label].goods is None:
        _abandon(draft, label, flow.tracking_id, flow.courier_id, NOT_SAID)
        go_home(draft, keypad, flow.courier_id, Role.COURIER)
        return
    if choice is Choice.ANOTHER:
        _suspect_occupied(draft, flow, OCCUPIED)
        _open_another(draft, keypad, flow)
        return
    if draft.automat.compartments[label].goods:
        _suspect_occupied(draft, flow, storing.STILL_SEEN)
    elif flow.evidence.grade == "A":
        storing.free(draft, label, "a courier saw that it is empty")
    else:
        draft.change_compartment(label, reason=UNSEEN)
    if choice is Choice.BIGGER:
        _record_cancelled(draft, flow, "too-small")
        _open_another(draft, keypad, replace(flow, too_small=label))
        return
    suspect = draft.automat.compartments[label].goods
    message = say(Text.STILL_INSIDE if suspect else Text.DEPOSIT_CANCELLED, label=label)
    _cancelled(draft, keypad, flow, message)


def _suspect_occupied(draft: Draft, flow: Confirming, reason: str) -> None:
    label = flow.compartment
    draft.change_compartment(label, condition=Condition.SUSPECT, reason=reason)
    draft.raise_incident(IncidentKind.COMPARTMENT_OCCUPIED, label, f"{reason} (courier {flow.courier_id})")
    draft.record(
        EntryKind.COMPARTMENT_TO_INSPECT,
        flow.tracking_id,
        purpose=str(Purpose.DEPOSIT),
        compartment=label,
        courier=flow.courier_id,
        reason=reason,
    )


def _open_another(draft: Draft, keypad: str, flow: Depositing | Confirming) -> None:
    """Open another box after one that would not do, if the parcel may still be left here."""
    tracking_id, label = flow.tracking_id, flow.compartment
    objection = admission.objection(draft, tracking_id)
    if objection is not None:
        refuse(draft, keypad, flow.courier_id, tracking_id, objection)
        return
    # A parcel that nobody announced is as large as the box that was chosen for it, at least.
    size = draft.automat.compartments[label].fixture.size
    parcel = draft.automat.parcels.get(tracking_id) or Parcel(tracking_id, size)
    tried = (*flow.tried, label)
    open_box(draft, keypad, flow.courier_id, parcel, tried=tried, too_small=flow.too_small)


def _open_again(
    draft: Draft, keypad: str, flow: Confirming, choice: Choice | None, message: Message | None = None
) -> None:
    """Open the door once more for a courier who has not confirmed; nothing opens in frozen mode."""
    if draft.automat.facts.mode is Mode.FROZEN:
        phone = draft.automat.identity.customer_service
        _ask(draft, keypad, flow, say(Text.FROZEN, phone=phone))
        return
    again = Depositing(
        flow.courier_id,
        flow.compartment,
        flow.tracking_id,
        flow.tried,
        choice,
        flow.too_small,
        returning=True,
    )
    _begin(draft, keypad, again)
    if message is not None:
        draft.show(keypad, message)
        draft.sound(keypad, Tone.WRONG)


def _cancelled(draft: Draft, keypad: str, flow: Depositing | Confirming, message: Message) -> None:
    _record_cancelled(draft, flow, "cancelled")
    if not authorised(draft, flow.courier_id, Role.COURIER):
        go_home(draft, keypad, flow.courier_id, Role.COURIER)
        return
    await_parcel(draft, keypad, flow.courier_id)
    draft.show(keypad, message)


def _record_cancelled(draft: Draft, flow: Depositing | Confirming, reason: str) -> None:
    draft.record(
        EntryKind.DEPOSIT_CANCELLED,
        flow.tracking_id,
        compartment=flow.compartment,
        courier=flow.courier_id,
        reason=reason,
    )


def _abandon(draft: Draft, label: str, tracking_id: str, courier_id: str, why: str) -> None:
    draft.record(EntryKind.DEPOSIT_ABANDONED, tracking_id, compartment=label, courier=courier_id, reason=why)
    draft.raise_incident(
        IncidentKind.DEPOSIT_UNCONFIRMED, label, f"parcel {tracking_id}, courier {courier_id}: {why}"
    )


# -- helpers


def _begin(draft: Draft, keypad: str, flow: Depositing) -> None:
    begin(
        draft,
        flow.compartment,
        Purpose.DEPOSIT,
        keypad=keypad,
        tracking_id=flow.tracking_id,
        person=flow.courier_id,
    )
    draft.set_flow(keypad, flow)
    draft.show(keypad, _prompt_for(draft.automat.openings[flow.compartment], flow))


def _ask(draft: Draft, keypad: str, flow: Confirming, message: Message) -> None:
    draft.set_flow(keypad, flow, for_s=draft.rules.confirm_wait_s)
    draft.show(keypad, message)


def _owner(draft: Draft, opening: Opening) -> Depositing | None:
    """Return the session at the keypad if it is the one of this opening."""
    flow = draft.flow_at(opening.keypad)
    return flow if isinstance(flow, Depositing) and flow.compartment == opening.compartment else None


def _return_to_keypad(draft: Draft, opening: Opening) -> None:
    """Give the keypad back to a courier across a restart, if nobody else uses it.

    Not for a door that opened late: its courier has gone on, and a passer-by must not confirm.
    """
    if opening.stage is not Stage.LATE and isinstance(draft.flow_at(opening.keypad), Idle | Answering):
        flow = Depositing(opening.person or "", opening.compartment, opening.tracking_id or "")
        draft.set_flow(opening.keypad, flow)


def _prompt(draft: Draft, opening: Opening, message: Message) -> None:
    if _owner(draft, opening) is not None:
        draft.show(opening.keypad, message)
        draft.sound(opening.keypad, Tone.REMIND)


def _prompt_for(opening: Opening, flow: Depositing) -> Message:
    """Return what the courier in front of a door should do."""
    label, blind = opening.compartment, opening.stage is Stage.BLIND
    if opening.stage is Stage.WAITING:
        return say(Text.PRESS_DOOR if opening.pulses > 1 else Text.OPENING, label=label)
    if flow.choice is not None:
        return say(Text.TAKE_PARCEL_NO_CONTACT if blind else Text.TAKE_PARCEL, label=label)
    return say(Text.PUT_PARCEL_NO_CONTACT if blind else Text.PUT_PARCEL, label=label)
