"""The back office's own book: every entry once, in its place, committed before it is acknowledged."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from simulator.backoffice.entries import FIRST_PREVHASH, Entry

SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger (
    automat TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
    hash TEXT NOT NULL, prevhash TEXT NOT NULL, type TEXT NOT NULL, time TEXT NOT NULL, subject TEXT,
    data TEXT NOT NULL, payload BLOB NOT NULL, received INTEGER NOT NULL DEFAULT 1, fault TEXT,
    PRIMARY KEY (automat, epoch, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    automat TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (automat, epoch, sequence)
);
CREATE TABLE IF NOT EXISTS forks (
    automat TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, reason TEXT NOT NULL,
    payload BLOB NOT NULL, PRIMARY KEY (automat, epoch, sequence)
);
CREATE TABLE IF NOT EXISTS commands (
    id TEXT PRIMARY KEY, automat TEXT NOT NULL, type TEXT NOT NULL, content BLOB NOT NULL,
    notafter TEXT NOT NULL, outcome TEXT, reason TEXT
);
"""

MISSING_MOST = 100


@dataclass(frozen=True)
class Row:
    """One line of the ledger; `fault` says why the chain does not hold there."""

    automat_id: str
    epoch: int
    sequence: int
    hash: str
    prevhash: str
    type: str
    time: str
    subject: str | None
    data: dict[str, Any]
    payload: bytes
    received: int
    fault: str | None


@dataclass
class Progress:
    """How far one epoch of one automat is known; every number up to `through` is settled."""

    through: int = 0
    beyond: set[int] = field(default_factory=set)

    def settle(self, sequence: int) -> None:
        """Count a number as committed or refused."""
        if sequence > self.through:
            self.beyond.add(sequence)
        while self.through + 1 in self.beyond:
            self.through += 1
            self.beyond.remove(self.through)

    def missing(self, last: int = 0) -> list[tuple[int, int]]:
        """Give the gaps before the highest number known of, which is at least `last`."""
        gaps, expected = [], self.through + 1
        for sequence in [*sorted(self.beyond), last + 1]:
            if sequence > expected:
                gaps.append((expected, sequence - 1))
            expected = max(expected, sequence + 1)
        return gaps[:MISSING_MOST]


class Ledger:
    """One SQLite file, one writer. Nothing is ever changed but the count of receptions."""

    def __init__(self, file: Path) -> None:
        """Open the book, or begin one."""
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        self._progress: dict[tuple[str, int], Progress] = {}
        for table in ("ledger", "refused"):
            for automat, epoch, sequence in self._db.execute(
                f"SELECT automat, epoch, sequence FROM {table} ORDER BY sequence"  # noqa: S608  # two constants
            ):
                self.progress(automat, epoch).settle(sequence)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def progress(self, automat_id: str, epoch: int) -> Progress:
        """Tell how far an epoch is known."""
        return self._progress.setdefault((automat_id, epoch), Progress())

    def epochs(self) -> list[tuple[str, int]]:
        """Name every epoch of every automat of which anything is known."""
        return [key for key, progress in self._progress.items() if progress.through or progress.beyond]

    def write(self, entries: Iterable[Entry], refusals: dict[int, str]) -> list[Entry]:
        """Commit a batch in one transaction; return those that are new. `refusals`: number to reason."""
        batch = list(entries)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            new = [entry for entry in batch if self._write_one(entry, refusals.get(entry.sequence))]
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        for entry in batch:
            self.progress(entry.automat_id, entry.epoch).settle(entry.sequence)
        return new

    def rows(self, automat_id: str, epoch: int | None = None) -> Iterator[Row]:
        """Give the book of one automat, in order."""
        names = [each.name for each in fields(Row)]
        for row in self._db.execute(
            "SELECT automat, epoch, sequence, hash, prevhash, type, time, subject, data, payload, received,"
            " fault FROM ledger WHERE automat = ? AND (? IS NULL OR epoch = ?) ORDER BY epoch, sequence",
            (automat_id, epoch, epoch),
        ):
            yield Row(
                *(
                    json.loads(value) if name == "data" else value
                    for name, value in zip(names, row, strict=True)
                )
            )

    def refused(self, automat_id: str, epoch: int) -> list[tuple[int, str]]:
        """Give the entries that are refused for ever, newest last."""
        return self._db.execute(
            "SELECT sequence, reason FROM refused WHERE automat = ? AND epoch = ? ORDER BY sequence",
            (automat_id, epoch),
        ).fetchall()

    def forks(self, automat_id: str, epoch: int) -> list[tuple[int, str]]:
        """Give the numbers under which the automat has shown two different entries."""
        return self._db.execute(
            "SELECT sequence, reason FROM forks WHERE automat = ? AND epoch = ? ORDER BY sequence",
            (automat_id, epoch),
        ).fetchall()

    def duplicates(self, automat_id: str) -> int:
        """Count receptions of entries that were there already."""
        (count,) = self._db.execute(
            "SELECT COALESCE(SUM(received - 1), 0) FROM ledger WHERE automat = ?", (automat_id,)
        ).fetchone()
        return int(count)

    def add_command(
        self, command_id: str, automat_id: str, kind: str, content: bytes, not_after: str
    ) -> None:
        """Remember a command before it is sent; it holds tags, never codes."""
        self._db.execute(
            "INSERT INTO commands (id, automat, type, content, notafter) VALUES (?, ?, ?, ?, ?)",
            (command_id, automat_id, kind, content, not_after),
        )

    def pending(self) -> list[tuple[str, str, bytes, str]]:
        """Give id, automat, content and last instant of every command without an outcome."""
        return self._db.execute(
            "SELECT id, automat, content, notafter FROM commands WHERE outcome IS NULL ORDER BY rowid"
        ).fetchall()

    def settle_command(self, command_id: str, outcome: str, reason: str | None) -> None:
        """Record what became of a command; the first word counts."""
        self._db.execute(
            "UPDATE commands SET outcome = ?, reason = ? WHERE id = ? AND outcome IS NULL",
            (outcome, reason, command_id),
        )

    def outcome(self, command_id: str) -> tuple[str | None, str | None]:
        """Tell what became of a command ("applied", "refused", "late") and why; None: nothing yet."""
        found = self._db.execute(
            "SELECT outcome, reason FROM commands WHERE id = ?", (command_id,)
        ).fetchone()
        return (None, None) if found is None else (found[0], found[1])

    def _write_one(self, entry: Entry, refusal: str | None) -> bool:
        key = (entry.automat_id, entry.epoch, entry.sequence)
        known = self._hash_at(*key)
        if known == entry.hash:
            self._db.execute(
                "UPDATE ledger SET received = received + 1 WHERE automat = ? AND epoch = ? AND sequence = ?",
                key,
            )
            return False
        if known is not None:
            self._add_fork(entry, entry.sequence, "another entry under the same number")
            return False
        if refusal is not None:
            self._db.execute("INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?)", (*key, refusal))
            return False
        fault = self._chain_fault(entry)
        self._db.execute(
            "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            (
                *key,
                entry.hash,
                entry.prevhash,
                entry.type,
                entry.time,
                entry.subject,
                json.dumps(entry.data),
                entry.payload,
                fault,
            ),
        )
        return True

    def _chain_fault(self, entry: Entry) -> str | None:
        before = FIRST_PREVHASH
        if entry.sequence > 1:
            found = self._hash_at(entry.automat_id, entry.epoch, entry.sequence - 1)
            before = entry.prevhash if found is None else found
        after = self._db.execute(
            "SELECT prevhash FROM ledger WHERE automat = ? AND epoch = ? AND sequence = ?",
            (entry.automat_id, entry.epoch, entry.sequence + 1),
        ).fetchone()
        if entry.prevhash != before:
            self._add_fork(entry, max(1, entry.sequence - 1), "the next entry continues another one")
            return "it does not carry the hash of the entry before it"
        if after is not None and after[0] != entry.hash:
            self._add_fork(entry, entry.sequence, "the next entry continues another one")
            return "the entry after it carries another hash"
        return None

    def _hash_at(self, automat_id: str, epoch: int, sequence: int) -> str | None:
        found = self._db.execute(
            "SELECT hash FROM ledger WHERE automat = ? AND epoch = ? AND sequence = ?",
            (automat_id, epoch, sequence),
        ).fetchone()
        return None if found is None else str(found[0])

    def _add_fork(self, entry: Entry, sequence: int, reason: str) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO forks VALUES (?, ?, ?, ?, ?)",
            (entry.automat_id, entry.epoch, sequence, reason, entry.payload),
        )
