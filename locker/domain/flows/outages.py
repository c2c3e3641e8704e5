"""Outages: while recipients cannot be served no storage time ends, and afterwards it is longer (domain.md 5).

A lost line or board, a dead keypad and frozen mode are causes; however many hold at once, the time counts
once. It is counted on the powered clock, so no wrong wall clock can shorten it; time without power is
counted when the automat comes up again (`watch`).
"""

from datetime import timedelta

from locker.domain.automat import Automat
from locker.domain.commands import Mode
from locker.domain.draft import Draft
from locker.domain.flows import storage
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind


def follow(draft: Draft, before: Automat) -> None:
    """Begin or end the outage as its causes say: derived, so that no flow has to remember it."""
    automat, since_s = draft.automat, draft.automat.facts.outage_since_s
    if has_cause(automat) is (since_s is not None):
        return
    if since_s is None:
        draft.put_facts(outage_since_s=draft.now.powered_s)
        draft.record(EntryKind.OUTAGE_BEGAN, reasons=reasons(automat))
        return
    length_s = max(0.0, draft.now.powered_s - since_s)
    ended = reasons(before)
    draft.put_facts(outage_since_s=None)
    draft.record(EntryKind.OUTAGE_ENDED, seconds=round(length_s), reasons=ended)
    credit(draft, length_s, ", ".join(ended), began_s=since_s)


def has_cause(automat: Automat) -> bool:
    """Tell whether anything keeps recipients from being served now."""
    facts = automat.facts
    return bool(automat.outage_causes) or facts.mode is Mode.FROZEN or bool(facts.commission)


def reasons(automat: Automat) -> list[str]:
    """Return what keeps recipients from being served now, in words for the journal."""
    named = sorted(
        f"keypad {about}" if kind is IncidentKind.KEYPAD_FAULTY else about
        for kind, about in automat.outage_causes
    )
    if automat.facts.mode is Mode.FROZEN:
        named.append("mode frozen")
    if automat.facts.commission:
        named.append("being put into service")
    return named


def credit(draft: Draft, length_s: float, reason: str, *, began_s: float | None = None) -> None:
    """Lengthen every running deadline by the length of an outage; short ones wait until they add up.

    `began_s`: a parcel deposited after this powered time gets only what it lived through.
    """
    length_s += draft.automat.facts.outage_owed_s
    if length_s < draft.rules.outage_minimum_s:
        draft.put_facts(outage_owed_s=length_s)
        return
    draft.put_facts(outage_owed_s=0.0)
    why = f"out of service for {round(length_s)} s: {reason}"
    storage.lengthen_all(draft, timedelta(seconds=length_s), why, began_s=began_s)
