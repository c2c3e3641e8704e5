"""What the screens show: the daemon's snapshot, kept true by its events. No I/O, no widgets."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from locker.api.schema import (
    AuditItem,
    CompartmentItem,
    CompartmentView,
    EntryItem,
    Greeting,
    IncidentItem,
    IncidentView,
    JournalEntryView,
    JournalItem,
    KeypadItem,
    KeypadView,
    LinkItem,
    ParcelForgottenItem,
    ParcelItem,
    ParcelView,
    SnapshotItem,
    Status,
    StreamItem,
)

ENTRIES_KEPT = 500
"""Journal entries kept from the stream; older ones are asked for."""


class Part(StrEnum):
    """Of what something changed."""

    CONNECTION = "connection"
    STATUS = "status"
    COMPARTMENTS = "compartments"
    PARCELS = "parcels"
    INCIDENTS = "incidents"
    ENTRIES = "entries"
    KEYPADS = "keypads"
    AUDIT = "audit"


@dataclass
class Changes:
    """What changed since the screens were painted last; `labels` are the compartments that did."""

    parts: set[Part] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.parts)

    def __contains__(self, part: Part) -> bool:
        """Whether something of this part changed."""
        return part in self.parts


class Store:
    """The automat as this guest knows it; `lost` says why nobody answers, None while somebody does."""

    def __init__(self) -> None:
        """Know nothing."""
        self.greeting: Greeting | None = None
        self.status: Status | None = None
        self.compartments: dict[str, CompartmentView] = {}
        self.parcels: dict[str, ParcelView] = {}
        self.incidents: dict[int, IncidentView] = {}
        self.keypads: dict[str, KeypadView] = {}
        self.entries: deque[JournalEntryView] = deque(maxlen=ENTRIES_KEPT)
        self.audit: AuditItem | None = None
        self.lost: str | None = None
        self.changes = Changes()

    @property
    def may_act(self) -> bool:
        """Whether this guest may change anything."""
        return self.greeting is not None and self.greeting.role == "technician"

    @property
    def everything(self) -> Changes:
        """Every part, as a screen is painted that was not shown before."""
        return Changes(set(Part), set(self.compartments))

    def take_changes(self) -> Changes:
        """Return what changed, and begin anew."""
        changes, self.changes = self.changes, Changes()
        return changes

    def take_greeting(self, greeting: Greeting) -> None:
        """Take in who answers, and as whom we ask."""
        self.greeting = greeting
        self._note(Part.CONNECTION)

    def take_status(self, status: Status) -> None:
        """Take in the automat on one page."""
        if status != self.status:
            self.status = status
            self._note(Part.STATUS)

    def take_keypads(self, keypads: Iterable[KeypadView]) -> None:
        """Take in every keypad."""
        self.keypads = {keypad.name: keypad for keypad in keypads}
        self._note(Part.KEYPADS)

    def lose(self, reason: str) -> None:
        """Take in that nobody answers any more."""
        if self.lost != reason:
            self.lost = reason
            self._note(Part.CONNECTION)

    def find_again(self) -> None:
        """Take in that somebody answers."""
        if self.lost is not None:
            self.lost = None
            self._note(Part.CONNECTION)

    def find(self, text: str) -> list[str]:
        """Return the labels of the compartments that a person may mean: by label, tracking id or incident."""
        wanted = text.strip().lower()
        if not wanted:
            return []
        exact = [label for label in self.compartments if label.lower() == wanted]
        by_incident = [
            incident.about
            for incident in self.incidents.values()
            if wanted.lstrip("#") == str(incident.number) and incident.about in self.compartments
        ]
        by_parcel = [
            label
            for label, box in self.compartments.items()
            if box.tracking_id is not None and wanted in box.tracking_id.lower()
        ]
        beginning = [label for label in self.compartments if label.lower().startswith(wanted)]
        return list(dict.fromkeys([*exact, *by_incident, *by_parcel, *beginning]))

    def parcels_elsewhere(self, text: str) -> list[ParcelView]:
        """Return the parcels that a person may mean and that lie in no compartment."""
        wanted = text.strip().lower()
        return [
            parcel
            for parcel in self.parcels.values()
            if wanted and parcel.compartment is None and wanted in parcel.tracking_id.lower()
        ]

    def incidents_about(self, about: str) -> list[IncidentView]:
        """Return the open incidents about a compartment, part or keypad, newest first."""
        return sorted(
            (each for each in self.incidents.values() if each.about == about and each.cleared_at is None),
            key=lambda incident: -incident.number,
        )

    def apply(self, item: StreamItem) -> None:
        """Take in one item of the event stream."""
        self.find_again()
        match item:
            case SnapshotItem():
                self._begin(item)
            case CompartmentItem(compartment=box):
                self.compartments[box.label] = box
                self.changes.labels.add(box.label)
                self._note(Part.COMPARTMENTS)
            case ParcelItem(parcel=parcel):
                self.parcels[parcel.tracking_id] = parcel
                self._note(Part.PARCELS)
            case ParcelForgottenItem():
                self.parcels.pop(item.tracking_id, None)
                self._note(Part.PARCELS)
            case IncidentItem(incident=incident):
                self._take_incident(incident)
            case EntryItem(entry=entry):
                self.entries.append(entry)
                self._note(Part.ENTRIES)
            case KeypadItem(keypad=keypad):
                self.keypads[keypad.name] = keypad
                self._note(Part.KEYPADS)
            case AuditItem():
                self.audit = item
                self._note(Part.AUDIT)
            case JournalItem() | LinkItem():
                self._take_progress(item)

    def _begin(self, snapshot: SnapshotItem) -> None:
        self.status = snapshot.status
        self.compartments = {box.label: box for box in snapshot.compartments}
        self.parcels = {parcel.tracking_id: parcel for parcel in snapshot.parcels}
        self.incidents = {incident.number: incident for incident in snapshot.incidents}
        self.audit = None  # a snapshot tells of no round, and the one known may have ended meanwhile
        self.changes = self.everything

    def _take_incident(self, incident: IncidentView) -> None:
        if incident.cleared_at is None:
            self.incidents[incident.number] = incident
        else:
            self.incidents.pop(incident.number, None)
        if incident.about in self.compartments:
            self.changes.labels.add(incident.about)
            self._note(Part.COMPARTMENTS)
        self._note(Part.INCIDENTS)

    def _take_progress(self, item: JournalItem | LinkItem) -> None:
        if self.status is None:
            return
        told = (
            {"journal": item.journal} if isinstance(item, JournalItem) else {"link_connected": item.connected}
        )
        self.take_status(self.status.model_copy(update=told))

    def _note(self, part: Part) -> None:
        self.changes.parts.add(part)
