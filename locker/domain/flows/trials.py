"""Trying what belongs to a keypad, and releasing one that is guarded, at the word of a technician.

What is typed at a keypad on trial is no entry: it opens nothing, costs no attempt and is written down
nowhere; only how often each key was pressed is told.
"""

from dataclasses import replace

from locker.domain.draft import Draft
from locker.domain.events import Key
from locker.domain.flows import guard
from locker.domain.intents import LampTest, Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import UNOCCUPIED, BeingTried, Entering, Idle
from locker.domain.maintenance import Device, Maintainer, ReleaseKeypad, TryDevice
from locker.domain.messages import Message, Text, say

LONGEST = 5
"""A trial lasts at most so many times its idle time: recipients who come must not keep it alive."""
SCAN_SHOWN = 64
"""Of a scanned label so many characters are kept; no label is longer."""


def release(draft: Draft, by: Maintainer, action: ReleaseKeypad) -> None:
    """Let a keypad be used again after too many wrong codes."""
    if action.keypad not in draft.automat.keypads and action.keypad not in draft.automat.attempts:
        draft.refuse("unknown-keypad")
    elif not guard.release(draft, action.keypad, user=by.user, technician=by.technician):
        draft.refuse("not-guarded")


def try_device(draft: Draft, by: Maintainer, action: TryDevice) -> None:
    """Try keys, display or sounder of a keypad, or end the trial; not while a person is at it."""
    keypad = draft.automat.keypads.get(action.keypad)
    if keypad is None:
        draft.refuse("unknown-keypad")
        return
    on_trial = isinstance(keypad.flow, BeingTried)
    if action.device is Device.NONE:
        if on_trial:
            _end(draft, keypad.name)
        else:
            draft.refuse("no-trial")
        return
    # Who has pressed C is typing a code: the rest of it must not land in a trial.
    if isinstance(keypad.flow, Entering) or not isinstance(keypad.flow, UNOCCUPIED | BeingTried):
        draft.refuse("keypad-busy")
        return
    if action.device is Device.DISPLAY and not keypad.has_display:
        draft.refuse("no-display")
        return
    draft.record(
        EntryKind.HARDWARE_TESTED,
        keypad=keypad.name,
        device=str(action.device),
        user=by.user,
        technician=by.technician,
    )
    if action.device is Device.KEYS:
        until_s = draft.now.powered_s + LONGEST * draft.rules.service_idle_s
        _go_on(draft, keypad.name, BeingTried(by, until_s), say(Text.KEYS_ON_TRIAL))
    else:
        is_display = action.device is Device.DISPLAY
        draft.intend(LampTest(keypad.name, display=is_display, sounder=not is_display))


def press(draft: Draft, keypad: str, flow: BeingTried, key: Key) -> None:
    """Count a key and show it; C twice in a row ends the trial."""
    draft.sound(keypad, Tone.KEY)
    if key is Key.CLEAR and flow.last is Key.CLEAR:
        _end(draft, keypad)
        return
    keys = flow.keys.set(key, flow.keys.get(key, 0) + 1)
    _go_on(draft, keypad, replace(flow, keys=keys, last=key), say(Text.KEY_ON_TRIAL, key=key))


def scan(draft: Draft, keypad: str, flow: BeingTried, text: str) -> None:
    """Count a label and keep what was read."""
    draft.sound(keypad, Tone.RIGHT)
    scanned = "".join(letter if letter.isprintable() else "?" for letter in text[:SCAN_SHOWN])
    after = replace(flow, scans=flow.scans + 1, scanned=scanned, last=None)
    _go_on(draft, keypad, after, say(Text.SCAN_ON_TRIAL, count=after.scans))


def _go_on(draft: Draft, keypad: str, flow: BeingTried, message: Message) -> None:
    left_s = max(0.0, flow.until_s - draft.now.powered_s)
    draft.set_flow(keypad, flow, for_s=min(left_s, draft.rules.service_idle_s))
    draft.show(keypad, message)


def _end(draft: Draft, keypad: str) -> None:
    draft.set_flow(keypad, Idle())
    draft.show(keypad, guard.idle_screen(draft, keypad))
