"""What a technician says of incidents: somebody looks after one, or it is settled.

A word settles only what no sensor and no look can: `Incident.settling` tells.
"""

from dataclasses import replace

from locker.domain.draft import Draft
from locker.domain.flows import epochs
from locker.domain.incidents import Incident, IncidentKind, Settling
from locker.domain.journal import EntryKind
from locker.domain.maintenance import AcknowledgeIncident, ClearIncident, Maintainer

NOT_BY_WORD = {Settling.BY_ITSELF: "clears-by-itself", Settling.BY_LOOKING: "clears-by-looking"}


def acknowledge(draft: Draft, by: Maintainer, action: AcknowledgeIncident) -> None:
    """Note that somebody looks after an incident; another technician may take it over."""
    incident = _open(draft, action.number)
    if incident is None:
        return
    known = incident.acknowledged_by
    if known is not None and known.technician == by.technician:
        draft.refuse("already-acknowledged")
        return
    draft.put_incident(replace(incident, acknowledged_at=draft.now.wall_at, acknowledged_by=by))
    draft.record(
        EntryKind.INCIDENT_ACKNOWLEDGED,
        number=incident.number,
        incident=str(incident.kind),
        about=incident.about,
        user=by.user,
        technician=by.technician,
    )


def clear(draft: Draft, by: Maintainer, action: ClearIncident) -> None:
    """Close an incident that a person's word can settle; what it held up goes on."""
    incident = _open(draft, action.number)
    if incident is None:
        return
    settling = incident.settling(draft.automat.compartments)
    if settling is not Settling.BY_WORD:
        draft.refuse(NOT_BY_WORD[settling])
        return
    draft.clear_incident(incident.kind, incident.about, action.reason, user=by.user, technician=by.technician)
    match incident.kind:
        case IncidentKind.LOCK_WEAK:
            _learn_anew(draft, incident.about)
        case IncidentKind.JOURNAL_FORKED if incident.about == f"epoch {draft.automat.epoch}":
            draft.put_facts(forks_settled_through=draft.automat.journal_end)
        case IncidentKind.JOURNAL_FORKED:
            epochs.ask(draft)  # the present epoch may have waited for that word
        case IncidentKind.ENTRY_REFUSED if incident.about == f"epoch {draft.automat.epoch}":
            _settle_parked(draft)


def _open(draft: Draft, number: int) -> Incident | None:
    """Return an incident that nobody has cleared; else refuse."""
    incident = draft.automat.incidents.get(number)
    if incident is None:
        draft.refuse("unknown-incident")
    elif incident.cleared_at is not None:
        draft.refuse("already-cleared")
    else:
        return incident
    return None


def _learn_anew(draft: Draft, label: str) -> None:
    """Hold a mended lock against what it is from now on."""
    known = draft.automat.locks.get(label)
    if known is not None:
        draft.put_lock(known.learnt_anew())


def _settle_parked(draft: Draft) -> None:
    """Let what was refused stay parked, and hold back the journal's beginning no longer."""
    for parked in draft.automat.parked.values():
        if not parked.settled:
            draft.put_parked(replace(parked, settled=True))
