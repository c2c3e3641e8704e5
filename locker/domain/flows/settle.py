"""What a technician says of incidents: somebody looks after one, or it is settled."""

from locker.domain.draft import Draft
from locker.domain.maintenance import AcknowledgeIncident, ClearIncident, Maintainer


def acknowledge(draft: Draft, by: Maintainer, action: AcknowledgeIncident) -> None:  # noqa: ARG001 - not yet
    """Note that somebody looks after an incident."""
    draft.refuse("not-possible")


def clear(draft: Draft, by: Maintainer, action: ClearIncident) -> None:  # noqa: ARG001 - not yet
    """Close an incident that a person's word can settle."""
    draft.refuse("not-possible")
