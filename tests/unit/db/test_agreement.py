"""F5: values that are well formed and cannot be true are noticed when the automat is built."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from locker.db import session
from locker.db.errors import DamagedDatabase, DatabaseError
from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.db.statements import compile_statements
from locker.domain.automat import Automat
from locker.domain.journal import EntryKind, SealedEntry
from locker.domain.times import rfc3339
from tests.crash import days
from tests.crash.recording import Recorder
from tests.unit.db.examples import AT, FIXTURES, FULL, SEEN, STORED, blank_automat, entry
from tests.unit.domain.stand import MONDAY, fixtures

DEADLINE_AT = AT + timedelta(days=7)
FLIPS = 240


@pytest.fixture
def stored(path: Path) -> Path:
    """A parcel in box 1 whose deadline was announced, and then lengthened by a day."""
    with closing(Database.open(path)) as database:
        database.begin_epoch(1)
        first = told(1, EntryKind.PARCEL_STORED, deadline=rfc3339(DEADLINE_AT - timedelta(days=1)))
        second = told(2, EntryKind.DEADLINE_LENGTHENED, after=rfc3339(DEADLINE_AT))
        database.commit([STORED, FULL], [first, second], SEEN)
    return path


def told(number: int, kind: EntryKind, **data: str) -> SealedEntry:
    return replace(
        entry(number),
        kind=str(kind),
        subject=STORED.tracking_id,
        payload=json.dumps({"data": data}).encode(),
    )


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def load(path: Path) -> Automat:
    with closing(Database.open(path)) as database:
        return database.load(blank_automat(), FIXTURES).automat


def test_what_agrees_is_read(stored: Path) -> None:
    assert load(stored).parcels[STORED.tracking_id] == STORED


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE parcel SET compartment = '2'", "lies in box 2, and there lies no parcel"),
        ("UPDATE compartment SET tracking_id = NULL WHERE label = '1'", "lies in box 1, and there lies no"),
        ("UPDATE parcel SET tracking_id = tracking_id || 'x'", "lies in box 1, and there lies JJFI"),
        ("UPDATE compartment SET tracking_id = 'JJFI00000000000000001'", "holds parcel"),
        ("UPDATE parcel SET deadline_at = '2026-04-04T00:59:59.999999+00:00'", "was announced"),
    ],
)
def test_what_contradicts_itself_is_damage(stored: Path, statement: str, told: str) -> None:
    another = (
        "INSERT INTO compartment SELECT '2', condition, reason, blocked, door, goods, NULL FROM compartment"
    )
    change(stored, another, statement)
    content = stored.read_bytes()
    with pytest.raises(DamagedDatabase, match=told):
        load(stored)
    assert stored.read_bytes() == content


def test_a_deadline_is_believed_where_its_announcement_was_pruned(stored: Path) -> None:
    change(
        stored, "DELETE FROM journal", "UPDATE parcel SET deadline_at = '2026-04-04T00:59:59.999999+00:00'"
    )
    assert load(stored).parcels[STORED.tracking_id].deadline_at == DEADLINE_AT - timedelta(days=1)


def test_an_entry_that_cannot_be_read_is_named(stored: Path) -> None:
    change(stored, "UPDATE journal SET at = 'a' || at WHERE sequence = 2")
    with (
        closing(Database.open(stored)) as database,
        pytest.raises(DamagedDatabase, match="entry 1-2 of the journal cannot be read"),
    ):
        database.entries(1, 1, 10)


def test_no_flipped_bit_in_parcels_and_boxes_moves_a_parcel_or_takes_of_its_time(tmp_path: Path) -> None:
    path, dice = tmp_path / days.DATABASE, Random(5)
    ensure_current(path)
    with days.opened(path) as database:
        database.begin_epoch(1)
        day = days.Day(database, Recorder(tmp_path, dice))
        for number in range(4):
            day.deliver(f"JJFI6543211000{number:07d}", f"{300_000 + number}")
        blank = day.blank
    before = {one.tracking_id: one for one in day.automat.parcels.values() if one.inside}
    assert len(before) == 4
    whole, noticed = path.read_bytes(), 0
    with patch.object(session, "compile_statements", cache(compile_statements)):
        for place in dice.sample(list(bytes_of(path, "parcel", "compartment")), FLIPS):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << dice.randrange(8)
            path.write_bytes(flipped)
            try:
                with closing(Database.open(path)) as database:
                    found = database.load(blank, {box.label: box for box in fixtures()}).automat.parcels
            except DatabaseError:
                noticed += 1
                continue
            for tracking_id, parcel in before.items():
                now = found[tracking_id]
                assert (now.compartment, now.inside) == (parcel.compartment, True), place
                assert now.deadline_at is not None
                assert now.deadline_at >= (parcel.deadline_at or MONDAY), place
    assert noticed > FLIPS / 4


def bytes_of(path: Path, *tables: str) -> "set[int]":
    """Return where a file holds the rows of these tables: what is not zero of their pages."""
    with closing(sqlite3.connect(path)) as db:
        begins = [
            4096 * (page - 1)
            for name, page in db.execute("SELECT name, rootpage FROM sqlite_schema")
            if name in tables
        ]
    content = path.read_bytes()
    return {place for begin in begins for place in range(begin, begin + 4096) if content[place]}
