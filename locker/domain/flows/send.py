"""Sending: a drop-off code opens a fitting compartment, the sender confirms (domain.md 6).

From the first pulse until the confirmation the compartment is held for this sender (flows/holding.py).
Custody passes with the confirmation, responsibility when the back office has registered the parcel.
"""

from dataclasses import replace

from locker.domain.allocation import choose
from locker.domain.commands import Mode, RegisterParcel
from locker.domain.compartments import Condition
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows import holding
from locker.domain.flows.doors import Outcome, Progress, begin, blames_lock, judge_unopened, press_blind
from locker.domain.flows.looking import still_open
from locker.domain.flows.storing import settle
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, Choice, ConfirmingSending, Idle, Registering, Sending
from locker.domain.messages import Message, Text, say
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import Direction, Parcel, ParcelMove
from locker.domain.times import rfc3339

NOT_SAID = "it had to come out again; nobody said that it did"
OCCUPIED = "a sender says that it is occupied or dirty"
CONTRADICTED = "somebody else judged it while its sender stood there"
LATE = "its door opened late; nobody said what lies inside"

CHOICES = {Key.D1: Choice.BIGGER, Key.D2: Choice.ANOTHER, Key.CLEAR: Choice.CANCEL}
OPEN_AGAIN = Key.D3


def accept_code(draft: Draft, keypad: str, parcel: Parcel) -> None:
    """Answer a right drop-off code: open the box that is held for it, else one that fits, or say why not."""
    label = holding.returns_to(draft.automat, parcel)
    if label is not None:
        _accepted(draft, keypad, parcel.tracking_id, label)
        _reopen(draft, keypad, Sending(label, parcel.tracking_id, draft.now.wall_at, returning=True))
    elif parcel.compartment is not None and parcel.compartment not in draft.automat.compartments:
        _not_configured(draft, keypad, parcel, parcel.compartment)
    else:
        _open_new(draft, keypad, parcel, Sending("", parcel.tracking_id, draft.now.wall_at))


def press_at_door(draft: Draft, keypad: str, flow: Sending, key: Key) -> None:
    """Take a key of a sender in front of a door: a choice, which waits until the door is shut, or OK."""
    draft.sound(keypad, Tone.KEY)
    if key in CHOICES:
        flow = replace(flow, choice=CHOICES[key])
        draft.set_flow(keypad, flow)
    elif key is Key.OK:
        progress = press_blind(draft, flow.compartment, key)
        if progress is not None:
            note(draft, progress)
            return
        if draft.automat.openings[flow.compartment].stage is not Stage.BLIND:
            flow = replace(flow, choice=None)  # changed their mind while the door was open
            draft.set_flow(keypad, flow)
    opening = draft.automat.openings[flow.compartment]
    draft.show(keypad, _prompt_for(opening, flow))


def press_confirming(draft: Draft, keypad: str, flow: ConfirmingSending, key: Key) -> None:
    """Take a sender's word: OK drops the parcel off, C and 3 open the door again, 1 and 2 another one."""
    draft.sound(keypad, Tone.KEY)
    box = draft.automat.compartments[flow.compartment]
    if not holding.holds(box, flow.tracking_id):
        if box.condition is Condition.SOUND and box.tracking_id is None:
            draft.change_compartment(box.label, condition=Condition.SUSPECT, reason=CONTRADICTED)
        holding.abandon(draft, keypad, box.label, flow.tracking_id, CONTRADICTED)
        _end(draft, keypad, flow.tracking_id)
    elif still_open(draft, box.label, flow.evidence):
        draft.show(keypad, say(Text.CLOSE_DOOR, label=box.label))  # it sprang open, or was opened from afar
    elif flow.evidence.outdated:
        # It was opened for somebody else since: only another look tells what lies inside.
        _open_again(draft, keypad, flow, Choice.CANCEL if key is Key.CLEAR else None)
    elif key is Key.OK and holding.expected(draft, flow.tracking_id) is not None:
        _drop_off(draft, keypad, flow)
    elif key is Key.OK:
        # Withdrawn while the sender stood here: the parcel must come out again.
        _open_again(draft, keypad, flow, Choice.TAKE_OUT, say(Text.SENDING_WITHDRAWN, phone=_phone(draft)))
    elif key is Key.CLEAR:
        _open_again(draft, keypad, flow, Choice.CANCEL)
    elif key is OPEN_AGAIN:
        _open_again(draft, keypad, flow, None)
    elif key in CHOICES:
        _choose(draft, keypad, flow, CHOICES[key])
    else:
        draft.show(keypad, say(Text.SENDING_CONFIRM))


def abandon(draft: Draft, keypad: str, flow: ConfirmingSending) -> None:
    """The sender left without confirming: the box stays suspect and held, the code stays valid."""
    holding.abandon(draft, keypad, flow.compartment, flow.tracking_id, "not confirmed")
    _end(draft, keypad, flow.tracking_id)
    draft.sound(keypad, Tone.WRONG)


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened for a sender."""
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


def register(draft: Draft, body: RegisterParcel) -> str | None:
    """Take in that the back office has registered a parcel; return why not, having changed nothing.

    A parcel that a courier has taken away meanwhile is registered all the same: both moments are on record.
    """
    parcel = draft.automat.parcels.get(body.tracking_id)
    if parcel is None:
        return "unknown-parcel"
    if parcel.direction is not Direction.OUTBOUND or parcel.deposited_at is None:
        return "not-dropped-off"
    if parcel.registered_at is not None:
        return "already-registered"
    state = parcel.after(ParcelMove.REGISTER) if parcel.may(ParcelMove.REGISTER) else parcel.state
    draft.put_parcel(replace(parcel, state=state, registered_at=draft.now.wall_at))
    draft.record(
        EntryKind.PARCEL_REGISTERED,
        parcel.tracking_id,
        compartment=parcel.compartment,
        droppedoff=rfc3339(parcel.deposited_at),
        registered=rfc3339(draft.now.wall_at),
    )
    note_registered(draft, parcel)
    return None


def note_registered(draft: Draft, parcel: Parcel) -> None:
    """Tell a sender who still stands there that the back office has registered the parcel."""
    for name, keypad in draft.automat.keypads.items():
        if keypad.flow == Registering(parcel.tracking_id):
            draft.answer(name, say(Text.SENDING_REGISTERED))


# -- opening


def _open_new(draft: Draft, keypad: str, parcel: Parcel, flow: Sending) -> None:
    """Open a box that was not opened for this sender before, or say why there is none."""
    facts = draft.automat.facts
    if facts.mode is Mode.FROZEN:
        _refuse(draft, keypad, parcel, "mode-frozen", say(Text.FROZEN, phone=_phone(draft)))
        return
    if facts.mode is not Mode.NORMAL:
        _refuse(draft, keypad, parcel, f"mode-{facts.mode}", say(Text.NO_DEPOSITS))
        return
    if facts.storage_low:
        _refuse(draft, keypad, parcel, "storage-low", say(Text.NO_DEPOSITS))
        return
    box = choose(draft.automat, parcel, tried=flow.tried, larger_than=flow.too_small)
    if box is None:
        _refuse(draft, keypad, parcel, "no-compartment", say(Text.SENDING_NO_COMPARTMENT))
        return
    if not flow.tried:
        _accepted(draft, keypad, parcel.tracking_id, box.label)
    draft.change_compartment(
        box.label, condition=Condition.SUSPECT, reason=holding.hold_reason(parcel.tracking_id)
    )
    draft.put_parcel(replace(parcel, compartment=box.label))
    _begin(draft, keypad, replace(flow, compartment=box.label))


def _open_another(
    draft: Draft,
    keypad: str,
    before: Sending | ConfirmingSending,
    would_not_do: str,
    *,
    too_small: bool = False,
) -> None:
    """Open another box after one that would not do; a keypad of one door has no other."""
    parcel = holding.expected(draft, before.tracking_id)
    if parcel is None or draft.automat.keypads[keypad].bound_to is not None:
        _end(draft, keypad, before.tracking_id)
        return
    flow = Sending(
        "",
        before.tracking_id,
        before.accepted_at,
        tried=(*before.tried, would_not_do),
        too_small=would_not_do if too_small else before.too_small,
    )
    _open_new(draft, keypad, parcel, flow)


def _reopen(draft: Draft, keypad: str, flow: Sending) -> None:
    """Open the box in which the parcel may lie already; whoever else had it in hand lets go."""
    if _under_way(draft, flow.compartment):
        draft.answer(keypad, say(Text.CLOSE_DOOR, label=flow.compartment))  # under way already, or left open
        return
    for name, other in draft.automat.keypads.items():
        same = isinstance(other.flow, ConfirmingSending) and other.flow.tracking_id == flow.tracking_id
        if same and name != keypad:
            draft.answer(name, say(Text.OPENING, label=flow.compartment))
    _begin(draft, keypad, flow)


def _open_again(
    draft: Draft,
    keypad: str,
    flow: ConfirmingSending,
    choice: Choice | None,
    message: Message | None = None,
) -> None:
    """Open the door once more for a sender who has not confirmed; nothing opens in frozen mode."""
    if draft.automat.facts.mode is Mode.FROZEN:
        draft.show(keypad, say(Text.FROZEN, phone=_phone(draft)))
        return
    again = Sending(
        flow.compartment,
        flow.tracking_id,
        flow.accepted_at,
        flow.tried,
        flow.too_small,
        choice=choice,
        returning=True,
    )
    _reopen(draft, keypad, again)
    if message is not None:
        draft.show(keypad, message)


def _begin(draft: Draft, keypad: str, flow: Sending) -> None:
    begin(draft, flow.compartment, Purpose.DROP_OFF, keypad=keypad, tracking_id=flow.tracking_id)
    draft.set_flow(keypad, flow)
    draft.show(keypad, _prompt_for(draft.automat.openings[flow.compartment], flow))


def _accepted(draft: Draft, keypad: str, tracking_id: str, label: str) -> None:
    draft.record(EntryKind.CODE_ACCEPTED, tracking_id, keypad=keypad, compartment=label)
    draft.sound(keypad, Tone.RIGHT)


def _refuse(draft: Draft, keypad: str, parcel: Parcel, reason: str, message: Message) -> None:
    """Say why nothing opens; the code stays valid."""
    draft.record(
        EntryKind.DEPOSIT_REFUSED,
        parcel.tracking_id,
        purpose=str(Purpose.DROP_OFF),
        reason=reason,
        keypad=keypad,
    )
    draft.answer(keypad, message)
    draft.sound(keypad, Tone.WRONG)


def _not_configured(draft: Draft, keypad: str, parcel: Parcel, label: str) -> None:
    """Tell a sender whose box the configuration no longer has that somebody must come."""
    detail = "a drop-off was begun there; restore its table"
    incident = draft.raise_incident(IncidentKind.CONFIGURATION_MISMATCH, label, detail)
    message = say(Text.NOT_OPENED, label=label, incident=incident.number, phone=_phone(draft))
    _refuse(draft, keypad, parcel, "compartment-not-configured", message)


# -- what became of a door


def _opened(draft: Draft, opening: Opening) -> None:
    label = opening.compartment
    for kind in (IncidentKind.DOOR_DID_NOT_OPEN, IncidentKind.OPENING_INTERRUPTED):
        draft.clear_incident(kind, label, "the door opened")
    box = draft.automat.compartments[label]
    reason = box.reason if holding.holds(box, opening.tracking_id) else LATE
    # The lock works, but until somebody says so nobody knows what lies inside.
    draft.change_compartment(label, condition=Condition.SUSPECT, reason=reason)
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
        holding.abandon(
            draft, opening.keypad, label, opening.tracking_id or "", "nobody was there to confirm"
        )
        return
    evidence = opening.evidence(draft.now.wall_at if progress.outcome is Outcome.SHUT else None)
    confirming = ConfirmingSending(
        label, flow.tracking_id, flow.accepted_at, evidence, flow.tried, flow.too_small
    )
    draft.set_flow(opening.keypad, confirming, for_s=draft.rules.send_confirm_s)
    if flow.choice is None:
        draft.show(opening.keypad, say(Text.SENDING_CONFIRM))
    else:
        _choose(draft, opening.keypad, confirming, flow.choice)


def _not_opened(draft: Draft, opening: Opening, *, cut_short: bool) -> None:
    """Report a lock that does not open; offer another box at once if nothing can lie in this one."""
    label, tracking_id = opening.compartment, opening.tracking_id or ""
    if cut_short:
        holding.abandon(draft, opening.keypad, label, tracking_id, "interrupted")
        return
    incident = draft.raise_incident(
        IncidentKind.DOOR_DID_NOT_OPEN,
        label,
        f"{opening.pulses} pulses intended, {opening.pulses_sent} sent, for a drop-off",
    )
    flow = _owner(draft, opening)
    if flow is None or flow.returning:
        # The parcel may lie inside: the box stays held, only its lock is to blame.
        if blames_lock(draft, opening):
            draft.change_compartment(label, condition=Condition.FAULTY)
        holding.abandon(draft, opening.keypad, label, tracking_id, "the door did not open")
    else:
        judge_unopened(draft, opening)
        holding.let_go(draft, tracking_id, label)
    if flow is None:
        return
    if flow.returning:
        message = say(Text.NOT_OPENED, label=label, incident=incident.number, phone=_phone(draft))
        draft.answer(opening.keypad, message)
        draft.sound(opening.keypad, Tone.WRONG)
    elif flow.choice is Choice.CANCEL:
        _cancelled(draft, opening.keypad, label, tracking_id)
    else:
        _open_another(draft, opening.keypad, flow, label)


def _left_open(draft: Draft, opening: Opening) -> None:
    label = opening.compartment
    holding.abandon(draft, opening.keypad, label, opening.tracking_id or "", "door left open")
    if _owner(draft, opening) is not None:
        draft.answer(opening.keypad, say(Text.LEFT_OPEN, label=label))
        draft.sound(opening.keypad, Tone.REMIND)


# -- what the sender decides


def _drop_off(draft: Draft, keypad: str, flow: ConfirmingSending) -> None:
    """Take the parcel into custody: this entry is the sender's receipt."""
    parcel = draft.automat.parcels[flow.tracking_id]
    box = draft.automat.compartments[flow.compartment]
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.DROP_OFF),
            code_tag=None,
            compartment=box.label,
            deposited_at=draft.now.wall_at,
        )
    )
    draft.change_compartment(box.label, condition=Condition.SOUND, reason=None, tracking_id=flow.tracking_id)
    settle(draft, box.label, "its sender said what lies inside")
    evidence = flow.evidence
    draft.record(
        EntryKind.PARCEL_DROPPED_OFF,
        flow.tracking_id,
        grade=evidence.grade,
        compartment=box.label,
        size=box.fixture.size,
        keypad=keypad,
        codeaccepted=rfc3339(flow.accepted_at),
        pulsesintended=evidence.pulses,
        pulsessent=evidence.pulses_sent,
        dooropened=rfc3339(evidence.opened_at) if evidence.opened_at else None,
        doorclosed=rfc3339(evidence.shut_at) if evidence.shut_at else None,
        confirmed=rfc3339(draft.now.wall_at),
        goods=box.goods,
    )
    draft.sound(keypad, Tone.RIGHT)
    draft.show(keypad, say(Text.SENDING_RECEIVED))
    draft.set_flow(keypad, Registering(flow.tracking_id), for_s=draft.rules.answer_shown_s)


def _choose(draft: Draft, keypad: str, flow: ConfirmingSending, choice: Choice) -> None:
    """Do what was chosen, now that the door is shut: nothing of the sender's is to lie inside."""
    label, tracking_id = flow.compartment, flow.tracking_id
    if choice is Choice.ANOTHER:
        draft.change_compartment(label, condition=Condition.SUSPECT, reason=OCCUPIED)
        draft.raise_incident(IncidentKind.COMPARTMENT_OCCUPIED, label, f"{OCCUPIED}, parcel {tracking_id}")
        draft.record(
            EntryKind.COMPARTMENT_TO_INSPECT,
            tracking_id,
            compartment=label,
            purpose=str(Purpose.DROP_OFF),
            keypad=keypad,
            reason=OCCUPIED,
        )
        holding.let_go(draft, tracking_id, label)
        _open_another(draft, keypad, flow, label)
        return
    if draft.automat.compartments[label].goods:
        draft.show(keypad, say(Text.STILL_INSIDE, label=label))
        draft.sound(keypad, Tone.REMIND)
        return
    if choice is Choice.TAKE_OUT and draft.automat.compartments[label].goods is None:
        # Said to lie inside before: a door that was shut again does not say that it was taken out.
        holding.abandon(draft, keypad, label, tracking_id, NOT_SAID)
        _end(draft, keypad, tracking_id)
        return
    holding.give_back(draft, label, tracking_id, flow.evidence)
    if choice in (Choice.CANCEL, Choice.TAKE_OUT):
        _cancelled(draft, keypad, label, tracking_id)
    else:
        _open_another(draft, keypad, flow, label, too_small=True)


def _cancelled(draft: Draft, keypad: str, label: str, tracking_id: str) -> None:
    draft.record(
        EntryKind.DEPOSIT_CANCELLED,
        tracking_id,
        purpose=str(Purpose.DROP_OFF),
        compartment=label,
        keypad=keypad,
    )
    _end(draft, keypad, tracking_id)


def _end(draft: Draft, keypad: str, tracking_id: str) -> None:
    """Say how a drop-off ended that was none."""
    if holding.expected(draft, tracking_id) is None:
        draft.answer(keypad, say(Text.SENDING_WITHDRAWN, phone=_phone(draft)))
    else:
        draft.answer(keypad, say(Text.SENDING_CANCELLED))


# -- helpers


def _under_way(draft: Draft, label: str) -> bool:
    opening = draft.automat.openings.get(label)
    return opening is not None and opening.stage is not Stage.LATE


def _owner(draft: Draft, opening: Opening) -> Sending | None:
    """Return the session at the keypad if it is the one of this opening."""
    flow = draft.flow_at(opening.keypad)
    return flow if isinstance(flow, Sending) and flow.compartment == opening.compartment else None


def _return_to_keypad(draft: Draft, opening: Opening) -> None:
    """Give the keypad back to a sender across a restart, if nobody else uses it.

    Not for a door that opened late: its sender has gone on, and a passer-by must not confirm.
    """
    if opening.stage is not Stage.LATE and isinstance(draft.flow_at(opening.keypad), Idle | Answering):
        flow = Sending(opening.compartment, opening.tracking_id or "", opening.started_at, returning=True)
        draft.set_flow(opening.keypad, flow)


def _prompt(draft: Draft, opening: Opening, message: Message) -> None:
    if _owner(draft, opening) is not None:
        draft.show(opening.keypad, message)
        draft.sound(opening.keypad, Tone.REMIND)


def _prompt_for(opening: Opening, flow: Sending) -> Message:
    """Return what the sender in front of a door should do."""
    label = opening.compartment
    blind = opening.stage is Stage.BLIND
    if opening.stage is Stage.WAITING:
        return say(Text.PRESS_DOOR if opening.pulses > 1 else Text.OPENING, label=label)
    if flow.choice is not None:
        return say(Text.TAKE_PARCEL_NO_CONTACT if blind else Text.TAKE_PARCEL, label=label)
    return say(Text.SENDING_PUT_PARCEL_NO_CONTACT if blind else Text.SENDING_PUT_PARCEL, label=label)


def _phone(draft: Draft) -> str:
    return draft.automat.identity.customer_service
