"""A compartment held for a sender: from the first pulse of a drop-off until somebody says what lies inside.

The box is suspect and its reason names the parcel, so it is offered to nobody and the same code comes back
to it. Whoever else uses or judges the box gives it another reason, which ends the hold.
"""

from dataclasses import replace

from locker.domain.automat import Automat
from locker.domain.compartments import Compartment, Condition
from locker.domain.draft import Draft
from locker.domain.flows.storing import SETTLED_BY_A_LOOK
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.openings import Evidence, Purpose
from locker.domain.parcels import Direction, Parcel, ParcelState

UNCONFIRMED = "a drop-off was begun and not confirmed: "
"""What a box is held for; the tracking id follows."""


def returns_to(automat: Automat, parcel: Parcel) -> str | None:
    """Return the compartment that is held for a sender who has not confirmed yet, if there is one."""
    box = automat.compartments.get(parcel.compartment or "")
    return parcel.compartment if holds(box, parcel.tracking_id) else None


def holds(box: Compartment | None, tracking_id: str | None) -> bool:
    """Tell whether a box is held for a sender: nobody else has used or judged it since its first pulse."""
    return box is not None and box.tracking_id is None and box.reason == hold_reason(tracking_id or "")


def expected(draft: Draft, tracking_id: str) -> Parcel | None:
    """Return the parcel if it may still be dropped off."""
    parcel = draft.automat.parcels.get(tracking_id)
    if parcel is None or parcel.direction is not Direction.OUTBOUND:
        return None
    return parcel if parcel.state is ParcelState.ANNOUNCED else None


def hold_reason(tracking_id: str) -> str:
    """Return the reason of a box that is held for this parcel's sender."""
    return UNCONFIRMED + tracking_id


def give_back(draft: Draft, label: str, tracking_id: str, evidence: Evidence) -> None:
    """Offer a box again that its sender has emptied before our eyes; otherwise somebody has to look."""
    doubts = [kind for kind in SETTLED_BY_A_LOOK if draft.automat.open_incident(kind, label) is not None]
    if evidence.grade == "A" and not doubts:
        draft.change_compartment(label, condition=Condition.SOUND, reason=None)
    else:
        draft.change_compartment(
            label, condition=Condition.SUSPECT, reason="a sender says that nothing was left inside"
        )
    let_go(draft, tracking_id, label)


def let_go(draft: Draft, tracking_id: str, label: str) -> None:
    """Let the code open another box next time."""
    parcel = expected(draft, tracking_id)
    if parcel is not None and parcel.compartment == label:
        draft.put_parcel(replace(parcel, compartment=None))


def end(draft: Draft, label: str) -> None:
    """Hold a box for nobody any more: somebody has seen that it is empty."""
    reason = draft.automat.compartments[label].reason or ""
    if reason.startswith(UNCONFIRMED):
        let_go(draft, reason.removeprefix(UNCONFIRMED), label)


def abandon(draft: Draft, keypad: str | None, label: str, tracking_id: str, why: str) -> None:
    """Record that nobody confirmed, so that somebody has to look."""
    draft.record(
        EntryKind.DEPOSIT_ABANDONED,
        tracking_id,
        purpose=str(Purpose.DROP_OFF),
        compartment=label,
        keypad=keypad or None,
        reason=why,
    )
    draft.raise_incident(IncidentKind.DEPOSIT_UNCONFIRMED, label, f"parcel {tracking_id}, its sender: {why}")


def judge_interrupted(draft: Draft) -> None:
    """Record, at start-up, the drop-offs that ended with the power between the door and the confirmation."""
    for label, box in draft.automat.compartments.items():
        if box.reason is None or not box.reason.startswith(UNCONFIRMED) or box.opening_ongoing:
            continue
        if draft.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, label) is None:
            tracking_id = box.reason.removeprefix(UNCONFIRMED)
            abandon(draft, None, label, tracking_id, "the automat stopped before the sender confirmed")
