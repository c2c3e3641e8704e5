"""Storage time: reminders, expiry, and deadlines that outages lengthen (domain.md 5).

Time fails late, never early: nothing here runs while the clock is not believed.
"""

from dataclasses import replace
from datetime import timedelta

from locker.domain.deadlines import deadline, has_passed, last_day_before, reminder_at
from locker.domain.draft import ENDED, Draft
from locker.domain.journal import EntryKind
from locker.domain.parcels import Parcel, ParcelMove, ParcelState
from locker.domain.times import rfc3339


def note_date(draft: Draft, tracking_id: str) -> None:
    """Do what the calendar asks of one stored parcel now."""
    parcel = draft.automat.parcels[tracking_id]
    if parcel.deadline_at is not None and has_passed(parcel.deadline_at, draft.now):
        _expire(draft, parcel)
    elif parcel.deadline_at is not None:
        _remind(draft, parcel)


def lengthen_all(draft: Draft, length: timedelta, reason: str, *, began_s: float | None = None) -> None:
    """Lengthen every running deadline by the length of an outage.

    A parcel deposited after `began_s` (powered time) gets no more than the time since then.
    """
    for parcel in draft.automat.parcels.values():
        if parcel.state is not ParcelState.STORED or parcel.deadline_at is None:
            continue
        longer_at = parcel.deadline_at + _lived_through(draft, parcel, length, began_s)
        draft.put_parcel(replace(parcel, deadline_at=longer_at))
        draft.record(
            EntryKind.DEADLINE_LENGTHENED,
            parcel.tracking_id,
            before=rfc3339(parcel.deadline_at),
            after=rfc3339(longer_at),
            lastpickupdate=last_day_before(longer_at, draft.rules.time_zone).isoformat(),
            reason=reason,
        )


def set_missing_dates(draft: Draft) -> None:
    """Give parcels of which nobody knew the time their dates, from now: late, never early."""
    rules = draft.rules
    for parcel in draft.automat.parcels.values():
        if parcel.state in ENDED and parcel.closed_at is None:
            draft.put_parcel(replace(parcel, closed_at=draft.now.wall_at))
        if parcel.state is ParcelState.ANNOUNCED and parcel.announced_at is None:
            draft.put_parcel(replace(parcel, announced_at=draft.now.wall_at))
        if parcel.state is ParcelState.STORED and parcel.deadline_at is None:
            deadline_at = deadline(draft.now.wall_at, rules.storage_days, rules.time_zone)
            draft.put_parcel(replace(parcel, deadline_at=deadline_at))
            draft.record(
                EntryKind.DEADLINE_LENGTHENED,
                parcel.tracking_id,
                after=rfc3339(deadline_at),
                lastpickupdate=last_day_before(deadline_at, rules.time_zone).isoformat(),
                reason="stored while the time was unknown",
            )


def _lived_through(draft: Draft, parcel: Parcel, length: timedelta, began_s: float | None) -> timedelta:
    """Return how much of an outage that began then a parcel has lived through."""
    if began_s is None or parcel.deposited_s is None or parcel.deposited_s <= began_s:
        return length
    return min(length, timedelta(seconds=draft.now.powered_s - parcel.deposited_s))


def _expire(draft: Draft, parcel: Parcel) -> None:
    draft.put_parcel(replace(parcel, state=parcel.after(ParcelMove.EXPIRE)))
    draft.record(
        EntryKind.PARCEL_OVERDUE,
        parcel.tracking_id,
        compartment=parcel.compartment,
        deadline=rfc3339(parcel.deadline_at) if parcel.deadline_at else None,
    )


def _remind(draft: Draft, parcel: Parcel) -> None:
    """Record the reminders that have come due; after a pause only the latest matters."""
    if parcel.deadline_at is None:
        return
    rules = draft.rules
    due = [
        days
        for days in rules.reminder_days
        if days not in parcel.reminded_days
        and has_passed(reminder_at(parcel.deadline_at, days, rules.time_zone), draft.now)
    ]
    if not due:
        return
    draft.put_parcel(replace(parcel, reminded_days=(*parcel.reminded_days, *due)))
    draft.record(
        EntryKind.PARCEL_REMINDER,
        parcel.tracking_id,
        daysleft=min(due),
        compartment=parcel.compartment,
        lastpickupdate=last_day_before(parcel.deadline_at, rules.time_zone).isoformat(),
    )
