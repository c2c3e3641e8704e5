"""The daemon's one database session: load at the start, then one durable transaction a decision.

It belongs to one thread at a time. A commit costs in proportion to what changed.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal, Self, cast

from sqlalchemy import Connection, Engine, Select, create_engine, event, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from locker.db.agreement import contradiction
from locker.db.errors import DatabaseError, DatabaseFailed, DiskFull, JournalOutOfStep
from locker.db.files import BUSY_TIMEOUT_S, Claim, address_of, copy_database, damaged, failure
from locker.db.loading import Loaded, all_of, load_automat, stored_head
from locker.db.migrate import check_current
from locker.db.records import record_of
from locker.db.statements import compile_statements
from locker.disk import Ballast
from locker.domain.automat import Automat, Change, Forgotten, Pruned
from locker.domain.compartments import Fixture
from locker.domain.incidents import Incident
from locker.domain.journal import NO_HASH, ChainHead, EntryKind, Parked, SealedEntry
from locker.domain.parcels import Credential, Parcel, Seen
from locker.domain.times import LastSeen

# What a power cut may not take (FULL), who may not come in between (EXCLUSIVE), what may not dangle, that
# what was deleted is overwritten (ON: also in pages that are given up), and that the log is copied over by
# ourselves (0): SQLite would do it as well, and keep it to itself if the device failed.
PRAGMAS = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA wal_autocheckpoint = 0",
)
LOG_BYTES = 1000 * 4120
"""How long the log may be before it is copied over: a thousand pages, as SQLite itself would have it."""
COMMITS_BETWEEN = 64
"""The log keeps its length when it is begun again; so many commits later it is copied over again."""

OpenFile = Callable[..., sqlite3.Connection]
Copying = Literal["PASSIVE", "RESTART", "TRUNCATE"]
"""How SQLite copies the log over."""
Step = tuple[str, tuple[object, ...]]
"""A statement and its parameters."""


class Database:
    """An open database; DatabaseFailed from any method means: end the process, the next start recovers."""

    def __init__(self, path: Path, claim: Claim, engine: Engine, reserve: Ballast | None) -> None:
        """Use `open` instead."""
        self.path = path
        self._claim = claim
        self._engine = engine
        self._reserve = reserve
        self._statements = compile_statements()
        self._connection: Connection = engine.connect()
        self._log = path.with_name(f"{path.name}-wal")
        self._commits_since_copied = COMMITS_BETWEEN
        self._goes_on_in_an_old_log = True
        self._head: ChainHead | None = None

    @classmethod
    def open(
        cls, path: Path, *, reserve: Ballast | None = None, open_file: OpenFile = sqlite3.connect
    ) -> Self:
        """Open a current database that nobody else has open, after checking all of it.

        Raises a DatabaseRefused that says why not, and leaves the file as it was. `reserve` is given up
        when a commit finds the disk full; `open_file` is `sqlite3.connect`, or stands for it.
        """
        claim = Claim(path)
        try:
            check_current(path)
            with _named(path, "opening it"):
                database = cls(path, claim, _engine(path, open_file), reserve)
        except BaseException:
            claim.release()
            raise
        try:
            with database._transaction("reading the journal's end", running=False) as connection:
                database._head = stored_head(connection)
        except BaseException:
            database._abandon()
            raise
        return database

    def close(self) -> None:
        """Bring everything into the main file and let it go; once is enough."""
        if self._connection.closed:
            return
        try:
            with _named(self.path, "closing it", running=True), closing(self._driver.cursor()) as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except DiskFull:
            pass  # the -wal file keeps what did not fit; the next session has it
        finally:
            self._abandon()

    # -- the automat

    def load(self, blank: Automat, fixtures: Mapping[str, Fixture]) -> Loaded:
        """Build the automat, in the journal's epoch, from a blank one and the boxes that were configured.

        A box without a row starts afresh; a row without a box is reported, and so is its opening.
        """
        with self._transaction("loading it", running=False) as connection:
            try:
                loaded = load_automat(connection, blank, fixtures, self._head)
                contradicted = contradiction(connection, loaded.automat)
            except (ValueError, TypeError, KeyError) as error:
                raise damaged(self.path, f"a row is not what it should be: {error}") from error
        if contradicted is not None:
            raise damaged(self.path, contradicted)
        return loaded

    def commit(
        self, changes: Sequence[Change], entries: Sequence[SealedEntry], seen: LastSeen | None = None
    ) -> None:
        """Write one decision in one durable transaction; on any error nothing of it was written.

        `seen`, if given, stands for any LastSeen among the changes. Raises JournalOutOfStep, DiskFull (also
        without the reserve) or DatabaseFailed.
        """
        head = self._follow(entries)
        self._check_pruned(changes, head)
        steps = self._steps(changes, entries, seen)
        self._write_with_room(steps)
        self._head = head
        self._commits_since_copied += 1
        if any(map(_takes_persons_away, changes)):
            self._reuse_log("TRUNCATE")  # the log holds what was deleted until then
        elif self._commits_since_copied > COMMITS_BETWEEN and self._log_is_long():
            self._reuse_log("PASSIVE")

    # -- the journal

    def begin_epoch(self, epoch: int) -> ChainHead:
        """Continue the journal's epoch or begin a later one; JournalOutOfStep for an earlier one."""
        if self._head is None or epoch > self._head.epoch:
            self._head = ChainHead(epoch, 0, NO_HASH)
        elif epoch < self._head.epoch:
            raise JournalOutOfStep(
                self.path, f"epoch {epoch} cannot begin: the journal is in epoch {self._head.epoch} already"
            )
        return self._head

    def head(self) -> ChainHead:
        """Return where the journal ends; JournalOutOfStep if it is empty and no epoch has begun."""
        if self._head is None:
            raise JournalOutOfStep(self.path, "the journal is empty; begin an epoch first")
        return self._head

    def journal_is_empty(self) -> bool:
        """Whether no epoch has begun yet."""
        return self._head is None

    def entries(self, epoch: int, first: int, limit: int) -> list[SealedEntry]:
        """Return at most `limit` entries of an epoch from number `first` on, in order."""
        journal = _JOURNAL.table
        query = select(journal).where(journal.c.epoch == epoch, journal.c.sequence >= first)
        return self._entries(query.order_by(journal.c.sequence).limit(limit))

    def payloads(self, epoch: int, first: int, limit: int) -> list[bytes]:
        """Return what `entries` would, only as it goes over the wire: an eighth of the work."""
        journal = _JOURNAL.table
        query = select(journal.c.payload).where(journal.c.epoch == epoch, journal.c.sequence >= first)
        with self._transaction("reading the journal") as connection:
            return list(connection.scalars(query.order_by(journal.c.sequence).limit(limit)))

    def entries_about(self, subject: str, limit: int) -> list[SealedEntry]:
        """Return the newest `limit` entries about one subject, oldest first."""
        journal = _JOURNAL.table
        return self._newest(select(journal).where(journal.c.subject == subject), limit)

    def latest(self, limit: int) -> list[SealedEntry]:
        """Return the newest `limit` entries, oldest first."""
        return self._newest(select(_JOURNAL.table), limit)

    def park(self, epoch: int, sequence: int, reason: str) -> None:
        """Note that the back office refuses an entry for ever; JournalOutOfStep if there is no such entry."""
        if not any(entry.sequence == sequence for entry in self.entries(epoch, sequence, 1)):
            raise JournalOutOfStep(self.path, f"entry {epoch}-{sequence} cannot be parked: there is none")
        put = self._statements.put[Parked]
        row = record_of(Parked).to_row(Parked(epoch, sequence, reason))
        self._write([(put.text, put.parameters(row))])

    def parked(self) -> list[Parked]:
        """Return the parked entries of every epoch in order."""
        with self._transaction("reading the parked entries") as connection:
            return sorted(all_of(connection, Parked), key=lambda entry: (entry.epoch, entry.sequence))

    # -- copies

    def backup(self, path: Path) -> None:
        """Copy the database to a new file, whole or not at all; DatabaseFailed if the file exists."""
        if path.exists():
            raise DatabaseFailed(self.path, f"not copied: {path} exists already; choose another name")
        with _named(self.path, f"copying it to {path}", running=True):
            copy_database(self._driver, path)

    @property
    def _driver(self) -> sqlite3.Connection:
        return cast("sqlite3.Connection", self._connection.connection.driver_connection)

    def _follow(self, entries: Sequence[SealedEntry]) -> ChainHead | None:
        """Return the head after these entries, which must be the next ones."""
        head = self._head
        for entry in entries:
            if head is None:
                raise JournalOutOfStep(self.path, "no epoch has begun; nothing was written")
            begins = (
                entry.kind == EntryKind.EPOCH_STARTED and entry.epoch > head.epoch and entry.sequence == 1
            )
            if not begins and (entry.epoch, entry.sequence) != (head.epoch, head.sequence + 1):
                raise JournalOutOfStep(
                    self.path,
                    f"entry {entry.epoch}-{entry.sequence} does not follow "
                    f"{head.epoch}-{head.sequence}; nothing was written",
                )
            head = entry.head
        return head

    def _check_pruned(self, changes: Sequence[Change], head: ChainHead | None) -> None:
        """Refuse to delete the newest entry, from which the chain goes on."""
        for change in changes:
            if isinstance(change, Pruned) and (
                head is None or (change.epoch, change.through) >= (head.epoch, head.sequence)
            ):
                raise JournalOutOfStep(
                    self.path, f"entry {change.epoch}-{change.through} is the newest; nothing was written"
                )

    def _steps(
        self, changes: Sequence[Change], entries: Sequence[SealedEntry], seen: LastSeen | None
    ) -> list[Step]:
        """Turn a decision into statements; DatabaseFailed for a value that no column can hold."""
        statements = self._statements
        steps: list[Step] = []
        if seen is not None:
            changes = [*(change for change in changes if not isinstance(change, LastSeen)), seen]
        try:
            for change in sorted(changes, key=_room_first):
                if isinstance(change, Forgotten):
                    steps.append((statements.forget[change.what].text, (change.key,)))
                elif isinstance(change, Pruned):
                    steps.append((statements.prune.text, (change.epoch, change.through)))
                else:
                    put = statements.put[type(change)]
                    steps.append((put.text, put.parameters(record_of(type(change)).to_row(change))))
            append = statements.append
            steps.extend((append.text, append.parameters(_JOURNAL.to_row(entry))) for entry in entries)
        except (ValueError, TypeError, KeyError) as error:
            raise DatabaseFailed(self.path, f"not written: {error!r}") from error
        return steps

    def _write_with_room(self, steps: list[Step]) -> None:
        """Write; if the disk is full, use the log's own room again, then the reserve."""
        try:
            self._write(steps)
        except DiskFull:
            self._reuse_log()
            try:
                self._write(steps)
            except DiskFull:
                if self._reserve is None or not self._reserve.give_up():
                    raise
                self._reuse_log()
                self._write(steps)

    def _log_is_long(self) -> bool:
        try:
            return self._log.stat().st_size >= LOG_BYTES
        except FileNotFoundError:
            return False

    def _reuse_log(self, kind: Copying = "RESTART") -> None:
        self._commits_since_copied = 0
        self._copy_log(kind)

    def _copy_log(self, kind: Copying) -> None:
        """Copy the -wal file over as far as there is room, so that it is written from its start again."""
        with suppress(DiskFull), _named(self.path, "copying its log over", running=True):
            # What did not fit stays in the log; a device that fails is told of.
            self._driver.execute(f"PRAGMA wal_checkpoint({kind})").fetchall()

    def _write(self, steps: list[Step]) -> None:
        if self._goes_on_in_an_old_log:
            # A power cut may have kept a commit and not the sector that was to end it. What is written right
            # behind it would share its last sector, and take it away at the next power cut.
            self._copy_log("RESTART")
            self._goes_on_in_an_old_log = False
        with self._transaction("a transaction") as connection:
            for text, parameters in steps:
                connection.exec_driver_sql(text, parameters)

    @contextmanager
    def _transaction(self, doing: str, *, running: bool = True) -> Iterator[Connection]:
        """Run a block in one transaction; every error leaves none open and nothing written."""
        with _named(self.path, doing, running=running):
            try:
                with self._connection.begin():
                    yield self._connection
            except BaseException:
                if self._driver.in_transaction:  # a COMMIT that fails may leave the transaction open
                    self._driver.rollback()
                raise

    def _entries(self, query: Select[tuple[object, ...]]) -> list[SealedEntry]:
        with self._transaction("reading the journal") as connection:
            rows = connection.execute(query).mappings().all()
        entries = []
        for row in rows:
            try:
                entries.append(_JOURNAL.from_row(row))
            except (ValueError, TypeError, KeyError) as error:
                name = f"{row['epoch']}-{row['sequence']}"
                raise damaged(self.path, f"entry {name} of the journal cannot be read: {error}") from error
        return entries

    def _newest(self, query: Select[tuple[object, ...]], limit: int) -> list[SealedEntry]:
        journal = _JOURNAL.table
        newest_first = query.order_by(journal.c.epoch.desc(), journal.c.sequence.desc()).limit(limit)
        return self._entries(newest_first)[::-1]

    def _abandon(self) -> None:
        """Let go of the file as it is."""
        self._connection.close()
        self._engine.dispose()
        self._claim.release()


_JOURNAL = record_of(SealedEntry)


def _engine(path: Path, open_file: OpenFile) -> Engine:
    """Make an engine over one connection that has the file to itself from the first moment."""

    def connect() -> sqlite3.Connection:
        driver = open_file(
            address_of(path),
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_S,
            cached_statements=64,
        )
        try:
            for pragma in PRAGMAS:
                driver.execute(pragma).fetchall()
            # The first transaction takes the locks that the locking mode then keeps.
            driver.execute("BEGIN IMMEDIATE")
            driver.execute("COMMIT")
        except BaseException:
            driver.close()
            raise
        return driver

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


@contextmanager
def _named(path: Path, doing: str, *, running: bool = False) -> Iterator[None]:
    """Turn whatever the libraries raise into an error that names the file and what was being done."""
    try:
        yield
    except DatabaseError:
        raise
    except (SQLAlchemyError, sqlite3.Error, OSError, UnicodeError, OverflowError) as error:
        cause = str(getattr(error, "orig", None) or error)
        if not running and cause.startswith(("no such table", "no such column", "malformed")):
            raise damaged(path, cause) from error  # its revision is ours, so its schema should be
        raise failure(path, error, doing=doing, running=running) from error


def _room_first(change: Change) -> int:
    """What leaves a compartment is written before what enters it: its uniqueness is checked at once."""
    if isinstance(change, Forgotten):
        return 0
    return 1 if isinstance(change, Parcel) and not change.inside else 2


def _takes_persons_away(change: Change) -> bool:
    """Whether what is deleted could tell of a person, so that no byte of it may stay."""
    return isinstance(change, Pruned) or (
        isinstance(change, Forgotten) and change.what in (Parcel, Credential, Seen, Incident)
    )
