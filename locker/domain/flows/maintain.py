"""What technicians ask for at the local socket: one flat table of it, and the doors that open for them.

Refusals are reasons, told to whoever asked; `locker.api.maintenance` puts them into words.
"""

from locker.domain.draft import Draft
from locker.domain.flows import audit, settle, trials
from locker.domain.flows.doors import Progress
from locker.domain.maintenance import (
    AcknowledgeIncident,
    Action,
    BeginAudit,
    BlockDoor,
    ClearIncident,
    CycleLock,
    EndAudit,
    Maintainer,
    OpenDoor,
    ReleaseKeypad,
    SayFound,
    SkipInAudit,
    TryDevice,
    UnblockDoor,
)


def take(draft: Draft, by: Maintainer, action: Action) -> None:
    """Do what a technician asks for, or say why not, having changed nothing."""
    match action:
        case OpenDoor() | CycleLock() | SayFound() | BlockDoor() | UnblockDoor():
            draft.refuse("not-possible")
        case AcknowledgeIncident():
            settle.acknowledge(draft, by, action)
        case ClearIncident():
            settle.clear(draft, by, action)
        case ReleaseKeypad():
            trials.release(draft, by, action)
        case TryDevice():
            trials.try_device(draft, by, action)
        case BeginAudit():
            audit.begin(draft, by, action)
        case SkipInAudit():
            audit.skip(draft, by, action)
        case EndAudit():
            audit.end(draft, by, action)


def note(draft: Draft, progress: Progress) -> None:
    """Draw the consequences of what became of a door that was opened for a technician."""
