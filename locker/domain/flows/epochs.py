"""Epochs: where a journal proves not to be the only one of its epoch, the automat goes on in a new one (F12).

That is so where the back office holds entries of this epoch that were never written here, or others than
were, and where the counter beside the keys has come further than the database: one of the two was put back
from a copy. What is written from then on collides with nothing. The journal of the earlier epoch is kept, and
what the back office has not acknowledged of it is sent.

Acknowledgements are not signed. Whoever forges one gets a new epoch, in which nothing is lost, and no second
one before a technician has settled the first.
"""

from dataclasses import replace
from enum import StrEnum

from locker.domain.automat import Automat
from locker.domain.draft import Draft
from locker.domain.events import EpochCounted
from locker.domain.flows import retention
from locker.domain.incidents import IncidentKind
from locker.domain.intents import CountEpoch
from locker.domain.journal import EarlierEpoch, EntryKind


class Why(StrEnum):
    """Why an epoch begins while there is an earlier journal."""

    FORKED = "forked"  # the back office told of entries that this journal does not have
    RESTORED = "restored"  # a later epoch was counted than the database knows of


def wanted(automat: Automat) -> bool:
    """Tell whether the present epoch is to be left: it is forked, and no earlier one waits for a person."""
    forked = [about for kind, about in automat.open_matters if kind is IncidentKind.JOURNAL_FORKED]
    return forked == [name_of(automat.epoch)]


def ask(draft: Draft) -> None:
    """Let a new epoch be counted, if this one is to be left."""
    if wanted(draft.automat):
        draft.intend(CountEpoch())


def begin(draft: Draft, event: EpochCounted) -> None:
    """Go on in a new epoch, whose first entry says why, and where the earlier one stood."""
    automat, before = draft.automat, draft.automat.epoch
    forked = wanted(automat)
    if event.epoch <= before or not (forked or event.restored):
        return
    end, acknowledged = automat.journal_end, automat.facts.acknowledged_through
    draft.leave_epoch(EarlierEpoch(before, end, acknowledged, automat.facts.pruned_through), event.epoch)
    retention.begin_epoch(draft)
    draft.record_first(
        EntryKind.EPOCH_STARTED,
        epoch=event.epoch,
        why=str(Why.FORKED if forked else Why.RESTORED),
        earlier=before,
        earlierlast=end,
        earlierhash=event.earlier_hash,
        earlieracknowledged=acknowledged,
    )
    if not forked:
        draft.raise_incident(
            IncidentKind.JOURNAL_FORKED,
            name_of(before),
            f"an older database was put back, and may be out of date; entries go on in epoch {event.epoch}",
        )


def to_send(automat: Automat) -> EarlierEpoch | None:
    """Return the first earlier epoch of which the back office has not acknowledged everything."""
    for epoch in sorted(automat.earlier_epochs):
        if not automat.earlier_epochs[epoch].delivered:
            return automat.earlier_epochs[epoch]
    return None


def note_acknowledged(draft: Draft, epoch: int, through: int) -> None:
    """Believe the back office of the earlier epoch that is being sent; it may hold more than that."""
    earlier = to_send(draft.automat)
    if earlier is not None and earlier.epoch == epoch and through > earlier.acknowledged_through:
        known = min(through, earlier.last_sequence)
        draft.put_earlier_epoch(replace(earlier, acknowledged_through=known))


def name_of(epoch: int) -> str:
    """Return what incidents about an epoch's journal are about."""
    return f"epoch {epoch}"
