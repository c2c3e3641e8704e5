"""Announcements: which parcels and drop-offs this automat may take, and why not (domain.md 4 and 6)."""

from dataclasses import replace

from locker.domain.allocation import could_fit
from locker.domain.codes import CodeTag, tracking_tag
from locker.domain.commands import AnnounceParcel, ExpectDropOff
from locker.domain.draft import Draft
from locker.domain.parcels import Direction, Parcel, ParcelState
from locker.domain.products import Dimensions, Product, Service, refusal
from locker.domain.tracking import Form, form_of

TOO_LARGE = "too-large-for-this-automat"
SEEN_BEFORE = "tracking-id-seen-before"


def announce(draft: Draft, body: AnnounceParcel) -> str | None:
    """Expect a parcel, or give one that stands here its code; return why not if it is refused.

    What an automat may not take is remembered as refused, so that the door can say why; any other
    refusal changes nothing. A later announcement that holds takes its place.
    """
    known = draft.automat.parcels.get(body.tracking_id)
    fault = _fault(draft, body, known)
    if fault is not None:
        return fault
    if body.code_tag is not None and not code_is_free(draft, body.code_tag, body.recipient):
        return "code-in-use"
    state = _state_refusal(known)
    if state is not None:
        return state
    parcel = replace(
        _parcel(body) if known is None or known.state is ParcelState.REFUSED else known,
        code_tag=body.code_tag,
        recipient=body.recipient,
        dimensions_mm=body.dimensions_mm,
        accessible=body.accessible,
        unpaid=Service.CASH_ON_DELIVERY in body.services,
        redirected=body.redirected,
        announced_at=None,  # now
    )
    here = parcel.state is ParcelState.STORED
    if not here:
        parcel = replace(parcel, size=body.size)
    refused = _terms_refusal(body) or (None if here else _fit_refusal(draft, parcel))
    if refused is not None:
        if known is None or known.state is ParcelState.REFUSED:
            _remember(draft, parcel, refused)
        return refused
    draft.put_parcel(parcel)
    return None


def expect(draft: Draft, body: ExpectDropOff) -> str | None:
    """Let a sender leave a parcel with this code; return why not, having changed nothing, if refused."""
    known = draft.automat.parcels.get(body.tracking_id)
    fault = _fault(draft, body, known)
    if fault is not None:
        return fault
    if body.valid_until <= body.valid_from:
        return "bad-validity"
    if known is not None and known.state is not ParcelState.REFUSED:
        return SEEN_BEFORE if _was_here(known) else "already-announced"
    # A drop-off code is one parcel's: what its sender does with it must not depend on another.
    if not code_is_free(draft, body.code_tag, None):
        return "code-in-use"
    parcel = replace(
        _parcel(body),
        direction=Direction.OUTBOUND,
        code_tag=body.code_tag,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
    )
    refused = _terms_refusal(body) or _fit_refusal(draft, parcel)
    if refused is None:
        draft.put_parcel(parcel)
    return refused


def code_is_free(draft: Draft, tag: CodeTag, recipient: str | None) -> bool:
    """Live codes are unique on one automat, but for several parcels of one recipient."""
    if tag in draft.automat.holder_of_tag:
        return False
    return all(
        recipient is not None and parcel.recipient == recipient for parcel in draft.automat.parcels_with(tag)
    )


def seen_before(draft: Draft, tracking_id: str) -> bool:
    """Tell whether a tracking id was here within the time in which it must not come back (terms 1.11)."""
    known = draft.automat.parcels.get(tracking_id)
    if known is not None:
        return _was_here(known)
    return tracking_tag(draft.automat.code_key, tracking_id) in draft.automat.seen


def form_flag(tracking_id: str | None) -> str | None:
    """Return what to note of a tracking id that is of no form we know, else None."""
    if tracking_id is None or form_of(tracking_id) is not Form.OTHER:
        return None
    return str(Form.OTHER)


def _fault(draft: Draft, body: AnnounceParcel | ExpectDropOff, known: Parcel | None) -> str | None:
    """Return what is wrong with what is said, whatever the parcel is."""
    here = known is not None and known.inside
    if form_of(body.tracking_id) is Form.NONE:
        return "bad-tracking-id"
    if body.product is not None and body.product not in set(Product):
        return "unknown-product"
    if not body.services <= set(Service):
        return "unknown-service"
    if body.dimensions_mm is not None and min(body.dimensions_mm) <= 0:
        return "bad-dimensions"
    if body.weight_g is not None and body.weight_g <= 0:
        return "bad-weight"
    if body.size is not None and body.size not in draft.automat.layout.sizes:
        return "unknown-size"
    if body.size is None and body.dimensions_mm is None and not here:
        return "no-size"
    return SEEN_BEFORE if known is None and seen_before(draft, body.tracking_id) else None


def _state_refusal(known: Parcel | None) -> str | None:
    if known is None or known.state is ParcelState.REFUSED:
        return None
    if _was_here(known):
        return SEEN_BEFORE
    waits_for_its_code = (
        known.direction is Direction.INBOUND
        and known.code_tag is None
        and known.state in (ParcelState.ANNOUNCED, ParcelState.STORED)
    )
    return None if waits_for_its_code else "already-announced"


def _was_here(parcel: Parcel) -> bool:
    return parcel.state in (ParcelState.CLOSED, ParcelState.MISSING)


def _parcel(body: AnnounceParcel | ExpectDropOff) -> Parcel:
    return Parcel(body.tracking_id, body.size, dimensions_mm=body.dimensions_mm, accessible=body.accessible)


def _terms_refusal(body: AnnounceParcel | ExpectDropOff) -> str | None:
    return refusal(
        None if body.product is None else Product(body.product),
        None if body.dimensions_mm is None else Dimensions(*body.dimensions_mm),
        body.weight_g,
        frozenset(Service(service) for service in body.services),
    )


def _fit_refusal(draft: Draft, parcel: Parcel) -> str | None:
    return None if could_fit(draft.automat, parcel) else TOO_LARGE


def _remember(draft: Draft, parcel: Parcel, reason: str) -> None:
    draft.put_parcel(
        replace(
            parcel,
            state=ParcelState.REFUSED,
            code_tag=None,
            recipient=None,
            refusal=reason,
            closed_at=draft.known_wall_at,
        )
    )
