"""Retention: what is over is forgotten in its time; what must be known longer stays as a keyed tag alone.

Nothing here runs while the clock is not believed: forgotten late, never early (domain.md 4 and 8).
"""

from dataclasses import replace
from datetime import timedelta

from locker.domain.automat import days_after
from locker.domain.changing import changed
from locker.domain.codes import tracking_tag
from locker.domain.deadlines import months_after
from locker.domain.draft import Draft
from locker.domain.flows import audit
from locker.domain.incidents import IncidentKind
from locker.domain.journal import Checkpoint, EntryKind
from locker.domain.parcels import Parcel, ParcelState, Seen

DAY_S = 86_400.0
PRUNE_AGAIN_S = 60.0
"""Until the next day's entries go, while more than one day's wait to be pruned."""
NEVER_HERE = frozenset({ParcelState.ANNOUNCED, ParcelState.REFUSED})
"""States of parcels that the automat never had: their tracking ids may be announced again."""


def forget_parcel(draft: Draft, tracking_id: str) -> None:
    """Forget a parcel; its tag keeps the rule that its tracking id must not come back yet (terms 1.11)."""
    parcel = draft.automat.parcels[tracking_id]
    if _in_hand(draft, tracking_id):
        _look_again_tomorrow(draft, tracking_id)
        return
    _remember_tag(draft, parcel)
    label = parcel.compartment
    # A box that the configuration does not have now may be held for a sender: it must come back in doubt.
    box = draft.automat.compartments.get(label or "")
    if box is not None and box.tracking_id == tracking_id:
        draft.change_compartment(box.label, tracking_id=None)
    audit.forget_parcel(draft, tracking_id)
    draft.forget_parcel(tracking_id)


def look_after_journal(draft: Draft) -> None:
    """Once a day, and at each start: note how far the journal reaches, and prune a day of what is old enough.

    Only a beginning goes, and of it only what the back office has committed. An entry that it refuses, or
    a fork, holds back everything from there on until a technician has settled it.
    """
    automat, now = draft.automat, draft.now
    agenda = automat.powered_agenda.with_due(("day", ""), now.powered_s + DAY_S)
    draft.automat = automat = changed(automat, powered_agenda=agenda)
    if not automat.judges_time(now):
        return
    last = automat.checkpoints.get(max(automat.checkpoints, default=0))
    if last is None or (now.wall_at >= last.at + timedelta(days=1) and automat.journal_end > last.sequence):
        draft.put_checkpoint(Checkpoint(automat.journal_end, now.wall_at))
    released_through = _released_through(draft)
    old = [
        sequence
        for sequence, checkpoint in automat.checkpoints.items()
        if sequence <= released_through
        and (over_at := days_after(checkpoint.at, draft.rules.retention_days)) is not None
        and over_at <= now.wall_at
    ]
    if not old:
        return
    if len(old) > 1:
        # One transaction must not grow with the years: it would need as much room as it frees.
        agenda = draft.automat.powered_agenda.with_due(("day", ""), now.powered_s + PRUNE_AGAIN_S)
        draft.automat = changed(draft.automat, powered_agenda=agenda)
    through = min(old)
    draft.forget_checkpoint(through)
    if through > automat.facts.pruned_through:
        draft.prune(through)
        draft.record(EntryKind.JOURNAL_PRUNED, through=through)


def mend_dates(draft: Draft) -> None:
    """Let what ended under a clock from the future end now, or its details would be kept for ever."""
    for incident in draft.automat.incidents.values():
        if incident.cleared_at is not None and incident.cleared_at > draft.now.wall_at:
            draft.put_incident(replace(incident, cleared_at=draft.now.wall_at))


def begin_epoch(draft: Draft) -> None:
    """Forget where an earlier epoch's journal stood."""
    draft.put_facts(acknowledged_through=0, pruned_through=0, forks_settled_through=0)
    for sequence in sorted(draft.automat.checkpoints):
        draft.forget_checkpoint(sequence)


def _released_through(draft: Draft) -> int:
    automat = draft.automat
    if automat.open_incident(IncidentKind.JOURNAL_FORKED, f"epoch {automat.epoch}") is not None:
        return 0
    unsettled = (number for number, parked in automat.parked.items() if not parked.settled)
    first_parked = min(unsettled, default=automat.journal_end + 1)
    return min(automat.facts.acknowledged_through, first_parked - 1)


def _in_hand(draft: Draft, tracking_id: str) -> bool:
    """Tell whether a door that was left open, or a person at a keypad, still asks for a parcel."""
    automat = draft.automat
    return any(opening.tracking_id == tracking_id for opening in automat.openings.values()) or any(
        getattr(keypad.flow, "tracking_id", None) == tracking_id for keypad in automat.keypads.values()
    )


def _remember_tag(draft: Draft, parcel: Parcel) -> None:
    if parcel.state in NEVER_HERE or parcel.closed_at is None:
        return
    until = months_after(parcel.closed_at, draft.rules.tracking_rest_months, draft.rules.time_zone)
    if until > draft.now.wall_at:
        draft.put_seen(Seen(tracking_tag(draft.automat.code_key, parcel.tracking_id), until))


def _look_again_tomorrow(draft: Draft, tracking_id: str) -> None:
    automat, tomorrow = draft.automat, draft.now.wall_at + timedelta(days=1)
    agenda = automat.wall_agenda.with_due(("parcel", tracking_id), tomorrow)
    draft.automat = changed(automat, wall_agenda=agenda)
