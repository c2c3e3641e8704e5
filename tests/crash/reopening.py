"""Starts the daemon's way on what a power cut may have left, and looks whether it is what it must be."""

import sqlite3
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Self
from unittest.mock import patch

from cryptography.exceptions import InvalidSignature
from immutables import Map

from locker.db import session
from locker.db.errors import DatabaseMissing, OutdatedDatabase
from locker.db.files import peek
from locker.db.ladder import LADDER
from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.disk import Ballast
from locker.domain.automat import Automat
from locker.domain.journal import ChainFault, ChainHead, check
from locker.domain.keypad import Keypad
from locker.hardware.wiring_map import read_map
from locker.keys import EPOCH as EPOCH_FILE
from locker.keys import Keys, initialise, next_epoch
from locker.starts import Starts
from tests.crash import days
from tests.crash.compiled import Climbed, compiled_once
from tests.crash.days import ANCHOR, BACKUP, BACKUP_BEFORE_MIGRATION, EPOCH, KEYS, MAP, ROWS, STARTS
from tests.crash.recording import Recorder, plant
from tests.crash.states import Files
from tests.unit.domain.stand import CODE_KEY, IDENTITY, fixtures

CHECKED_FURTHER = 0.05
"""How many of the states are worked on and opened again."""

Allowed = Mapping[str, set[str | None]]
"""What each subject may be worth."""


class Broken(Exception):  # noqa: N818 - the name says what is the case
    """A state does not hold what it must; the message says what."""


class Opener:
    """Opens state after state as the daemon does. What no disk can change is compiled once for all."""

    def __init__(self) -> None:
        """Nothing was opened yet."""
        self._proven: set[str] = set()
        self._checked: dict[tuple[ChainHead | None, bytes], ChainHead] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Share what is compiled."""
        self._stack.enter_context(compiled_once())
        self._stack.enter_context(Climbed().known())
        self._stack.enter_context(patch.object(session, "LOG_BYTES", days.SHORT_LOG_BYTES))
        return self

    def __exit__(self, *_: object) -> None:
        """Put everything back."""
        self._stack.close()

    def open(self, files: Files, allowed: Allowed, dice: Random) -> None:
        """Start on a state; Broken, or whatever the start raises, if it does not hold what it must."""
        with TemporaryDirectory(dir=days.SCRATCH) as name:
            root = Path(name)
            plant(root, files)
            self._files(root, allowed)
            self._database(root, allowed, further=dice.random() < CHECKED_FURTHER)

    def _files(self, root: Path, allowed: Allowed) -> None:
        """Read what lies beside the database."""
        if KEYS in allowed:
            whole = (root / KEYS).exists()
            _require(KEYS, days.secrets_of(root / KEYS) if whole else None, allowed)
            if not whole:
                initialise(root / KEYS, IDENTITY.automat_id)
            Keys.load(root / KEYS, {})
        if EPOCH in allowed:
            _require(EPOCH, (root / KEYS / EPOCH_FILE).read_text().strip(), allowed)
        if MAP in allowed:
            proof = read_map(root / MAP, IDENTITY.automat_id)
            _require(MAP, None if proof is None else proof.hash, allowed)
        if ANCHOR in allowed:
            anchor = root / ANCHOR
            _require(ANCHOR, anchor.read_text() if anchor.exists() else None, allowed)
        if STARTS in allowed:
            stay = Starts(root / STARTS, 5, 600.0, lambda: 1.0, "boot-2").episode
            _require(STARTS, None if stay is None else stay.cause, allowed)
        for backup in (BACKUP, BACKUP_BEFORE_MIGRATION):
            if backup in allowed:
                _require(backup, _rows_of(root / backup), allowed)
        if BACKUP_BEFORE_MIGRATION in allowed and not (root / BACKUP_BEFORE_MIGRATION).exists():
            revision = peek(root / days.DATABASE).revision
            if revision != LADDER.revisions[0]:
                raise Broken(f"it was migrated to {revision}, and there is no backup")

    def _database(self, root: Path, allowed: Allowed, *, further: bool) -> None:
        """Open the database as at a start; some are worked on and opened again."""
        path = root / days.DATABASE
        reserve = Ballast(root / days.BALLAST, days.BALLAST_BYTES)
        for again in (False, True):
            try:
                database = Database.open(path, reserve=reserve)
            except (DatabaseMissing, OutdatedDatabase):
                ensure_current(path)
                database = Database.open(path, reserve=reserve)
            try:
                if not reserve.make():
                    raise Broken("the reserve cannot be made again")
                found = self._look(database, root, allowed, further=further)
                if not further or again:
                    return
                days.Day(database, Recorder(root, Random(0)))
                allowed = {**allowed, ROWS: {days.rows(database._driver)}}
                if found in allowed[ROWS]:
                    raise Broken("a start was not recorded")
            finally:
                database.close()

    def _look(self, database: Database, root: Path, allowed: Allowed, *, further: bool) -> str:
        """Look at everything that an open database holds; return which content it is."""
        found = days.rows(database._driver)
        _require(ROWS, found, allowed)
        for check_of in ("integrity_check", "foreign_key_check"):
            told = database._driver.execute(f"PRAGMA {check_of}").fetchall()
            if told not in ([("ok",)], []):
                raise Broken(f"{check_of}: {told[0]}")
        if database.journal_is_empty():
            counter = root / KEYS / EPOCH_FILE
            database.begin_epoch(next_epoch(root / KEYS) if counter.exists() else 1)
        elif EPOCH in allowed and database.head().epoch > int((root / KEYS / EPOCH_FILE).read_text()):
            raise Broken("the journal is in an epoch that was never counted")
        if further or found not in self._proven:
            # What is made of the rows follows from the rows alone, and these were taken up before.
            database.load(_blank(database.head()), {box.label: box for box in fixtures()})
            if BACKUP_BEFORE_MIGRATION not in allowed:  # that one's journal is made up
                self._prove_chain(database)
            self._proven.add(found)
        return found

    def _prove_chain(self, database: Database) -> None:
        """Check every entry's number, hash and signature; one that stood here before has not changed."""
        head: ChainHead | None = None
        for payload in database.payloads(database.head().epoch, 1, 1_000_000):
            if (head, payload) not in self._checked:
                checked = check(payload, head, _verify)
                if isinstance(checked, ChainFault):
                    raise Broken(f"the chain is broken at {checked.sequence}: {checked.reason}")
                self._checked[head, payload] = checked
            head = self._checked[head, payload]
        if head is not None and head != database.head():
            raise Broken(f"the chain ends at {head}, the journal at {database.head()}")


def _require(subject: str, found: str | None, allowed: Allowed) -> None:
    if found not in allowed[subject]:
        is_worth = "not there" if found is None else found[:40]
        raise Broken(f"{subject} is {is_worth}: acknowledged work is lost, or half of some was kept")


def _rows_of(path: Path) -> str | None:
    """Return what a copy of the database holds; None if there is none."""
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
        return days.rows(connection)


def _blank(head: ChainHead) -> Automat:
    return Automat(
        IDENTITY,
        days.RULES,
        CODE_KEY,
        Map({"front": Keypad("front"), "side": Keypad("side")}),
        epoch=head.epoch,
    )


def _verify(message: bytes, signature: bytes) -> bool:
    try:
        days.PRIVATE_KEY.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True
