"""Refusals of what came as a command: the first for a reason are told each by itself, the others counted.

Whoever has the broker can send without end, and replay what was signed once; journal and disk must not grow
with it. Each reason is counted apart, so that noise does not silence what the back office waits for.
"""

from dataclasses import replace

from locker.domain.changing import changed
from locker.domain.commands import Refusals
from locker.domain.draft import Draft
from locker.domain.journal import EntryKind

DUE = "refusals"
"""On the agenda: a reason's name, when what was counted may be told."""


ROUNDING = 1e-9
"""Of a sum of times: what is due by the agenda is due by this count, too."""


def note(draft: Draft, reason: str, subject: str | None = None, **data: object) -> None:
    """Record a refusal, or count it where too many were recorded lately."""
    known = _refilled(draft, reason)
    if known.left > 0 and not known.untold:
        draft.record(EntryKind.COMMAND_REFUSED, subject, reason=reason, **data)
        _put(draft, reason, replace(known, left=known.left - 1))
        return
    _put(draft, reason, replace(known, untold=known.untold + 1))
    if known.left > 0:
        tell(draft, reason)


def tell(draft: Draft, reason: str) -> None:
    """Record how many were refused beside those that were told each by itself."""
    known = _refilled(draft, reason)
    if known.untold:
        draft.record(EntryKind.COMMAND_REFUSED, reason=reason, more=known.untold)
    _put(draft, reason, replace(known, left=max(0, known.left - 1), untold=0))


def tell_all(draft: Draft) -> None:
    """Record at the end of service whatever was only counted: the numbers are not kept."""
    for reason, known in sorted(draft.automat.refusals.items()):
        if known.untold:
            tell(draft, reason)


def _refilled(draft: Draft, reason: str) -> Refusals:
    """Return what may be told now; part of the time that one takes to come back is kept."""
    most, each_s, now_s = draft.rules.refusals_told, draft.rules.refusal_told_again_s, draft.now.powered_s
    known = draft.automat.refusals.get(reason)
    if known is None or known.left >= most:
        return Refusals(most, now_s, 0 if known is None else known.untold)
    gained = max(0, int((now_s - known.counted_s) / each_s + ROUNDING))
    left = min(most, known.left + gained)
    return replace(known, left=left, counted_s=now_s if left == most else known.counted_s + gained * each_s)


def _put(draft: Draft, reason: str, known: Refusals) -> None:
    due_s = known.counted_s + draft.rules.refusal_told_again_s if known.untold else None
    automat = draft.automat
    draft.automat = changed(
        automat,
        refusals=automat.refusals.set(reason, known),
        powered_agenda=automat.powered_agenda.with_due((DUE, reason), due_s),
    )
