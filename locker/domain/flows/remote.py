"""Remote openings: one door at the word of the back office, limited on the automat itself (domain.md 7).

Nobody here sees what is taken or put: whatever may have opened is suspect until somebody has looked. A
stored parcel stays stored and its code good. A restart ends what waits for a word on the spot, and says so.
"""

from locker.domain.commands import Mode, OpenCompartment
from locker.domain.compartments import Condition
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows.doors import Outcome, Progress, begin, blames_lock
from locker.domain.flows.looking import blame_lock
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, ConfirmingRemote, Idle, Keypad
from locker.domain.messages import Message, Text, say
from locker.domain.openings import Opening, Purpose, Stage

UNDER_WAY = (Stage.WAITING, Stage.OPEN, Stage.BLIND)
OPENED_FROM_AFAR = "it was opened from afar"


def request(draft: Draft, body: OpenCompartment) -> str | None:
    """Open one compartment, or ask on the spot; return why not, having changed nothing, if refused."""
    refusal = _refusal(draft, body.label)
    if refusal is not None:
        return refusal
    if not _limit_reached(draft):
        _open(draft, body.label, body.operator, body.reason, keypad="")
        return None
    keypad = _keypad_for_asking(draft)
    if keypad is None:
        return "keypad-busy"
    flow = ConfirmingRemote(body.label, body.operator, body.reason)
    draft.set_flow(keypad, flow, for_s=draft.rules.spot_confirm_s)
    draft.put_facts(word_awaited=(body.label, body.operator, keypad))
    draft.record(
        EntryKind.OPENING_TO_CONFIRM,
        draft.automat.compartments[body.label].tracking_id,
        compartment=body.label,
        operator=body.operator,
        reason=body.reason,
        keypad=keypad,
    )
    draft.show(keypad, say(Text.CONFIRM_REMOTE, label=body.label))
    draft.sound(keypad, Tone.REMIND)
    return None


def press(draft: Draft, keypad: str, flow: ConfirmingRemote, key: Key) -> None:
    """Take the word of somebody on the spot: OK opens, C does not."""
    draft.sound(keypad, Tone.KEY)
    if key is Key.CLEAR:
        _lapse(draft, keypad, flow, "somebody on the spot said no")
    elif key is not Key.OK:
        draft.show(keypad, say(Text.CONFIRM_REMOTE, label=flow.compartment))
    elif (refusal := _door_refusal(draft, flow.compartment)) is not None:
        _lapse(draft, keypad, flow, refusal)
    else:
        draft.set_flow(keypad, Idle())
        draft.put_facts(word_awaited=())
        _open(draft, flow.compartment, flow.operator, flow.reason, keypad=keypad)


def lapse(draft: Draft, keypad: str, flow: ConfirmingRemote) -> None:
    """Nobody on the spot wanted it."""
    _lapse(draft, keypad, flow, "nobody on the spot confirmed it")


def give_up(draft: Draft, why: str) -> None:
    """Let whatever waits for a word on the spot lapse."""
    for name, keypad in draft.automat.keypads.items():
        if isinstance(keypad.flow, ConfirmingRemote):
            _lapse(draft, name, keypad.flow, why)


def judge_interrupted(draft: Draft) -> None:
    """Let lapse, at start-up, what waited for a word on the spot when the automat stopped."""
    if draft.automat.facts.word_awaited:
        label, operator, keypad = draft.automat.facts.word_awaited
        _record_lapsed(draft, label, operator, keypad, "the automat stopped before anybody confirmed it")


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened from afar."""
    opening = progress.opening
    label = opening.compartment
    match progress.outcome:
        case Outcome.OPENED:
            if opening.stage is not Stage.OPEN:  # else the daemon came up again: it is on record already
                _opened(draft, opening, late=opening.stage is Stage.LATE)
        case Outcome.UNPROVEN:
            _unproven(draft, opening)
        case Outcome.SHUT:
            draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, label, "the door was shut")
        case Outcome.PULSED_AGAIN:
            _announce(draft, opening.keypad, say(Text.PRESS_DOOR, label=label))
        case Outcome.REMINDED:
            _announce(draft, opening.keypad, say(Text.CLOSE_DOOR, label=label), Tone.REMIND)
        case Outcome.LEFT_OPEN:
            _announce(draft, opening.keypad, say(Text.LEFT_OPEN, label=label), Tone.REMIND)
        case Outcome.NOT_OPENED:
            _not_opened(draft, opening, cut_short=progress.cut_short)
        case Outcome.GIVEN_UP:
            pass


def _refusal(draft: Draft, label: str) -> str | None:
    if label not in draft.automat.compartments:
        return "unknown-compartment"
    door = _door_refusal(draft, label)
    if door is not None:
        return door
    asking = any(isinstance(keypad.flow, ConfirmingRemote) for keypad in draft.automat.keypads.values())
    return "another-under-way" if asking else None


def _door_refusal(draft: Draft, label: str) -> str | None:
    """Say why this door may not be opened from afar now, whatever the limits."""
    openings = draft.automat.openings
    if draft.automat.facts.mode is Mode.FROZEN:
        return "frozen"
    if draft.automat.facts.commission:
        return "being-serviced"
    if label in openings and openings[label].stage is not Stage.LATE:
        return "opening-under-way"
    if any(each.purpose is Purpose.REMOTE and each.stage in UNDER_WAY for each in openings.values()):
        return "another-under-way"
    return None


def _limit_reached(draft: Draft) -> bool:
    rules, now_s = draft.rules, draft.now.powered_s
    ages_s = [now_s - at_s for at_s in draft.automat.facts.remote_openings_s]
    lately = sum(age_s < rules.remote_short_s for age_s in ages_s)
    today = sum(age_s < rules.remote_long_s for age_s in ages_s)
    return lately >= rules.remote_openings_short or today >= rules.remote_openings_long


def _keypad_for_asking(draft: Draft) -> str | None:
    """Return the keypad at which somebody on the spot can be asked: at rest, and for the whole automat."""
    for name, keypad in sorted(draft.automat.keypads.items()):
        if keypad.bound_to is None and keypad.fault is None and isinstance(keypad.flow, Idle):
            attempts = draft.automat.attempts.get(name)
            listens = attempts is None or (
                not attempts.guarded and attempts.wait_s(draft.now.powered_s, draft.rules) == 0
            )
            if listens:
                return name
    return None


def _open(draft: Draft, label: str, operator: str, reason: str, *, keypad: str) -> None:
    rules = draft.rules
    most = max(rules.remote_openings_short, rules.remote_openings_long)
    times_s = (*draft.automat.facts.remote_openings_s, draft.now.powered_s)
    draft.put_facts(remote_openings_s=times_s[-most:])
    begin(
        draft,
        label,
        Purpose.REMOTE,
        keypad=keypad,
        tracking_id=draft.automat.compartments[label].tracking_id,
        person=operator,
        reason=reason,
    )
    _announce(draft, keypad, say(Text.OPENING, label=label))


def _lapse(draft: Draft, keypad: str, flow: ConfirmingRemote, why: str) -> None:
    _record_lapsed(draft, flow.compartment, flow.operator, keypad, why)
    draft.answer(keypad, say(Text.REMOTE_LAPSED, label=flow.compartment))


def _record_lapsed(draft: Draft, label: str, operator: str, keypad: str, why: str) -> None:
    box = draft.automat.compartments.get(label)
    draft.put_facts(word_awaited=())
    draft.record(
        EntryKind.OPENING_LAPSED,
        None if box is None else box.tracking_id,
        compartment=label,
        operator=operator,
        why=why,
        keypad=keypad,
    )


def _opened(draft: Draft, opening: Opening, *, late: bool) -> None:
    label = opening.compartment
    _record_opened(draft, opening, late=late or None)
    for kind in (IncidentKind.DOOR_DID_NOT_OPEN, IncidentKind.OPENING_INTERRUPTED):
        draft.clear_incident(kind, label, "the door opened")
    _suspect(draft, opening)


def _unproven(draft: Draft, opening: Opening) -> None:
    """End an opening whose door no contact can speak for: it may have opened."""
    if opening.stage is Stage.BLIND:
        _record_opened(draft, opening, unproven=True)
        _suspect(draft, opening)
    else:
        draft.clear_incident(IncidentKind.DOOR_LEFT_OPEN, opening.compartment, "its contact is gone")


def _record_opened(draft: Draft, opening: Opening, **more: object) -> None:
    draft.record(
        EntryKind.OPENED_REMOTELY,
        opening.tracking_id,
        compartment=opening.compartment,
        operator=opening.person,
        reason=opening.reason,
        spot=bool(opening.keypad),
        keypad=opening.keypad or None,
        pulsesintended=opening.pulses,
        pulsessent=opening.pulses_sent,
        **more,
    )


def _not_opened(draft: Draft, opening: Opening, *, cut_short: bool) -> None:
    label = opening.compartment
    draft.record(
        EntryKind.OPENING_LAPSED,
        opening.tracking_id,
        compartment=label,
        operator=opening.person,
        why="interrupted" if cut_short else "the door did not open",
        pulsesintended=opening.pulses,
        pulsessent=opening.pulses_sent,
    )
    if cut_short:
        _suspect(draft, opening)  # it may have opened and been shut again while nobody saw it
        return
    incident = draft.raise_incident(
        IncidentKind.DOOR_DID_NOT_OPEN,
        label,
        f"{opening.pulses} pulses intended, {opening.pulses_sent} sent, for a remote opening",
    )
    if blames_lock(draft, opening):
        blame_lock(draft, label)
    message = say(Text.REMOTE_NOT_OPENED, label=label, incident=incident.number)
    _announce(draft, opening.keypad, message, Tone.WRONG)


def _suspect(draft: Draft, opening: Opening) -> None:
    label = opening.compartment
    if draft.automat.compartments[label].condition is Condition.SUSPECT:
        return
    draft.change_compartment(label, condition=Condition.SUSPECT, reason=OPENED_FROM_AFAR)
    draft.record(
        EntryKind.COMPARTMENT_TO_INSPECT, opening.tracking_id, compartment=label, reason=OPENED_FROM_AFAR
    )


def _announce(draft: Draft, asked: str, message: Message, tone: Tone | None = None) -> None:
    """Say it at every keypad of the whole automat that is at rest, and where somebody said OK to it."""
    for name, keypad in draft.automat.keypads.items():
        if _at_rest(keypad) or (name == asked and isinstance(keypad.flow, Answering)):
            draft.show(name, message)
            draft.set_flow(name, Answering(), for_s=draft.rules.between_doors_s)
            if tone is not None:
                draft.sound(name, tone)


def _at_rest(keypad: Keypad) -> bool:
    return keypad.bound_to is None and isinstance(keypad.flow, Idle)
