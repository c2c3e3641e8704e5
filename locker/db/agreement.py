"""Holds what was read of parcels against their boxes and against the journal, at the start.

SQLite checks that a file is well formed, not that a value is the one that was written. A bit that flipped in
a parcel's place or date would show only when another recipient's door opens, or a day is missing.
"""

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from locker.db.records import record_of
from locker.domain.automat import Automat
from locker.domain.journal import EntryKind, SealedEntry

ANNOUNCES = {EntryKind.PARCEL_STORED: "deadline", EntryKind.DEADLINE_LENGTHENED: "after"}
"""The kinds of entries that tell a parcel's storage deadline, and where in their data."""


def contradiction(connection: Connection, automat: Automat) -> str | None:
    """Say which two things that were read cannot both be true; None if nothing of the kind is seen."""
    return next(_of_places(automat), None) or next(_of_deadlines(connection, automat), None)


def _of_places(automat: Automat) -> Iterator[str]:
    boxes, parcels = automat.compartments, automat.parcels
    for parcel in parcels.values():
        box = boxes.get(parcel.compartment or "")
        if parcel.inside and box is not None and box.tracking_id != parcel.tracking_id:
            told = box.tracking_id or "no parcel"
            yield f"parcel {parcel.tracking_id} lies in box {box.label}, and there lies {told}"
    for box in boxes.values():
        held = parcels.get(box.tracking_id or "")
        if held is not None and held.inside and held.compartment != box.label:
            yield f"box {box.label} holds parcel {held.tracking_id}, which lies in box {held.compartment}"


def _of_deadlines(connection: Connection, automat: Automat) -> Iterator[str]:
    """A deadline that was announced is never shortened; the beginning of the journal may have been pruned."""
    dated = {
        parcel.tracking_id: parcel.deadline_at
        for parcel in automat.parcels.values()
        if parcel.inside and parcel.deadline_at is not None
    }
    journal = record_of(SealedEntry).table
    query = select(journal.c.subject, journal.c.kind, journal.c.payload).where(
        journal.c.subject.in_(dated), journal.c.kind.in_([str(kind) for kind in ANNOUNCES])
    )
    announced: dict[str, str] = {}
    for subject, kind, payload in connection.execute(query.order_by(journal.c.epoch, journal.c.sequence)):
        told = json.loads(payload)["data"].get(ANNOUNCES[EntryKind(kind)])
        if told is not None:
            announced[subject] = told
    for tracking_id, told in announced.items():
        if dated[tracking_id] < datetime.fromisoformat(told):
            yield f"parcel {tracking_id} may lie there until {dated[tracking_id]}, and {told} was announced"
