"""C, code, OK: what the keys of a keypad mean while nobody's flow owns them (domain.md 1 and 2)."""

from dataclasses import replace
from math import ceil

from locker.domain.attempts import Attempts
from locker.domain.codes import Code, CodeTag
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows import deliver, pickup
from locker.domain.flows.doors import finish_blind
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import (
    Answering,
    Confirming,
    Delivering,
    Depositing,
    Entering,
    Idle,
    Keypad,
    PickingUp,
    Typed,
)
from locker.domain.messages import Text, say
from locker.domain.openings import Stage
from locker.domain.parcels import Courier, Parcel, ParcelState

CALL_AFTER_MISSES = 2
"""From this miss on, the answer names customer service."""


def press(draft: Draft, name: str, key: Key) -> None:
    """Take one key in; a keypad that is not configured does not exist."""
    keypad = draft.automat.keypads.get(name)
    if keypad is None:
        return
    match keypad.flow:
        case PickingUp(compartment=label) | Depositing(compartment=label):
            _press_at_door(draft, label, key)
        case Delivering() as flow:
            deliver.press(draft, name, flow, key)
        case Confirming() as flow:
            deliver.press_confirming(draft, name, flow, key)
        case Idle() | Entering() | Answering():
            _press_free(draft, keypad, key)


def time_out(draft: Draft, name: str) -> None:
    """Let the time of a keypad's flow run out."""
    flow = draft.automat.keypads[name].flow
    match flow:
        case PickingUp(compartment="", waiting=waiting):
            pickup.next_door(draft, name, waiting)
        case Delivering():
            deliver.sign_out(draft, name, flow.courier_id, "nothing typed")
        case Confirming():
            deliver.abandon(draft, name, flow)
        case _:
            rest(draft, name)


def rest(draft: Draft, name: str) -> None:
    """Put a keypad back to its idle screen."""
    draft.set_flow(name, Idle())
    draft.show(name, say(Text.IDLE, name=draft.automat.identity.name))


def _press_at_door(draft: Draft, label: str, key: Key) -> None:
    """While a door is under way the keys only repeat what to do; OK ends what no contact can prove."""
    opening = draft.automat.openings.get(label)
    if opening is None:
        return
    if opening.stage is Stage.BLIND and key is Key.OK:
        progress = finish_blind(draft, opening)
        if progress is not None:
            (pickup if opening.courier_id is None else deliver).note(draft, progress)
            return
    (pickup if opening.courier_id is None else deliver).prompt_again(draft, opening)


def _press_free(draft: Draft, keypad: Keypad, key: Key) -> None:
    if _shut_out(draft, keypad.name):
        return
    draft.sound(keypad.name, Tone.KEY)
    entering = keypad.flow if isinstance(keypad.flow, Entering) else None
    if key is Key.CLEAR:
        _enter(draft, keypad.name, Typed())
    elif entering is None:
        draft.answer(keypad.name, say(Text.PRESS_C_FIRST))
    elif key.is_digit:
        _enter(draft, keypad.name, entering.typed.with_digit(key, draft.rules.code_digits_max))
    elif not entering.typed.digits:
        _enter(draft, keypad.name, Typed())
    elif entering.typed.overflow or len(entering.typed.digits) < draft.rules.code_digits_min:
        draft.answer(keypad.name, say(Text.WRONG_LENGTH))
    else:
        _evaluate(draft, keypad, Code(entering.typed.digits))


def _shut_out(draft: Draft, name: str) -> bool:
    """Tell a person that this keypad does not listen now, if that is so: no key is evaluated."""
    attempts = _attempts(draft, name)
    if attempts.guarded:
        draft.answer(name, say(Text.GUARD_MODE, phone=draft.automat.identity.customer_service))
        return True
    wait_s = attempts.wait_s(draft.now.powered_s, draft.rules)
    if wait_s > 0:
        draft.answer(name, say(Text.LOCKED_OUT, minutes=ceil(wait_s / 60)))
        return True
    return False


def _enter(draft: Draft, name: str, typed: Typed) -> None:
    draft.set_flow(name, Entering(typed), for_s=draft.rules.entry_timeout_s)
    if typed.digits:
        draft.show(name, say(Text.TYPING_CODE, stars="*" * len(typed.digits)))
    else:
        draft.show(name, say(Text.TYPE_CODE))


def _evaluate(draft: Draft, keypad: Keypad, code: Code) -> None:
    """Look a code up; whatever comes of it is shown only after the commit of this decision."""
    tag = draft.automat.code_key.tag(code)
    parcels = [parcel for parcel in draft.automat.parcels_with(tag) if _answers_here(parcel, keypad)]
    courier = _courier_with(draft, tag) if keypad.bound_to is None else None
    if not parcels and courier is None:
        _miss(draft, keypad)
        return
    draft.put_keypad(replace(keypad, misses_in_a_row=0))
    if parcels:
        pickup.accept_code(draft, keypad.name, parcels)
    elif courier is not None:
        deliver.sign_in(draft, keypad.name, courier)


def _answers_here(parcel: Parcel, keypad: Keypad) -> bool:
    if keypad.bound_to is not None and parcel.compartment != keypad.bound_to:
        return False
    return parcel.state in (ParcelState.STORED, ParcelState.OVERDUE, ParcelState.COLLECTED)


def _courier_with(draft: Draft, tag: CodeTag) -> Courier | None:
    courier_id = draft.automat.courier_of_tag.get(tag)
    if courier_id is None:
        return None
    courier = draft.automat.couriers[courier_id]
    return courier if deliver.may_sign_in(draft, courier) else None


def _miss(draft: Draft, keypad: Keypad) -> None:
    before = _attempts(draft, keypad.name)
    after = before.missed(draft.now.powered_s, draft.rules)
    draft.put_attempts(after)
    today = len(after.misses_s)
    draft.record(EntryKind.CODE_MISSED, keypad=keypad.name, tokens=after.tokens, missestoday=today)
    if today == draft.rules.misses_alarm:
        draft.record(EntryKind.MISSES_ALARM, keypad=keypad.name, missestoday=today)
    if after.guarded and not before.guarded:
        draft.record(EntryKind.GUARD_MODE, keypad=keypad.name, missestoday=today)
        draft.raise_incident(IncidentKind.GUARD_MODE, keypad.name, f"{today} wrong codes within a day")
    elif after.tokens == 0:
        draft.record(
            EntryKind.KEYPAD_LOCKED,
            keypad=keypad.name,
            seconds=ceil(after.wait_s(draft.now.powered_s, draft.rules)),
        )
    in_a_row = keypad.misses_in_a_row + 1
    draft.put_keypad(replace(keypad, misses_in_a_row=in_a_row))
    identity = draft.automat.identity
    answer = say(Text.NOT_RECOGNISED, name=identity.name)
    if in_a_row >= CALL_AFTER_MISSES:
        answer = say(Text.NOT_RECOGNISED_CALL, name=identity.name, phone=identity.customer_service)
    draft.answer(keypad.name, answer)
    draft.sound(keypad.name, Tone.WRONG)


def _attempts(draft: Draft, name: str) -> Attempts:
    known = draft.automat.attempts.get(name)
    if known is None:
        return Attempts(name, draft.rules.tokens, draft.now.powered_s)
    return known
