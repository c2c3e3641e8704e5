"""Automats to measure: a blank one, its boxes, and journals of really sealed entries."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from immutables import Map

from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.domain.automat import Automat
from locker.domain.codes import CodeKey
from locker.domain.compartments import Fixture
from locker.domain.journal import ChainHead, Entry, EntryKind, SealedEntry, Sign, seal
from locker.domain.keypad import Keypad
from locker.domain.rules import Identity, Rules
from locker.domain.times import Now, Trust, rfc3339

CODE_KEY = CodeKey(bytes(range(32)))
EPOCH = 1
BATCH = 5_000


def blank(automat_id: str) -> Automat:
    """Make an automat with one keypad that knows nothing yet."""
    return Automat(
        Identity(automat_id, "Kauppatori 1", "0200 71000"),
        Rules(),
        CODE_KEY,
        Map({"front": Keypad("front")}),
        epoch=EPOCH,
    )


def fixtures(count: int) -> dict[str, Fixture]:
    """Make small boxes "1" to `count`."""
    return {str(n): Fixture(str(n), "S", 380, 140, 600, row=n) for n in range(1, count + 1)}


def tracking_id(number: int) -> str:
    """Make up a tracking id."""
    return f"JJFI{number:017d}"


def write_journal(path: Path, *, automat_id: str, sign: Sign, count: int) -> None:
    """Make a database whose journal has so many entries, each numbered, chained and signed."""
    ensure_current(path)
    database = Database.open(path)
    try:
        head = database.begin_epoch(EPOCH)
        entries = _entries(count)
        for first in range(0, count, BATCH):
            sealed: list[SealedEntry] = []
            for _ in range(min(BATCH, count - first)):
                head = _append(sealed, next(entries), head, automat_id, sign)
            database.commit((), sealed)
    finally:
        database.close()


def _append(
    sealed: list[SealedEntry], entry: Entry, head: ChainHead, automat_id: str, sign: Sign
) -> ChainHead:
    now = Now(datetime.now(UTC), Trust.TRUSTED, 1_000.0 + head.sequence)
    sealed.append(seal(entry, head, now, automat_id=automat_id, sign=sign))
    return sealed[-1].head


def _entries(count: int) -> Iterator[Entry]:
    """Give what pick-up after pick-up leaves in a journal."""
    at = rfc3339(datetime.now(UTC))
    for number in range(count // 5 + 1):
        parcel, where = tracking_id(number), {"compartment": str(number % 14 + 1)}
        yield Entry(EntryKind.CODE_ACCEPTED, parcel, {"keypad": "front", **where})
        yield Entry(EntryKind.PULSE_INTENDED, parcel, {"number": 1, "purpose": "pickup", **where})
        yield Entry(EntryKind.DOOR_OPENED, parcel, {"purpose": "pickup", **where})
        yield Entry(EntryKind.DOOR_CLOSED, parcel, {"purpose": "pickup", **where})
        evidence = {"codeaccepted": at, "dooropened": at, "doorclosed": at, "pulses": 1}
        yield Entry(
            EntryKind.PARCEL_HANDED_OVER, parcel, {"grade": "A", "keypad": "front", **evidence, **where}
        )
