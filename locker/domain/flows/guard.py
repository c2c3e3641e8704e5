"""Who may type at a keypad now: everybody, technicians alone, or for a while nobody (domain.md 2 and 7)."""

from math import ceil

from locker.domain.attempts import Attempts
from locker.domain.commands import Mode
from locker.domain.draft import Draft
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Idle
from locker.domain.messages import Message, Text, say


def attempts_at(draft: Draft, keypad: str) -> Attempts:
    """Return a keypad's bucket; a keypad that nobody used has a full one."""
    known = draft.automat.attempts.get(keypad)
    if known is None:
        return Attempts(keypad, draft.rules.tokens, draft.now.powered_s)
    return known


def wait_s(draft: Draft, keypad: str) -> float:
    """Return the seconds for which this keypad evaluates nothing at all, whoever types."""
    return attempts_at(draft, keypad).wait_s(draft.now.powered_s, draft.rules)


def closed(draft: Draft, keypad: str) -> Message | None:
    """Return what everybody but a technician is told at this keypad now, or None if all may type."""
    phone = draft.automat.identity.customer_service
    if draft.automat.facts.commission:
        return say(Text.BEING_SERVICED, phone=phone)
    if draft.automat.facts.mode is Mode.FROZEN:
        return say(Text.FROZEN, phone=phone)
    if attempts_at(draft, keypad).guarded:
        return say(Text.GUARD_MODE, phone=phone)
    return None


def idle_screen(draft: Draft, keypad: str) -> Message:
    """Return what a keypad shows at which nobody stands."""
    return closed(draft, keypad) or say(Text.IDLE, name=draft.automat.identity.name)


def spend(draft: Draft, keypad: str, why: Text) -> None:
    """Take a token for a code of which nobody is told whether it was right; no miss is counted."""
    after = attempts_at(draft, keypad).spent(draft.now.powered_s, draft.rules)
    draft.put_attempts(after)
    draft.record(EntryKind.CODE_REFUSED, keypad=keypad, reason=str(why))
    if after.tokens == 0:
        record_locked(draft, after)


def record_locked(draft: Draft, attempts: Attempts) -> None:
    """Record that a keypad listens no more for a time."""
    seconds = ceil(attempts.wait_s(draft.now.powered_s, draft.rules))
    draft.record(EntryKind.KEYPAD_LOCKED, keypad=attempts.keypad, seconds=seconds)


def guarded_keypads(draft: Draft) -> list[str]:
    """Return the keypads that are shut until somebody releases them."""
    return sorted(name for name, attempts in draft.automat.attempts.items() if attempts.guarded)


def release(draft: Draft, keypad: str, **who: str) -> bool:
    """Let everybody type at a keypad again; False if it was not guarded. Tokens come back only with time."""
    attempts = attempts_at(draft, keypad)
    if not attempts.guarded:
        return False
    draft.put_attempts(attempts.released())
    draft.record(EntryKind.GUARD_RELEASED, keypad=keypad, **who)
    people = ", ".join(f"{role} {person}" for role, person in who.items())
    draft.clear_incident(IncidentKind.GUARD_MODE, keypad, f"released by {people}")
    if isinstance(draft.flow_at(keypad), Idle):
        draft.show(keypad, idle_screen(draft, keypad))
    return True
