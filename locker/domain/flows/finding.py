"""A parcel that lies where none should: which one it is, and what it becomes by being found."""

from dataclasses import replace

from locker.domain.draft import Draft
from locker.domain.flows import pickup, storing
from locker.domain.flows.announce import seen_before
from locker.domain.flows.looking import clear_box, evidence_data, missing_detail
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Naming, Typed
from locker.domain.messages import Message, Text, say
from locker.domain.parcels import Direction, Parcel, ParcelMove, ParcelState
from locker.domain.tracking import JJFI_DIGITS, from_digits, read_label

WAITED_FOR = frozenset({ParcelState.ANNOUNCED, ParcelState.MISSING})
"""States of a parcel that may turn up in a compartment."""


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


def enter(draft: Draft, flow: Naming, tracking_id: str) -> Message | None:
    """Make it durable that this parcel lies here; if it cannot be, change nothing and return what to say."""
    parcel = draft.automat.parcels.get(tracking_id)
    if seen_before(draft, tracking_id) if parcel is None else parcel.state not in WAITED_FOR:
        return say(Text.NAME_REFUSED)
    _end_reopening(draft, flow.compartment)
    if parcel is not None and parcel.state is ParcelState.MISSING:
        _find(draft, flow, parcel)
    elif parcel is not None and parcel.direction is Direction.OUTBOUND:
        _drop_off(draft, flow, parcel)
    else:
        storing.store(
            draft,
            tracking_id,
            flow.compartment,
            person=flow.person,
            role=flow.role,
            evidence=flow.evidence,
            found=True,
        )
    return None


def _end_reopening(draft: Draft, label: str) -> None:
    """Let no code open the box any more that has just been given to another parcel."""
    before = draft.automat.compartments[label].tracking_id
    if before is not None and draft.automat.parcels[before].state is ParcelState.COLLECTED:
        pickup.close_window(draft, before)


def _find(draft: Draft, flow: Naming, parcel: Parcel) -> None:
    """A missing parcel has turned up: it goes back with the next courier, for its code is dead."""
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.FIND),
            compartment=flow.compartment,
        )
    )
    _settle(draft, flow, parcel.tracking_id)
    _record(draft, EntryKind.PARCEL_FOUND, flow, parcel.tracking_id)
    for (kind, about), number in draft.automat.open_matters.items():
        detail = draft.automat.incidents[number].detail
        if kind is IncidentKind.COMPARTMENT_EMPTY and detail.startswith(missing_detail(parcel)):
            draft.clear_incident(kind, about, f"found in {flow.compartment}")


def _drop_off(draft: Draft, flow: Naming, parcel: Parcel) -> None:
    """Its sender left without a word: custody passes now that somebody has seen it inside."""
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.DROP_OFF),
            code_tag=None,
            compartment=flow.compartment,
            deposited_at=draft.now.wall_at,
        )
    )
    _settle(draft, flow, parcel.tracking_id)
    _record(draft, EntryKind.PARCEL_DROPPED_OFF, flow, parcel.tracking_id)


def _settle(draft: Draft, flow: Naming, tracking_id: str) -> None:
    draft.change_compartment(flow.compartment, tracking_id=tracking_id)
    clear_box(draft, flow.compartment, f"a {flow.role} said what lies inside")


def _record(draft: Draft, kind: EntryKind, flow: Naming, tracking_id: str) -> None:
    who = {str(flow.role): flow.person}
    draft.record(
        kind, tracking_id, compartment=flow.compartment, found=True, **who, **evidence_data(flow.evidence)
    )
