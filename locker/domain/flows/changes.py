"""Changes on the way: what customer service may still decide about an announced parcel (domain.md 7).

Each function applies one command, or returns why not, having changed nothing.
"""

from dataclasses import replace
from datetime import timedelta

from locker.domain.commands import Cause, LengthenDeadline, ReleaseParcel, ReplaceCode, WithdrawParcel
from locker.domain.deadlines import deadline, has_passed, last_day_before, reminder_at
from locker.domain.draft import Draft
from locker.domain.flows.announce import code_is_free
from locker.domain.journal import EntryKind
from locker.domain.keypad import PickingUp
from locker.domain.parcels import Direction, Parcel, ParcelMove, ParcelState
from locker.domain.times import rfc3339

LONGEST_LENGTHENING = timedelta(days=366)
"""More than this at once is a mistake; it also keeps every date within the calendar."""


def withdraw(draft: Draft, body: WithdrawParcel) -> str | None:
    """Let a parcel's code die: it must not be handed over or dropped off here any more."""
    parcel = draft.automat.parcels.get(body.tracking_id)
    if parcel is None:
        return "unknown-parcel"
    redirect = body.cause is Cause.REDIRECT
    if redirect and parcel.redirected:
        return "already-redirected"
    if not parcel.may(ParcelMove.WITHDRAW):
        return "not-in-a-state-to-withdraw"
    state = parcel.after(ParcelMove.WITHDRAW)
    gone = state is ParcelState.CLOSED
    draft.put_parcel(
        replace(
            parcel,
            state=state,
            code_tag=None,
            recipient=None,
            redirected=parcel.redirected or redirect,
            compartment=None if gone else parcel.compartment,
            closed_at=draft.known_wall_at if gone else parcel.closed_at,
        )
    )
    return None


def replace_code(draft: Draft, body: ReplaceCode) -> str | None:
    """Give a parcel another code; the old one dies at once, a door already under way finishes."""
    parcel = draft.automat.parcels.get(body.tracking_id)
    if parcel is None:
        return "unknown-parcel"
    if not _awaits_its_recipient(parcel, ParcelState.ANNOUNCED, ParcelState.STORED):
        return "not-in-a-state-to-replace"
    recipient = body.recipient or parcel.recipient
    if body.code_tag == parcel.code_tag or not code_is_free(draft, body.code_tag, recipient):
        return "code-in-use"
    # Whoever replaces the code of a parcel on its way still expects it: its time begins anew.
    draft.put_parcel(replace(parcel, code_tag=body.code_tag, recipient=recipient, announced_at=None))
    _strike_from_waiting(draft, parcel.tracking_id)
    return None


def release(draft: Draft, body: ReleaseParcel) -> str | None:
    """Let the code of a cash-on-delivery parcel open: it has been paid."""
    parcel = draft.automat.parcels.get(body.tracking_id)
    if parcel is None:
        return "unknown-parcel"
    if not parcel.unpaid:
        return "not-unpaid"
    if not _awaits_its_recipient(parcel, ParcelState.ANNOUNCED, ParcelState.STORED, ParcelState.OVERDUE):
        return "not-in-a-state-to-release"
    draft.put_parcel(replace(parcel, unpaid=False))
    return None


def lengthen(draft: Draft, body: LengthenDeadline) -> str | None:
    """Let a parcel wait until the end of a later local day, where the operator's terms allow it."""
    rules = draft.rules
    if not rules.back_office_may_lengthen:
        return "not-allowed-here"
    parcel = draft.automat.parcels.get(body.tracking_id)
    if parcel is None:
        return "unknown-parcel"
    before_at = parcel.deadline_at
    if not _awaits_its_recipient(parcel, ParcelState.STORED, ParcelState.OVERDUE):
        return "not-in-a-state-to-lengthen"
    if before_at is None:
        return "no-deadline-yet"
    if body.until <= before_at:
        return "would-shorten"
    if body.until - before_at > LONGEST_LENGTHENING:
        return "too-long"
    # A deadline is the end of a day: an instant within one means that whole day.
    until_at = deadline(body.until - timedelta(microseconds=1), 0, rules.time_zone)
    judges_time = draft.automat.judges_time(draft.now)
    if judges_time and has_passed(until_at, draft.now):
        return "already-passed"
    overdue = parcel.state is ParcelState.OVERDUE
    still_past = tuple(
        days
        for days in parcel.reminded_days
        if judges_time and has_passed(reminder_at(until_at, days, rules.time_zone), draft.now)
    )
    draft.put_parcel(
        replace(
            parcel,
            state=parcel.after(ParcelMove.LENGTHEN) if overdue else parcel.state,
            deadline_at=until_at,
            reminded_days=still_past,
        )
    )
    draft.record(
        EntryKind.DEADLINE_LENGTHENED,
        parcel.tracking_id,
        before=rfc3339(before_at),
        after=rfc3339(until_at),
        lastpickupdate=last_day_before(until_at, rules.time_zone).isoformat(),
        reason="the back office allowed it",
        wasoverdue=overdue or None,
    )
    return None


def _awaits_its_recipient(parcel: Parcel, *states: ParcelState) -> bool:
    return parcel.direction is Direction.INBOUND and parcel.state in states


def _strike_from_waiting(draft: Draft, tracking_id: str) -> None:
    """Take a parcel out of the doors that the old code was still to open."""
    for keypad in draft.automat.keypads.values():
        flow = keypad.flow
        if isinstance(flow, PickingUp) and tracking_id in flow.waiting:
            left = tuple(other for other in flow.waiting if other != tracking_id)
            draft.put_keypad(replace(keypad, flow=replace(flow, waiting=left)))
