"""Wear of locks: what pulses tell is counted; a lock that gets weak is reported while it still opens."""

from dataclasses import replace

from locker.domain.draft import Draft
from locker.domain.events import LockTimed, PulseRefused
from locker.domain.health import LockHealth
from locker.domain.incidents import IncidentKind


def note_timed(draft: Draft, event: LockTimed) -> None:
    """Take in how long a lock took to open; raise or clear the alarm by it."""
    label = event.compartment
    if label not in draft.automat.compartments or event.pulse_to_open_s < 0:
        return
    opening = draft.automat.openings.get(label)
    pulses = 1 if opening is None else max(1, opening.pulses_sent)
    health = _health(draft, label).timed(round(event.pulse_to_open_s * 1000), pulses)
    draft.put_lock(health)
    complaint = health.complaint
    if complaint is not None:
        draft.raise_incident(IncidentKind.LOCK_WEAK, label, complaint)
    elif health.is_well:
        draft.clear_incident(IncidentKind.LOCK_WEAK, label, "it opens as it used to")


def note_refused(draft: Draft, event: PulseRefused) -> None:
    """Count a pulse that the board refused."""
    if event.compartment in draft.automat.compartments:
        health = _health(draft, event.compartment)
        draft.put_lock(replace(health, refusals=health.refusals + 1))


def note_pulsed_again(draft: Draft, label: str) -> None:
    """Count a pulse after one that opened nothing."""
    health = _health(draft, label)
    draft.put_lock(replace(health, retries=health.retries + 1))


def note_given_up(draft: Draft, label: str) -> None:
    """Count an opening whose door never moved."""
    health = _health(draft, label)
    draft.put_lock(replace(health, failures=health.failures + 1))


def _health(draft: Draft, label: str) -> LockHealth:
    return draft.automat.locks.get(label, LockHealth(label))
