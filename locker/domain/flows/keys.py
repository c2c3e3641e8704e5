"""C, code, OK: what the keys of a keypad mean while nobody's flow owns them (domain.md 1 and 2)."""

from dataclasses import replace
from math import ceil

from locker.domain.codes import Code, CodeTag
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows import (
    collect,
    deliver,
    depositing,
    guard,
    holding,
    inspect,
    pickup,
    remote,
    send,
    service,
    sessions,
    trials,
)
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import (
    Answering,
    BeingTried,
    ChoosingDoor,
    ChoosingSize,
    Collecting,
    Confirming,
    ConfirmingRemote,
    ConfirmingRemoval,
    ConfirmingSending,
    Delivering,
    Depositing,
    Entering,
    Idle,
    Inspecting,
    Judging,
    Keypad,
    Naming,
    PickingUp,
    ReadingIncidents,
    Registering,
    Sending,
    Serving,
    TryingKeys,
    Typed,
)
from locker.domain.messages import Text, say
from locker.domain.parcels import Credential, Direction, Parcel, ParcelState, Role

CALL_AFTER_MISSES = 2
"""From this miss on, the answer names customer service."""


def press(draft: Draft, name: str, key: Key) -> None:  # noqa: C901  (one flat table of whose keys these are)
    """Take one key in; a keypad that is not configured does not exist."""
    keypad = draft.automat.keypads.get(name)
    if keypad is None:
        return
    match keypad.flow:
        case PickingUp() as flow:
            pickup.press_at_door(draft, name, flow, key)
        case Delivering() as flow:
            deliver.press(draft, name, flow, key)
        case ChoosingSize() as flow:
            deliver.press_size(draft, name, flow, key)
        case Depositing() as flow:
            depositing.press_at_door(draft, name, flow, key)
        case Confirming() as flow:
            depositing.press_confirming(draft, name, flow, key)
        case Collecting() as flow:
            collect.press_at_door(draft, name, flow, key)
        case ConfirmingRemoval() as flow:
            collect.press_confirming(draft, name, flow, key)
        case Inspecting() as flow:
            inspect.press_at_door(draft, name, flow, key)
        case Judging() as flow:
            inspect.press_judging(draft, name, flow, key)
        case Naming() as flow:
            inspect.press_naming(draft, name, flow, key)
        case Sending() as flow:
            send.press_at_door(draft, name, flow, key)
        case ConfirmingSending() as flow:
            send.press_confirming(draft, name, flow, key)
        case Serving() as flow:
            service.press(draft, name, flow, key)
        case ChoosingDoor() as flow:
            service.press_door(draft, name, flow, key)
        case TryingKeys() as flow:
            service.press_trying(draft, name, flow, key)
        case BeingTried() as flow:
            trials.press(draft, name, flow, key)
        case ReadingIncidents() as flow:
            service.press_reading(draft, name, flow, key)
        case ConfirmingRemote() as flow:
            remote.press(draft, name, flow, key)
        case Idle() | Entering() | Answering() | Registering():
            _press_free(draft, keypad, key)


def scan(draft: Draft, name: str, text: str) -> None:
    """Take a scanned label in; it means something only to a person who is signed in."""
    match draft.flow_at(name):
        case Delivering() | ChoosingSize() as flow:
            deliver.scan(draft, name, flow, text)
        case Depositing() | Confirming() as flow:
            depositing.scan(draft, name, flow)
        case ConfirmingRemoval() as flow:
            collect.scan(draft, name, flow, text)
        case Naming() as flow:
            inspect.scan(draft, name, flow, text)
        case BeingTried() as flow:
            trials.scan(draft, name, flow, text)
        case _:
            pass


def time_out(draft: Draft, name: str) -> None:
    """Let the time of a keypad's flow run out."""
    flow = draft.automat.keypads[name].flow
    match flow:
        case PickingUp(compartment="", waiting=waiting):
            pickup.next_door(draft, name, waiting)
        case Delivering() | ChoosingSize():
            sessions.sign_out(draft, name, flow.courier_id, Role.COURIER, "nothing typed")
        case Confirming():
            depositing.abandon(draft, name, flow)
        case Collecting(compartment="") as paused:
            collect.resume(draft, name, paused)
        case ConfirmingRemoval():
            collect.abandon(draft, name, flow)
        case Judging() | Naming():
            inspect.abandon(draft, name, flow)
        case ConfirmingSending():
            send.abandon(draft, name, flow)
        case Serving() | ChoosingDoor() | TryingKeys() | ReadingIncidents():
            service.time_out(draft, name, flow.technician_id)
        case ConfirmingRemote():
            remote.lapse(draft, name, flow)
        case _:
            rest(draft, name)


def rest(draft: Draft, name: str) -> None:
    """Put a keypad back to its idle screen."""
    draft.set_flow(name, Idle())
    draft.show(name, guard.idle_screen(draft, name))


def _press_free(draft: Draft, keypad: Keypad, key: Key) -> None:
    if _shut_out(draft, keypad.name):
        return
    draft.sound(keypad.name, Tone.KEY)
    entering = keypad.flow if isinstance(keypad.flow, Entering) else None
    if key is Key.CLEAR:
        _enter(draft, keypad.name, Typed())
    elif entering is None:
        draft.answer(keypad.name, guard.closed(draft, keypad.name) or say(Text.PRESS_C_FIRST))
    elif key.is_digit:
        _enter(draft, keypad.name, entering.typed.with_digit(key, draft.rules.code_digits_max))
    elif not entering.typed.digits:
        _enter(draft, keypad.name, Typed())
    elif entering.typed.overflow or len(entering.typed.digits) < draft.rules.code_digits_min:
        draft.answer(keypad.name, guard.closed(draft, keypad.name) or say(Text.WRONG_LENGTH))
        draft.sound(keypad.name, Tone.WRONG)
    else:
        _evaluate(draft, keypad, Code(entering.typed.digits))


def _shut_out(draft: Draft, name: str) -> bool:
    """Tell a person that this keypad does not listen now, if that is so: no key is evaluated."""
    wait_s = guard.wait_s(draft, name)
    if wait_s > 0:
        draft.answer(name, say(Text.LOCKED_OUT, minutes=ceil(wait_s / 60)))
        return True
    return False


def _enter(draft: Draft, name: str, typed: Typed) -> None:
    draft.set_flow(name, Entering(typed), for_s=draft.rules.entry_timeout_s)
    if typed.digits:
        draft.show(name, say(Text.TYPING_CODE, stars="*" * len(typed.digits)))
    else:
        draft.show(name, guard.closed(draft, name) or say(Text.TYPE_CODE))


def _evaluate(draft: Draft, keypad: Keypad, code: Code) -> None:
    """Look a code up; whatever comes of it is shown only after the commit of this decision."""
    tag = draft.automat.code_key.tag(code)
    credential = _credential_with(draft, tag) if keypad.bound_to is None else None
    if credential is not None and credential.role is Role.TECHNICIAN:
        draft.put_keypad(replace(keypad, misses_in_a_row=0))
        sessions.sign_in(draft, keypad.name, credential)
        return
    closed = guard.closed(draft, keypad.name)
    if closed is not None:
        # No word on whether it would have been right; it costs a token, or technicians could be guessed.
        guard.spend(draft, keypad.name, closed.text)
        draft.answer(keypad.name, closed)
        draft.sound(keypad.name, Tone.WRONG)
        return
    parcels = [parcel for parcel in draft.automat.parcels_with(tag) if _answers_here(draft, parcel, keypad)]
    if not parcels and credential is None:
        _miss(draft, keypad)
        return
    draft.put_keypad(replace(keypad, misses_in_a_row=0))
    if credential is not None:
        sessions.sign_in(draft, keypad.name, credential)
    elif parcels[0].direction is Direction.OUTBOUND:
        send.accept_code(draft, keypad.name, parcels[0])
    else:
        pickup.accept_code(draft, keypad.name, parcels)


def _answers_here(draft: Draft, parcel: Parcel, keypad: Keypad) -> bool:
    outbound = parcel.direction is Direction.OUTBOUND
    door = holding.returns_to(draft.automat, parcel) if outbound else parcel.compartment
    if keypad.bound_to is not None and door != keypad.bound_to:
        return False
    if outbound:
        return parcel.state is ParcelState.ANNOUNCED and _drop_off_holds(draft, parcel)
    return parcel.state in (ParcelState.STORED, ParcelState.OVERDUE, ParcelState.COLLECTED)


def _drop_off_holds(draft: Draft, parcel: Parcel) -> bool:
    """Tell whether a drop-off code is within its time; an untrusted clock cannot say that it has ended."""
    if not draft.automat.judges_time(draft.now) or parcel.valid_from is None or parcel.valid_until is None:
        return True
    return parcel.valid_from <= draft.now.wall_at < parcel.valid_until


def _credential_with(draft: Draft, tag: CodeTag) -> Credential | None:
    holder = draft.automat.holder_of_tag.get(tag)
    if holder is None:
        return None
    credential = draft.automat.credentials[holder]
    return credential if sessions.may_sign_in(draft, credential) else None


def _miss(draft: Draft, keypad: Keypad) -> None:
    before = guard.attempts_at(draft, keypad.name)
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
        guard.record_locked(draft, after)
    in_a_row = keypad.misses_in_a_row + 1
    draft.put_keypad(replace(keypad, misses_in_a_row=in_a_row))
    identity = draft.automat.identity
    answer = say(Text.NOT_RECOGNISED, name=identity.name)
    if in_a_row >= CALL_AFTER_MISSES:
        answer = say(Text.NOT_RECOGNISED_CALL, name=identity.name, phone=identity.customer_service)
    draft.answer(keypad.name, answer)
    draft.sound(keypad.name, Tone.WRONG)
