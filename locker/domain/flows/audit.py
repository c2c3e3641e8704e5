"""The audit walk: a round of all compartments, and a report of what differs from what is on record."""

from locker.domain.draft import Draft
from locker.domain.maintenance import BeginAudit, EndAudit, Maintainer, SkipInAudit


def begin(draft: Draft, by: Maintainer, action: BeginAudit) -> None:  # noqa: ARG001 - not yet
    """Begin a round, or go on with the one under way."""
    draft.refuse("not-possible")


def skip(draft: Draft, by: Maintainer, action: SkipInAudit) -> None:  # noqa: ARG001 - not yet
    """Leave a compartment out of the round."""
    draft.refuse("not-possible")


def end(draft: Draft, by: Maintainer, action: EndAudit) -> None:  # noqa: ARG001 - not yet
    """End the round and write its report."""
    draft.refuse("not-possible")
