"""A parcel that lies where none should: which one it is, and what it becomes by being found."""

from dataclasses import dataclass, replace

from locker.domain.draft import Draft
from locker.domain.flows import pickup, storing
from locker.domain.flows.announce import seen_before
from locker.domain.flows.looking import clear_box, evidence_data, missing_detail
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Typed
from locker.domain.messages import Message, Text, say
from locker.domain.openings import Evidence
from locker.domain.parcels import Direction, Parcel, ParcelMove, ParcelState, Role
from locker.domain.tracking import JJFI_DIGITS, from_digits, read_label

WAITED_FOR = frozenset({ParcelState.ANNOUNCED, ParcelState.MISSING})
"""States of a parcel that may turn up in a compartment."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Who found a parcel where, and what its door proves; `user`: the Unix user of one at the socket."""

    compartment: str
    person: str
    role: Role
    evidence: Evidence
    user: str | None = None


def by_digits(draft: Draft, typed: Typed) -> str | Message:
    """Return the tracking id that was typed, whole or its end, or what to say instead."""
    digits = typed.digits
    if len(digits) == JJFI_DIGITS and not typed.overflow:
        return from_digits(digits) or say(Text.PARCEL_UNKNOWN, typed=digits)
    if len(digits) != draft.rules.tracking_digits or typed.overflow:
        return say(Text.TRACKING_LENGTH)
    known = [
        parcel.tracking_id
        for parcel in draft.automat.parcels.values()
        if parcel.state in WAITED_FOR and "".join(filter(str.isdigit, parcel.tracking_id)).endswith(digits)
    ]
    if len(known) > 1:
        return say(Text.PARCEL_AMBIGUOUS)
    return known[0] if known else say(Text.PARCEL_UNKNOWN, typed=digits)


def by_label(draft: Draft, text: str) -> str | Message:
    """Return the tracking id on a scanned label, or what to say instead."""
    plain = "".join(text.split()).upper()
    if plain in draft.automat.parcels:
        return plain  # the back office may have announced it in a form that we do not know
    return read_label(text) or say(Text.NAME_REFUSED)


def may_enter(draft: Draft, tracking_id: str) -> bool:
    """Tell whether this parcel may turn up in a compartment: it is waited for, or nobody knows it."""
    parcel = draft.automat.parcels.get(tracking_id)
    return not seen_before(draft, tracking_id) if parcel is None else parcel.state in WAITED_FOR


def enter(draft: Draft, finder: Finder, tracking_id: str) -> Message | None:
    """Make it durable that this parcel lies here; if it cannot be, change nothing and return what to say."""
    if not may_enter(draft, tracking_id):
        return say(Text.NAME_REFUSED)
    parcel = draft.automat.parcels.get(tracking_id)
    _end_reopening(draft, finder.compartment)
    if parcel is not None and parcel.state is ParcelState.MISSING:
        _find(draft, finder, parcel)
    elif parcel is not None and parcel.direction is Direction.OUTBOUND:
        _drop_off(draft, finder, parcel)
    else:
        storing.store(
            draft,
            tracking_id,
            finder.compartment,
            person=finder.person,
            role=finder.role,
            evidence=finder.evidence,
            found=True,
            user=finder.user,
        )
    return None


def _end_reopening(draft: Draft, label: str) -> None:
    """Let no code open the box any more that has just been given to another parcel."""
    before = draft.automat.compartments[label].tracking_id
    if before is not None and draft.automat.parcels[before].state is ParcelState.COLLECTED:
        pickup.close_window(draft, before)


def _find(draft: Draft, finder: Finder, parcel: Parcel) -> None:
    """A missing parcel has turned up: it goes back with the next courier, for its code is dead."""
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.FIND),
            compartment=finder.compartment,
        )
    )
    _settle(draft, finder, parcel.tracking_id)
    _record(draft, EntryKind.PARCEL_FOUND, finder, parcel.tracking_id)
    for (kind, about), number in draft.automat.open_matters.items():
        detail = draft.automat.incidents[number].detail
        if kind is IncidentKind.COMPARTMENT_EMPTY and detail.startswith(missing_detail(parcel)):
            draft.clear_incident(kind, about, f"found in {finder.compartment}")


def _drop_off(draft: Draft, finder: Finder, parcel: Parcel) -> None:
    """Its sender left without a word: custody passes now that somebody has seen it inside."""
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.DROP_OFF),
            code_tag=None,
            compartment=finder.compartment,
            deposited_at=draft.now.wall_at,
        )
    )
    _settle(draft, finder, parcel.tracking_id)
    _record(draft, EntryKind.PARCEL_DROPPED_OFF, finder, parcel.tracking_id)


def _settle(draft: Draft, finder: Finder, tracking_id: str) -> None:
    draft.change_compartment(finder.compartment, tracking_id=tracking_id)
    clear_box(draft, finder.compartment, f"a {finder.role} said what lies inside")


def _record(draft: Draft, kind: EntryKind, finder: Finder, tracking_id: str) -> None:
    draft.record(
        kind,
        tracking_id,
        compartment=finder.compartment,
        found=True,
        user=finder.user,
        **{str(finder.role): finder.person},
        **evidence_data(finder.evidence),
    )
