"""Ticking while a door is open: derived from the openings, so that no flow has to remember it."""

from locker.domain.automat import Automat
from locker.domain.draft import Draft
from locker.domain.intents import Tick
from locker.domain.openings import Stage


def follow(draft: Draft, before: Automat) -> None:
    """Let keypads tick whose door has opened, and be silent when it is open no more."""
    after = draft.automat
    if after.openings is before.openings and before.started:
        return
    ticked, ticks = _ticking(before), _ticking(after)
    for keypad in sorted(ticks - ticked):
        draft.intend(Tick(keypad, on=True))
    for keypad in sorted(ticked - ticks):
        draft.intend(Tick(keypad, on=False))


def _ticking(automat: Automat) -> set[str]:
    if not automat.started:
        return set()
    return {
        opening.keypad
        for opening in automat.openings.values()
        if opening.stage is Stage.OPEN and opening.keypad in automat.keypads
    }
