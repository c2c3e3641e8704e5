"""The service menu: what a technician does at the keypad (two lines of 20).

The right is checked at every key. What is done is an entry with the technician's name.
"""

from locker.domain.automat import Automat
from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows import guard, inspect
from locker.domain.flows.sessions import authorised, go_home, rest, sign_out
from locker.domain.incidents import Incident
from locker.domain.intents import LampTest, Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import ChoosingDoor, ReadingIncidents, Serving, TryingKeys, Typed
from locker.domain.messages import Message, Text, say
from locker.domain.parcels import Role

LABEL_DIGITS = 8
"""More digits no door is named by."""


def press(draft: Draft, keypad: str, flow: Serving, key: Key) -> None:
    """Take a choice from the menu: 1 open, 2 test, 3 release guard, 4 incidents, 5 look into, C sign out."""
    technician_id = flow.technician_id
    if not _may_go_on(draft, keypad, technician_id):
        return
    match key:
        case Key.D1:
            _choose(draft, keypad, technician_id, Typed())
        case Key.D2:
            _test(draft, keypad, technician_id)
        case Key.D3:
            _release_guard(draft, keypad, technician_id)
        case Key.D4:
            _read(draft, keypad, technician_id, _latest(draft.automat, None))
        case Key.D5:
            inspect.begin_round(draft, keypad, technician_id, Role.TECHNICIAN)
        case Key.CLEAR:
            sign_out(draft, keypad, technician_id, Role.TECHNICIAN, "C pressed")
        case _:
            _go_home(draft, keypad, technician_id)


def press_door(draft: Draft, keypad: str, flow: ChoosingDoor, key: Key) -> None:
    """Take the number of the compartment to open, OK to open it; C clears it, then leads back to the menu."""
    technician_id = flow.technician_id
    if not _may_go_on(draft, keypad, technician_id):
        return
    if key.is_digit:
        _choose(draft, keypad, technician_id, flow.typed.with_digit(key, LABEL_DIGITS))
    elif key is Key.CLEAR and not flow.typed.digits:
        _go_home(draft, keypad, technician_id)
    elif key is Key.CLEAR:
        _choose(draft, keypad, technician_id, Typed())
    elif flow.label is not None:
        inspect.open_one(draft, keypad, technician_id, Role.TECHNICIAN, flow.label)
    else:
        _choose(draft, keypad, technician_id, flow.typed)
        draft.sound(keypad, Tone.WRONG)


def press_trying(draft: Draft, keypad: str, flow: TryingKeys, key: Key) -> None:
    """Show the key that was pressed; C twice in a row ends the test."""
    technician_id = flow.technician_id
    if not _may_go_on(draft, keypad, technician_id):
        return
    if key is Key.CLEAR and flow.last is Key.CLEAR:
        _go_home(draft, keypad, technician_id)
        return
    draft.set_flow(keypad, TryingKeys(technician_id, key), for_s=draft.rules.service_idle_s)
    draft.show(keypad, say(Text.KEY_TRIED, key=key))


def press_reading(draft: Draft, keypad: str, flow: ReadingIncidents, key: Key) -> None:
    """Turn to the next incident, after the last to the first; C leads back to the menu."""
    technician_id = flow.technician_id
    if not _may_go_on(draft, keypad, technician_id):
        return
    if key is Key.CLEAR:
        _go_home(draft, keypad, technician_id)
        return
    automat = draft.automat
    _read(draft, keypad, technician_id, _latest(automat, flow.number) or _latest(automat, None))


def time_out(draft: Draft, keypad: str, technician_id: str) -> None:
    """End a session in which nothing happens."""
    sign_out(draft, keypad, technician_id, Role.TECHNICIAN, "nothing typed")


def find_door(automat: Automat, typed: Typed) -> str | None:
    """Return the label of the door that somebody means; None if there is no such door.

    A label of digits is typed as it stands on the door. A door whose label is no number is named by its
    place on the walk along the automat, counted from 1; a 0 in front, if a label has the same digits.
    """
    digits, labels = typed.digits, automat.layout.labels
    if not digits or typed.overflow:
        return None
    if digits in automat.compartments:
        return digits
    place = int(digits)
    if not 1 <= place <= len(labels):
        return None
    label = labels[place - 1]
    return None if label.isdecimal() else label


def _may_go_on(draft: Draft, keypad: str, technician_id: str) -> bool:
    """Take a key of a person who still has the right; end the session of one who has not."""
    draft.sound(keypad, Tone.KEY)
    if authorised(draft, technician_id, Role.TECHNICIAN):
        return True
    sign_out(draft, keypad, technician_id, Role.TECHNICIAN, "no longer authorised")
    return False


def _go_home(draft: Draft, keypad: str, technician_id: str) -> None:
    go_home(draft, keypad, technician_id, Role.TECHNICIAN)


def _tell(draft: Draft, keypad: str, technician_id: str, message: Message) -> None:
    """Say what came of a choice; the keys are the menu's again."""
    rest(draft, keypad, technician_id, Role.TECHNICIAN)
    draft.show(keypad, message)


def _choose(draft: Draft, keypad: str, technician_id: str, typed: Typed) -> None:
    label = find_door(draft.automat, typed)
    flow = ChoosingDoor(technician_id, typed, label)
    draft.set_flow(keypad, flow, for_s=draft.rules.service_idle_s)
    if not typed.digits:
        draft.show(keypad, say(Text.CHOOSE_DOOR))
    elif label is None:
        draft.show(keypad, say(Text.NO_SUCH_DOOR, typed=typed.digits))
    else:
        draft.show(keypad, say(Text.CONFIRM_DOOR, label=label))


def _test(draft: Draft, keypad: str, technician_id: str) -> None:
    draft.record(EntryKind.HARDWARE_TESTED, keypad=keypad, technician=technician_id)
    draft.intend(LampTest(keypad))
    draft.set_flow(keypad, TryingKeys(technician_id), for_s=draft.rules.service_idle_s)
    draft.show(keypad, say(Text.TRY_KEYS))


def _release_guard(draft: Draft, keypad: str, technician_id: str) -> None:
    released = [
        name for name in guard.guarded_keypads(draft) if guard.release(draft, name, technician=technician_id)
    ]
    _tell(draft, keypad, technician_id, say(Text.GUARD_RELEASED, count=len(released)))
    draft.sound(keypad, Tone.RIGHT)


def _read(draft: Draft, keypad: str, technician_id: str, incident: Incident | None) -> None:
    if incident is None:
        _tell(draft, keypad, technician_id, say(Text.NO_INCIDENTS))
        return
    flow = ReadingIncidents(technician_id, incident.number)
    draft.set_flow(keypad, flow, for_s=draft.rules.service_idle_s)
    words = Text(f"incident-{incident.kind}")
    draft.show(keypad, say(words, number=incident.number, about=incident.about))


def _latest(automat: Automat, before: int | None) -> Incident | None:
    """Return the open incident with the highest number, below `before` if that is given."""
    numbers = [n for n in automat.open_matters.values() if before is None or n < before]
    return automat.incidents[max(numbers)] if numbers else None
