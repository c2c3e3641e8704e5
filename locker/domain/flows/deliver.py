"""A courier's session: which parcel is to be left, named by its label or by its digits (domain.md 4)."""

from locker.domain.allocation import sizes_with_room
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows import admission, collect, inspect
from locker.domain.flows.depositing import await_parcel, open_box, refuse
from locker.domain.flows.sessions import authorised, go_home, sign_out
from locker.domain.intents import Tone
from locker.domain.keypad import ChoosingSize, Delivering
from locker.domain.messages import Text, say
from locker.domain.parcels import Direction, Parcel, Role
from locker.domain.tracking import JJFI_DIGITS, from_digits, read_label

COLLECT, CHECK = "1", "2"
"""What is typed before OK to collect parcels, and to look into suspect compartments."""

MOST_SIZES = 9
SIZES_CELLS = 40
"""One digit each, on two lines."""


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
        typed = flow.typed.with_digit(key, max(draft.rules.tracking_digits, JJFI_DIGITS))
        await_parcel(draft, keypad, flow.courier_id, typed)
        draft.show(keypad, say(Text.TYPING_TRACKING, typed=typed.digits))
    else:
        _submit(draft, keypad, flow)


def scan(draft: Draft, keypad: str, flow: Delivering | ChoosingSize, text: str) -> None:
    """Take a label that a courier scanned; whatever was typed or asked before is dropped."""
    draft.sound(keypad, Tone.KEY)
    if not authorised(draft, flow.courier_id, Role.COURIER):
        sign_out(draft, keypad, flow.courier_id, Role.COURIER, "no longer authorised")
        return
    tracking_id = _on_label(draft, text)
    if tracking_id is None:
        _not_understood(draft, keypad, flow.courier_id, Text.BAD_LABEL)
    else:
        _take(draft, keypad, flow.courier_id, tracking_id)


def press_size(draft: Draft, keypad: str, flow: ChoosingSize, key: Key) -> None:
    """Take the size of a parcel that nobody announced; C goes back to the menu."""
    draft.sound(keypad, Tone.KEY)
    chosen = int(key.value) if key.is_digit else 0
    if key is Key.CLEAR or not authorised(draft, flow.courier_id, Role.COURIER):
        go_home(draft, keypad, flow.courier_id, Role.COURIER)
    elif 1 <= chosen <= len(flow.sizes):
        _take(draft, keypad, flow.courier_id, flow.tracking_id, size=flow.sizes[chosen - 1])
    else:
        _ask_size(draft, keypad, flow)


def _submit(draft: Draft, keypad: str, flow: Delivering) -> None:
    digits, courier_id = flow.typed.digits, flow.courier_id
    if digits == COLLECT:
        collect.begin_round(draft, keypad, courier_id)
    elif digits == CHECK:
        inspect.begin_round(draft, keypad, courier_id, Role.COURIER)
    elif flow.typed.overflow:
        _not_understood(draft, keypad, courier_id, Text.TRACKING_LENGTH)
    elif (tracking_id := from_digits(digits)) is not None:
        _take(draft, keypad, courier_id, tracking_id)
    elif len(digits) == draft.rules.tracking_digits:
        _take_ending(draft, keypad, courier_id, digits)
    else:
        _not_understood(draft, keypad, courier_id, Text.TRACKING_LENGTH)


def _take_ending(draft: Draft, keypad: str, courier_id: str, digits: str) -> None:
    """Take the last digits of a parcel that is expected here."""
    parcels = [draft.automat.parcels[key] for key in draft.automat.announced_ending.get(digits, ())]
    known = [parcel.tracking_id for parcel in parcels if parcel.direction is Direction.INBOUND]
    if len(known) == 1:
        _take(draft, keypad, courier_id, known[0])
    else:
        text = Text.PARCEL_AMBIGUOUS if known else Text.PARCEL_UNKNOWN
        _not_understood(draft, keypad, courier_id, text, typed=digits)


def _take(draft: Draft, keypad: str, courier_id: str, tracking_id: str, size: str | None = None) -> None:
    """Open a box for a parcel, ask how large it is if nobody announced it, or say why it may not stay."""
    objection = (
        admission.objection(draft, tracking_id)
        or admission.in_other_hands(draft, tracking_id, keypad)
        or admission.closed(draft)
    )
    announced = draft.automat.parcels.get(tracking_id)
    if objection is not None:
        refuse(draft, keypad, courier_id, tracking_id, objection)
    elif announced is not None:
        open_box(draft, keypad, courier_id, announced)
    elif size is not None:
        open_box(draft, keypad, courier_id, Parcel(tracking_id, size))
    elif sizes := _sizes_to_offer(draft):
        _ask_size(draft, keypad, ChoosingSize(courier_id, tracking_id, sizes))
    else:
        refuse(draft, keypad, courier_id, tracking_id, admission.NO_ROOM)


def _ask_size(draft: Draft, keypad: str, flow: ChoosingSize) -> None:
    draft.set_flow(keypad, flow, for_s=draft.rules.courier_idle_s)
    draft.show(keypad, say(Text.CHOOSE_SIZE, sizes=_menu(flow.sizes)))


def _sizes_to_offer(draft: Draft) -> tuple[str, ...]:
    """Return the sizes of which a box is free, as many as there are digits to choose them with."""
    return sizes_with_room(draft.automat)[:MOST_SIZES]


def _menu(sizes: tuple[str, ...]) -> str:
    """Return the sizes with their keys; long names are cut until all of them fit."""
    menu = ""
    for cells in range(max(map(len, sizes)), 0, -1):
        menu = " ".join(f"{key}={size[:cells].rstrip()}" for key, size in enumerate(sizes, start=1))
        if len(menu) <= SIZES_CELLS:
            break
    return menu


def _on_label(draft: Draft, text: str) -> str | None:
    """Return the tracking id that was scanned: one that is known, whatever its form, or a right one."""
    candidate = text.replace(" ", "").strip().upper() if text.isascii() else ""
    return candidate if candidate in draft.automat.parcels else read_label(text)


def _not_understood(draft: Draft, keypad: str, courier_id: str, text: Text, **values: str) -> None:
    await_parcel(draft, keypad, courier_id)
    draft.show(keypad, say(text, **values))
    draft.sound(keypad, Tone.WRONG)
