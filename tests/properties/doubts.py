"""What somebody has to say first: no box is offered that was opened to look, or of which ill was said."""

from locker.domain.automat import Decision
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from tests.properties.findings import WORDS

OPENED = (EntryKind.OPENED_BY_PERSON, EntryKind.OPENED_REMOTELY)
"""A door was opened, and nobody has said yet what lies inside."""
SAID = (
    EntryKind.PARCEL_STORED,
    EntryKind.PARCEL_DROPPED_OFF,
    EntryKind.PARCEL_REMOVED,
    EntryKind.PARCEL_STUCK,
    EntryKind.PARCEL_MISSING,
    EntryKind.PARCEL_FOUND,
    EntryKind.DEPOSIT_CANCELLED,  # empty, by the word of who has just shut it: judged among the invariants
)
"""Somebody has said what lies inside, and so has `COMPARTMENT_INSPECTED` with a verdict."""
ILL = (
    IncidentKind.COMPARTMENT_DIRTY,
    IncidentKind.COMPARTMENT_DAMAGED,
    IncidentKind.COMPARTMENT_OCCUPIED,
    IncidentKind.DEPOSIT_UNCONFIRMED,
    IncidentKind.REMOVAL_UNCONFIRMED,
)
"""While one of these is open about a box it is offered to nobody."""


class Doubts:
    """The boxes that were opened and of which nobody has said anything since; a pick-up says nothing."""

    def __init__(self) -> None:
        """Begin with none."""
        self.unjudged: set[str] = set()

    def judge(self, decision: Decision) -> None:
        """Take in one decision; see that nothing doubtful is offered."""
        for entry in decision.entries:
            label = entry.data.get("compartment", "")
            if entry.kind in OPENED:
                self.unjudged.add(label)
            elif entry.kind in SAID or entry.data.get("verdict") in WORDS:
                self.unjudged.discard(label)
        automat = decision.automat
        for label in self.unjudged.intersection(automat.compartments):
            assert not automat.compartments[label].free, f"{label} was opened, and nobody has said a word"
        for kind, about in automat.open_matters:
            box = automat.compartments.get(about)
            assert kind not in ILL or box is None or not box.free, f"{about} is offered in spite of {kind}"
