"""Days in the life of an automat, recorded: real decisions, committed by the daemon's own database session.

On each day the power cuts are of another kind: a first start, a log that is copied over and begun again,
what is over being forgotten, a start after a power cut, a migration.
"""

import marshal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from locker.clock import Sources, SystemClock
from locker.db import session
from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.disk import Ballast
from locker.domain.automat import Decision
from locker.domain.codes import Code
from locker.domain.commands import ReplaceCode
from locker.domain.events import Event, JournalAcknowledged, PartLost, PartRestored, Started
from locker.domain.journal import SealedEntry, seal
from locker.domain.rules import Rules
from locker.domain.times import Now
from locker.hardware.wiring_map import WiringMap, write_map
from locker.keys import CODE_KEY as CODE_KEY_FILE
from locker.keys import DEVICE_KEY, ENROLMENT, initialise, next_epoch
from locker.starts import Starts
from tests.crash.recording import Recorder, Recording, plant, tree
from tests.unit.domain.stand import CODE_KEY, IDENTITY, MONDAY, Stand

DATABASE = "locker.db"
KEYS = "secrets/keys"  # in a directory that is made with them
BALLAST = "ballast"
ANCHOR = "powered-time"
MAP = "wiring.json"
STARTS = "starts"
BACKUP = "locker.db.copy"
BACKUP_BEFORE_MIGRATION = "locker.db.backup-0001"
OLD_DATABASE = Path(__file__).parents[1] / "migrations" / "old" / "busy-0001.sql"

ROWS = "rows"
"""What the database holds, as a subject; the others are named like their files."""
EPOCH = "epoch"

BALLAST_BYTES = 16 * 1024
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a directory of its own is made there
"""Where states are built: nothing here waits for a disk."""
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
RULES = Rules(heartbeat_s=86_400.0, retention_days=1)
SHORT_LOG_BYTES = 200 * 4120
"""The log is copied over when it is so long: a fifth of what the daemon lets it grow to."""


class Day(Stand):
    """The test stand, whose decisions are sealed and committed as the engine does it."""

    def __init__(self, database: Database, recorder: Recorder, *, later: timedelta = timedelta()) -> None:
        """Start the automat on what its database holds."""
        self._database: Database | None = None
        super().__init__(RULES)
        self.now = Now(self.now.wall_at + later, self.now.trust, self.now.powered_s + later.total_seconds())
        self.head = database.head()
        blank = replace(self.blank, epoch=self.head.epoch, journal_end=self.head.sequence)
        self.automat = database.load(blank, {box.label: box for box in self.boxes}).automat
        self.commands = 1_000 * self.head.sequence  # the ids of earlier commands are not used again
        self._database = database
        self._recorder = recorder
        self.do(Started(dict(self.doors), new_epoch=self.head.sequence == 0))

    def do(self, event: Event) -> Decision:
        """Decide one event; commit what it changed, and promise that it is durable then."""
        decision = super().do(event)
        if self._database is None or not decision.durable:
            return decision
        sealed: list[SealedEntry] = []
        for entry in decision.entries:
            automat_id = self.automat.identity.automat_id
            sealed.append(seal(entry, self.head, self.now, automat_id=automat_id, sign=PRIVATE_KEY.sign))
            self.head = sealed[-1].head
        with self._recorder.promising(ROWS, by_sqlite=True) as value:
            self._database.commit(decision.changes, sealed)
            value.text = rows(self._database._driver)
        return decision

    def serve(self, number: int) -> None:
        """Let a parcel come, its code be replaced, and be collected after a wrong code."""
        tracking_id, code = f"JJFI6543211000{number:07d}", f"{200_000 + number}"
        self.deliver(tracking_id, "024204")
        assert self.command(ReplaceCode(tracking_id, CODE_KEY.tag(Code(code)))) is None
        self.press(f"C 9999 OK C {code} OK")
        self.opens_and_shuts()
        self.wait(600)

    def bustle(self, dice: Random) -> None:
        """Let something happen that may happen in any state."""
        match dice.randrange(4):
            case 0:
                self.announce(f"JJFI6543211002{dice.randrange(10**7):07d}", f"{dice.randrange(10**6):06d}")
            case 1:
                self.press("C 9999 OK C")
            case 2:
                self.do(PartLost("board A", "silent"))
                self.do(PartRestored("board A"))
            case 3:
                self.wait(900)

    def acknowledged(self) -> None:
        """Let the back office hold all there is."""
        self.do(JournalAcknowledged(self.head.epoch, self.head.sequence))


def creation(root: Path, dice: Random) -> Recording:
    """The keys and an empty database, where there was nothing."""
    recorder = Recorder(root, dice)
    recorder.know(KEYS, None)
    recorder.know(ROWS, rows_after(ensure_current, {}))
    with recorder.recording():
        with recorder.promising(KEYS) as keys:
            initialise(root / KEYS, IDENTITY.automat_id)
            keys.text = secrets_of(root / KEYS)
        ensure_current(root / DATABASE)
    return recorder.result("creation")


def first_start(root: Path, dice: Random) -> Recording:
    """A stay in safe mode, the reserve, an epoch, powered time; parcels, the wiring proved twice, a copy."""
    recorder = Recorder(root, dice)
    initialise(root / KEYS, IDENTITY.automat_id)
    ensure_current(root / DATABASE)
    recorder.know(KEYS, secrets_of(root / KEYS))
    recorder.know(EPOCH, "0")
    for subject in (MAP, ANCHOR, BACKUP, STARTS):
        recorder.know(subject, None)
    recorder.know(ROWS, rows_after(None, tree(root)))
    boot = iter(range(100, 1_000))
    sources = Sources(MONDAY.timestamp, lambda: float(next(boot)), "boot-1", lambda: True)
    reserve = Ballast(root / BALLAST, BALLAST_BYTES)
    with recorder.recording():
        starts = Starts(root / STARTS, 5, 600.0, lambda: 1.0, "boot-1")
        starts.begin()
        with recorder.promising(STARTS, "crash-loop"):
            starts.enter("crash-loop", "five times")
        reserve.make()
        with opened(root / DATABASE, reserve) as database:
            with recorder.promising(EPOCH, "1"):
                database.begin_epoch(next_epoch(root / KEYS))
            with recorder.promising(ANCHOR, returns=False) as anchor:
                clock = SystemClock(root / ANCHOR, 0.0, sources)
                anchor.text = (root / ANCHOR).read_text()
            day = Day(database, recorder)
            with recorder.promising(STARTS):
                starts.told()
            day.serve(1)
            for technician in ("t-1", "t-2"):
                proof = _proved_by(technician)
                with recorder.promising(MAP, proof.hash):
                    write_map(root / MAP, proof)
                with recorder.promising(ANCHOR, returns=False) as anchor:
                    clock.anchor()
                    anchor.text = (root / ANCHOR).read_text()
            with recorder.promising(BACKUP, rows(database._driver)):
                database.backup(root / BACKUP)
            day.serve(2)
    return recorder.result("first-start")


def busy_day(root: Path, dice: Random) -> Recording:
    """Pick-ups until the log is copied over and begun again, twice; no end but a power cut."""
    recorder = _in_service(root, dice)
    with recorder.recording(), opened(root / DATABASE) as database:
        day = Day(database, recorder)
        for number in range(1, 9):
            day.serve(number)
        recorder.stop()
    return recorder.result("busy-day")


def forgetting(root: Path, dice: Random) -> Recording:
    """What is over is forgotten and the log emptied at once; an end, another start, another end."""
    recorder = _in_service(root, dice)
    with recorder.recording():
        with opened(root / DATABASE) as database:
            day = Day(database, recorder)
            for number in range(1, 5):
                day.serve(number)
                day.drop_off(f"JJFI6543211001{number:07d}", f"{500_000 + number}")
            day.acknowledged()
            day.wait(3 * 86_400.0)
            day.acknowledged()
            day.wait(86_400.0)
        with opened(root / DATABASE) as database:
            Day(database, recorder, later=timedelta(days=6)).serve(9)
    return recorder.result("forgetting")


def full_disk(root: Path, dice: Random) -> Recording:
    """The log's own room is used again, as a commit does that found no other; the reserve is given up."""
    recorder = _in_service(root, dice)
    reserve = Ballast(root / BALLAST, BALLAST_BYTES)
    reserve.make()
    with recorder.recording(), opened(root / DATABASE, reserve) as database:
        day = Day(database, recorder)
        for number in range(1, 4):
            day.serve(number)
            database._reuse_log()
        reserve.give_up()
        database._reuse_log()
        day.serve(4)
        reserve.make()
        day.serve(5)
    return recorder.result("full-disk")


def after_a_cut(root: Path, dice: Random, left: Mapping[str, bytes | None], name: str) -> Recording:
    """The start on what a power cut has left, and work that goes on in its log."""
    recorder = Recorder(root, dice)
    recorder.know(ROWS, rows_after(ensure_current, left))
    plant(root, left)
    with recorder.recording(), opened(root / DATABASE) as database:
        day = Day(database, recorder, later=timedelta(days=1))
        for _ in range(dice.randrange(5, 40)):
            day.bustle(dice)
        if dice.random() < 0.5:
            recorder.stop()
    return recorder.result(name)


def migration(root: Path, dice: Random) -> Recording:
    """The oldest database, whose last commit stands in its log only, brought up to this version."""
    recorder = Recorder(root, dice)
    left = _long_ago()
    recorder.know(ROWS, rows_after(ensure_current, left))
    recorder.know(BACKUP_BEFORE_MIGRATION, None)
    plant(root, left)
    with recorder.recording():
        # It is asked for again after a power cut, unless the migration has begun: the check looks at both.
        with recorder.promising(BACKUP_BEFORE_MIGRATION, rows_after(None, left), returns=False):
            ensure_current(root / DATABASE)
        with opened(root / DATABASE):
            pass
    return recorder.result("migration")


DAYS: Mapping[str, Callable[[Path, Random], Recording]] = {
    "creation": creation,
    "first-start": first_start,
    "busy-day": busy_day,
    "forgetting": forgetting,
    "full-disk": full_disk,
    "migration": migration,
}


@contextmanager
def opened(path: Path, reserve: Ballast | None = None) -> Iterator[Database]:
    """Open a database as the daemon does, and close it; its log is short."""
    with patch.object(session, "LOG_BYTES", SHORT_LOG_BYTES):
        database = Database.open(path, reserve=reserve)
        try:
            yield database
        finally:
            database.close()


def rows(connection: sqlite3.Connection) -> str:
    """Return what tells one content of a database from another: every row and the schema."""
    digest = blake2b(digest_size=16)
    tables = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    for name, sql in tables.fetchall():
        found = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - the name is the schema's own
        # The second version of the format writes equal things alike.
        digest.update(marshal.dumps((name, sql, found.fetchall()), 2))
    return digest.hexdigest()


def rows_after(prepare: Callable[[Path], object] | None, left: Mapping[str, bytes | None]) -> str:
    """Return the rows of the database among these files, on a copy, once it is prepared."""
    with TemporaryDirectory(dir=SCRATCH) as name:
        path = Path(name) / "copy" / DATABASE
        plant(path.parent, left)
        if prepare is not None:
            prepare(path)
        with closing(sqlite3.connect(path)) as connection:
            return rows(connection)


def secrets_of(directory: Path) -> str:
    """Return what tells one set of keys from another; FileNotFoundError for a set that is not whole."""
    digest = blake2b(digest_size=16)
    for name in (DEVICE_KEY, CODE_KEY_FILE, ENROLMENT):
        digest.update((directory / name).read_bytes() + b"\0")
    return digest.hexdigest()


def _in_service(root: Path, dice: Random) -> Recorder:
    """Leave an automat's database that was in service and ended well; what comes is to be recorded."""
    recorder = Recorder(root, dice)
    ensure_current(root / DATABASE)
    with opened(root / DATABASE) as database:
        database.begin_epoch(1)
        Day(database, Recorder(root, dice))
        recorder.know(ROWS, rows(database._driver))
    return recorder


def _long_ago() -> dict[str, bytes | None]:
    """Return the files of a database of the first revision, as a power cut left them after a commit."""
    with (
        TemporaryDirectory(dir=SCRATCH) as name,
        closing(sqlite3.connect(Path(name) / DATABASE, isolation_level=None)) as connection,
    ):
        connection.executescript(OLD_DATABASE.read_text())
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("UPDATE attempts SET tokens = tokens - 1")
        return tree(Path(name))


def _proved_by(technician: str) -> WiringMap:
    return WiringMap(
        automat_id=IDENTITY.automat_id,
        written_at=MONDAY,
        user="maija (1000)",
        technician=technician,
        boards={},
        doors={},
    )
