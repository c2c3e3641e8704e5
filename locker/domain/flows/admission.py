"""Whether a courier may leave a parcel here now, and what the display says if not (domain.md 4)."""

from dataclasses import dataclass

from locker.domain.commands import Mode
from locker.domain.draft import Draft
from locker.domain.flows.announce import SEEN_BEFORE, TOO_LARGE, seen_before
from locker.domain.keypad import Confirming, Depositing
from locker.domain.messages import Message, Text, say
from locker.domain.parcels import Direction, Parcel, ParcelState
from locker.domain.products import HEAVIER, LARGER, LIGHTER, SMALLER, Service


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a parcel may not be left: for the journal, and for the courier."""

    reason: str
    message: Message


NO_ROOM = Objection("no-compartment", say(Text.NO_COMPARTMENT))

REFUSED = {
    f"service-{Service.OVERSIZE}": Text.REFUSED_OVERSIZE,
    f"service-{Service.STORAGE_EXTENSION}": Text.REFUSED_STORAGE_EXTENSION,
    f"service-{Service.LETTER_REMINDER}": Text.REFUSED_LETTER_REMINDER,
    f"service-{Service.PERSONAL_HANDOVER}": Text.REFUSED_PERSONAL_HANDOVER,
    f"service-{Service.REGISTERED}": Text.REFUSED_REGISTERED,
    LARGER: Text.REFUSED_TOO_LARGE,
    TOO_LARGE: Text.REFUSED_TOO_LARGE,
    SMALLER: Text.REFUSED_TOO_SMALL,
    HEAVIER: Text.REFUSED_TOO_HEAVY,
    LIGHTER: Text.REFUSED_TOO_SMALL,
}
"""What the door says of a parcel whose announcement was refused."""


def objection(draft: Draft, tracking_id: str) -> Objection | None:
    """Return what speaks against storing this parcel, announced or not; None if nothing does."""
    parcel = draft.automat.parcels.get(tracking_id)
    if parcel is not None:
        return _objection_to(parcel)
    return Objection(SEEN_BEFORE, say(Text.SEEN_BEFORE)) if seen_before(draft, tracking_id) else None


def closed(draft: Draft) -> Objection | None:
    """Return why nothing may be left at all now, None if parcels are taken."""
    facts = draft.automat.facts
    if facts.mode is Mode.FROZEN:
        return Objection("frozen", say(Text.FROZEN, phone=draft.automat.identity.customer_service))
    if facts.mode in (Mode.DRAIN, Mode.EVACUATE):
        return Objection(str(facts.mode), say(Text.NO_DEPOSITS))
    return Objection("storage-low", say(Text.NO_DEPOSITS)) if facts.storage_low else None


def in_other_hands(draft: Draft, tracking_id: str, keypad: str) -> Objection | None:
    """Return an objection while somebody at another keypad is leaving this very parcel."""
    elsewhere = any(
        isinstance(other.flow, Depositing | Confirming) and other.flow.tracking_id == tracking_id
        for other in draft.automat.keypads.values()
        if other.name != keypad
    )
    return Objection("being-deposited", say(Text.BEING_DEPOSITED)) if elsewhere else None


def _objection_to(parcel: Parcel) -> Objection | None:
    if parcel.inside:
        return Objection("already-inside", say(Text.ALREADY_INSIDE, label=parcel.compartment or "?"))
    if parcel.state is ParcelState.REFUSED:
        reason = parcel.refusal or ""
        return Objection(reason, say(REFUSED.get(reason, Text.REFUSED_OTHER)))
    if parcel.direction is Direction.OUTBOUND:
        return Objection("not-for-delivery", say(Text.REFUSED_OTHER))
    if parcel.state is ParcelState.ANNOUNCED:
        return None
    if parcel.state is ParcelState.CLOSED and parcel.deposited_at is None:
        return Objection("withdrawn", say(Text.PARCEL_WITHDRAWN))
    return Objection(SEEN_BEFORE, say(Text.SEEN_BEFORE))
