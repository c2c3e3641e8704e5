"""Steering from afar: who may sign in, what is out of use, what the automat may do (domain.md 7).

Each function applies one command, or returns why not, having changed nothing.
"""

from locker.domain.commands import (
    AuthorisePerson,
    BlockCompartment,
    Mode,
    ReleaseGuard,
    RevokePerson,
    SetMode,
    UnblockCompartment,
)
from locker.domain.draft import Draft
from locker.domain.flows import guard, remote
from locker.domain.flows.keys import rest
from locker.domain.journal import EntryKind
from locker.domain.keypad import Idle
from locker.domain.parcels import Credential


def authorise(draft: Draft, body: AuthorisePerson) -> str | None:
    """Let a person sign in; an earlier code of the same person dies."""
    holder = draft.automat.holder_of_tag.get(body.code_tag)
    if any(True for _ in draft.automat.parcels_with(body.code_tag)) or holder not in (None, body.holder):
        return "code-in-use"
    if body.valid_until <= body.valid_from:
        return "bad-validity"
    known = draft.automat.credentials.get(body.holder)
    if known is not None and known.role is not body.role:
        return "id-in-use"
    draft.put_credential(Credential(body.holder, body.role, body.code_tag, body.valid_from, body.valid_until))
    return None


def revoke(draft: Draft, body: RevokePerson) -> str | None:
    """Let a person sign in no more; one who is signed in loses the next key."""
    known = draft.automat.credentials.get(body.holder)
    if known is None or known.role is not body.role:
        return f"unknown-{body.role}"
    draft.forget_credential(body.holder)
    return None


def release_guard(draft: Draft, body: ReleaseGuard) -> str | None:
    """Let a keypad be used again after too many wrong codes."""
    return None if guard.release(draft, body.keypad, operator=body.operator) else "not-guarded"


def block(draft: Draft, body: BlockCompartment) -> str | None:
    """Offer a compartment to nobody; what lies inside can still be collected."""
    return take_out_of_use(draft, body.label, body.reason, operator=body.operator)


def unblock(draft: Draft, body: UnblockCompartment) -> str | None:
    """Take a compartment into use again; a suspect or faulty one stays what it is."""
    return take_into_use(draft, body.label, operator=body.operator)


def take_out_of_use(draft: Draft, label: str, reason: str, **who: str) -> str | None:
    """Block a compartment at somebody's word, or return why not."""
    compartment = draft.automat.compartments.get(label)
    if compartment is None:
        return "unknown-compartment"
    if compartment.blocked is not None:
        return "already-blocked"
    draft.change_compartment(label, blocked=reason)
    draft.record(
        EntryKind.COMPARTMENT_BLOCKED, compartment.tracking_id, compartment=label, **who, reason=reason
    )
    return None


def take_into_use(draft: Draft, label: str, **who: str) -> str | None:
    """Unblock a compartment at somebody's word, or return why not."""
    compartment = draft.automat.compartments.get(label)
    if compartment is None:
        return "unknown-compartment"
    if compartment.blocked is None:
        return "not-blocked"
    draft.change_compartment(label, blocked=None)
    draft.record(
        EntryKind.COMPARTMENT_UNBLOCKED,
        compartment.tracking_id,
        compartment=label,
        **who,
        condition=str(compartment.condition),
    )
    return None


def set_mode(draft: Draft, body: SetMode) -> str | None:
    """Change what the automat may do; keypads at rest show it at once."""
    before = draft.automat.facts.mode
    if body.mode is before:
        return "already-in-this-mode"
    draft.put_facts(mode=body.mode)
    draft.record(
        EntryKind.MODE_CHANGED,
        before=str(before),
        after=str(body.mode),
        operator=body.operator,
        reason=body.reason,
    )
    if body.mode is Mode.FROZEN:
        remote.give_up(draft, "the automat was frozen")
    for name, keypad in draft.automat.keypads.items():
        if isinstance(keypad.flow, Idle):
            rest(draft, name)
    return None
