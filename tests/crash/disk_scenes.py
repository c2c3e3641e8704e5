"""Decisions and work on files, each played on a disk of which one operation fails."""

import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from locker.db.errors import DamagedDatabase, DatabaseError, DatabaseFailed, DiskFull
from locker.db.loading import Loaded
from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.domain.automat import Automat
from locker.domain.events import Event
from locker.domain.intents import Tone
from locker.domain.journal import NO_HASH, ChainHead
from locker.domain.messages import Message
from locker.domain.times import Now
from locker.engine import Engine
from tests.crash import vfs
from tests.crash.compiled import Climbed
from tests.crash.days import (
    BACKUP,
    DATABASE,
    OLD_DATABASE,
    PRIVATE_KEY,
    rows,
)
from tests.crash.files_left import harvest, left_log, lengthen_log, plant
from tests.crash.script import Script
from tests.crash.vfs import Failing, Kind, Refusal

CHANGES = (Kind.OPEN, Kind.WRITE, Kind.TRUNCATE, Kind.SYNC, Kind.SYNC_DIRECTORY, Kind.DELETE)

Make = Callable[[int | None], Failing]
MODES: dict[str, Make] = {
    "eio-once": lambda n: Failing(n, kinds=CHANGES),
    "eio-for-ever": lambda n: Failing(n, kinds=CHANGES, for_ever=True),
    "torn-once": lambda n: Failing(n, kinds=(Kind.WRITE,), written_bytes=100),
    "full-once": lambda n: Failing(n, kinds=(Kind.WRITE,), code=vfs.FULL),
    "full-for-ever": lambda n: Failing(n, kinds=(Kind.WRITE,), code=vfs.FULL, for_ever=True),
}
READING: dict[str, Make] = {
    "unread-once": lambda n: Failing(n, kinds=(Kind.READ,)),
    "unread-for-ever": lambda n: Failing(n, kinds=(Kind.READ,), for_ever=True),
}
"""Where files are read from the disk at all: at the start."""


class Armed:
    """Asks a hook only while the critical part is under way."""

    def __init__(self, hook: Failing) -> None:
        self.hook = hook
        self.on = False

    def __call__(self, call: vfs.Call) -> Refusal | None:
        """Let it pass, or ask."""
        return self.hook(call) if self.on else None


class Doors:
    """The hardware: keeps what it was told."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def unlock(self, compartment: str, number: int) -> None:
        """Pulse."""
        self.log.append(f"unlock {compartment} {number}")

    def try_lock(self, compartment: str, number: int) -> None:
        """Pulse."""
        self.log.append(f"try {compartment} {number}")

    def stop_trying(self) -> None:
        """No more."""
        self.log.append("stop")

    def show(self, keypad: str, message: Message) -> None:
        """Show."""
        self.log.append(f"show {keypad} {message.text}")

    def sound(self, keypad: str, tone: Tone) -> None:
        """Sound."""
        self.log.append(f"sound {keypad} {tone}")

    def tick(self, keypad: str, *, on: bool) -> None:
        """Tick."""
        self.log.append(f"tick {keypad} {on}")

    def lamp_test(self, keypad: str, *, display: bool, sounder: bool) -> None:
        """Light."""
        self.log.append(f"lamps {keypad} {display} {sounder}")


@dataclass(frozen=True, slots=True)
class Instant:
    """A clock that stands."""

    value: Now
    recheck_s: float = 1.0

    def now(self) -> Now:
        """Read both clocks."""
        return self.value


@dataclass(frozen=True)
class Decided:
    """One decision of a day: what there was before it, and the rows before and after."""

    name: str
    files: dict[str, bytes]
    automat: Automat
    head: ChainHead
    event: Event
    now: Now
    before: str
    after: str
    modes: Iterable[str] = tuple(MODES)
    prepare: Callable[[Database], None] | None = None
    """What the session has done before; the rows are the same after it."""

    def play(self, root: Path, failing: Failing) -> Iterator[str]:
        """Take the decision with a failing disk, then start anew; give what is wrong."""
        plant(root, self.files)
        armed, doors = Armed(failing), Doors()
        error: BaseException | None = None
        told_at_close = False
        with vfs.installed(armed):
            database = Database.open(root / DATABASE)
            if self.prepare:
                self.prepare(database)
            engine = self._engine(database, doors)
            armed.on = True
            try:
                drive(engine.take(self.event))
            except DatabaseError as raised:
                error = raised
            # A stranger's error would end the process as well, but says nothing of the disk.
            except Exception as raised:  # noqa: BLE001
                yield f"{raised!r} instead of an error of the database"
                error = raised
            if error is None and not durable_at(root, engine.head):
                yield "committed and not to be read"
            if isinstance(error, DiskFull):
                armed.on = False
                yield from self._goes_on(database, engine, doors)
            elif error is not None:
                yield from self._undone(engine, doors)
            try:
                database.close()
            except DatabaseFailed:
                told_at_close = True
        found = restarted(root, self.automat)
        if error is None and failing.failed and not told_at_close and silent(failing):
            yield f"{silent(failing)} failed in silence"
        fitting = {self.after} if error is None or isinstance(error, DiskFull) else {self.before, self.after}
        if found not in fitting:
            yield f"the next start finds neither: {found}"

    def _engine(self, database: Database, doors: Doors) -> Engine:
        return Engine(
            self.automat,
            self.head,
            clock=Instant(self.now),
            hardware=doors,
            ledger=database,
            sign=PRIVATE_KEY.sign,
            run_blocking=inline,
        )

    def _undone(self, engine: Engine, doors: Doors) -> Iterator[str]:
        if doors.log:
            yield f"intents were started without their commit: {doors.log}"
        if engine.automat is not self.automat or engine.head != self.head:
            yield "the state went on without its commit"

    def _goes_on(self, database: Database, engine: Engine, doors: Doors) -> Iterator[str]:
        """A full disk left nothing behind; with room again the same session takes the decision."""
        yield from self._undone(engine, doors)
        if rows(database._driver) != self.before:
            yield "a full disk left something of the decision"
        drive(engine.take(self.event))


@dataclass(frozen=True)
class Work:
    """A piece of work on files: what it may leave, and what a second attempt must reach."""

    name: str
    files: dict[str, bytes]
    begin: Callable[[Path], Callable[[], None]]
    fitting: Callable[[Path], str | None]
    reads: bool = False
    slow: bool = False

    @property
    def modes(self) -> Iterable[str]:
        """How an operation fails in this scene."""
        if self.slow:
            return ("eio-once", "eio-for-ever", "full-for-ever")
        return READING if self.reads else MODES

    def play(self, root: Path, failing: Failing) -> Iterator[str]:
        """Work with a failing disk, look, work again with a sound one; give what is wrong."""
        plant(root, self.files)
        armed = Armed(failing)
        error: BaseException | None = None
        with vfs.installed(armed, reads=self.reads):
            try:
                act = self.begin(root)
                armed.on = True
                act()
            except DatabaseError as raised:
                error = raised
            except Exception as raised:  # noqa: BLE001 - see above
                yield f"{raised!r} instead of an error of the database"
            armed.on = False
        if isinstance(error, DamagedDatabase):
            yield f"a device that fails is taken for damage: {error}"
        if error is None and failing.failed and silent(failing):
            yield f"{silent(failing)} failed in silence"
        if (problem := self.fitting(root)) is not None:
            yield problem


def silent(failing: Failing) -> str:
    """Name an operation that failed with EIO and of which somebody must be told."""
    if failing._code is not None:
        return ""  # of a full disk SQLite and the session may find a way around
    for call in failing.failed:
        place = Path(call.path).name
        if call.kind is Kind.SYNC_DIRECTORY or call.kind is Kind.DELETE:
            continue  # as of a file that is gone already: the name is found again, and deleted, at the start
        return f"{call.kind} of {place}"
    return ""


def durable_at(root: Path, head: ChainHead) -> bool:
    """Tell whether the log or the file has the newest entry; both are locked, so their bytes are searched."""
    content = b"".join(file.read_bytes() for file in root.glob(f"{DATABASE}*") if file.is_file())
    return head.hash == NO_HASH or head.hash.encode() in content


@cache
def _proved() -> set[str]:
    """Give the contents from which an automat was built already: it would be the same one."""
    return set()


@cache
def _climbed() -> Climbed:
    """Give what was migrated on a sound disk already."""
    return Climbed()


def restarted(root: Path, automat: Automat) -> str:
    """Start on what is there, as the daemon does; return the rows that it finds."""
    with closing(Database.open(root / DATABASE)) as database:
        found = rows(database._driver)
        if found in _proved():
            return found
        loaded = load(database, automat)
        if (
            loaded.automat.journal_end != automat.journal_end
            and not loaded.automat.parcels
            and automat.parcels
        ):
            return "an empty automat"
        _proved().add(found)
        return found


def load(database: Database, automat: Automat) -> Loaded:
    """Build the automat from what the database holds, with the boxes that this one has."""
    return database.load(automat, {label: box.fixture for label, box in automat.compartments.items()})


def drive(work: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine that waits for nothing but its turn."""
    with suppress(StopIteration):
        while True:
            work.send(None)


async def inline(work: Callable[[], None]) -> None:
    """Do the writer's work here."""
    work()


# -- the scenes


def scenes(root: Path) -> list[Decided | Work]:
    """Build every scene below an empty directory."""
    found: list[Decided | Work] = list(decisions(root / "day"))
    last = found[-1]
    if not isinstance(last, Decided):
        raise TypeError("a day ends with a decision")
    log = log_left(root / "log", last)
    content, automat = last.after, last.automat
    same = partial(starts_with, content, automat)
    return [
        *found,
        replace(last, name="checkpoint", prepare=lengthen_log),
        replace(last, name="old-log", files=left_log(root / "left", last.files)),
        Work("open", log, opening(automat), same),
        Work("open-reading", log, opening(automat), same, reads=True),
        Work("close", log, closing_it, same),
        Work("backup", last.files, backing_up, partial(backed_up, last.before)),
        Work(
            "migrate",
            old_database(root / "old"),
            migrating,
            partial(migrates, reached(root / "reached")),
            slow=True,
        ),
        Work("create", {}, migrating, partial(migrates, reached(root / "made", old=False)), slow=True),
    ]


def decisions(root: Path) -> Iterator[Decided]:
    """Live through the day; give the first decision of each kind."""
    root.mkdir()
    ensure_current(root / DATABASE)
    script = Script()
    wanted = dict.fromkeys(script.critical())
    with closing(Database.open(root / DATABASE)) as database:
        head = database.begin_epoch(1)
    database = Database.open(root / DATABASE)
    database.begin_epoch(1)
    for place, scene in enumerate(script.scenes):
        if not scene.decision.durable:
            continue
        before, files, old_head = "", {}, head
        automat = replace(scene.automat, epoch=head.epoch)
        if place in wanted:
            before = rows(database._driver)
            database.close()
            files = harvest(root)
            database = Database.open(root / DATABASE)
            database.begin_epoch(1)
        engine = Engine(
            automat,
            head,
            clock=Instant(scene.now),
            hardware=Doors(),
            ledger=database,
            sign=PRIVATE_KEY.sign,
            run_blocking=inline,
        )
        drive(engine.take(scene.event))
        head = engine.head
        if place in wanted:
            after = rows(database._driver)
            name = f"{place}-{scene.name}"
            yield Decided(name, files, automat, old_head, scene.event, scene.now, before, after)
    database.close()


def taken(root: Path, decided: Decided) -> Database:
    """Take a decision on a sound disk; the database is left open."""
    root.mkdir()
    plant(root, decided.files)
    database = Database.open(root / DATABASE)
    drive(decided._engine(database, Doors()).take(decided.event))
    return database


def log_left(root: Path, decided: Decided) -> dict[str, bytes]:
    """Leave a log behind, as a power cut does."""
    with closing(taken(root, decided)):
        return harvest(root)


def opening(automat: Automat) -> Callable[[Path], Callable[[], None]]:
    """Open, load and close, from the first look at the file on."""

    def begin(root: Path) -> Callable[[], None]:
        def act() -> None:
            with closing(Database.open(root / DATABASE)) as database:
                load(database, automat)

        return act

    return begin


def closing_it(root: Path) -> Callable[[], None]:
    """Close what is open: the log is copied over and emptied."""
    return Database.open(root / DATABASE).close


def backing_up(root: Path) -> Callable[[], None]:
    """Copy an open database, then close it."""
    database = Database.open(root / DATABASE)

    def act() -> None:
        try:
            database.backup(root / BACKUP)
        finally:
            database.close()

    return act


def migrating(root: Path) -> Callable[[], None]:
    """Make or migrate the file."""

    def act() -> None:
        ensure_current(root / DATABASE)

    return act


def old_database(root: Path) -> dict[str, bytes]:
    """A database of the first version."""
    root.mkdir()
    with closing(sqlite3.connect(root / DATABASE)) as connection:
        connection.executescript(OLD_DATABASE.read_text())
    return harvest(root)


def reached(root: Path, *, old: bool = True) -> str:
    """What a file must hold in the end."""
    if old:
        plant_into = old_database(root)
        del plant_into
    else:
        root.mkdir()
    ensure_current(root / DATABASE)
    return content_of(root / DATABASE)


# -- what may be left


def starts_with(content: str, automat: Automat, root: Path) -> str | None:
    """Everything is there at the next start."""
    found = restarted(root, automat)
    return None if found == content else "the next start finds other rows"


def backed_up(content: str, root: Path) -> str | None:
    """A copy is whole or not there; the original is as it was."""
    if content_of(root / DATABASE) != content:
        return "the original has changed"
    copy = root / BACKUP
    if copy.exists() and content_of(copy) != content:
        return "the copy is not whole"
    return "a part of a copy was left" if list(root.glob("*.partial")) and copy.exists() else None


def migrates(content: str, root: Path) -> str | None:
    """The next attempt, on a sound disk, reaches the end, from wherever this one stopped."""
    with _climbed().known():
        outcome = ensure_current(root / DATABASE)
    if content_of(root / DATABASE) != content:
        return f"the next attempt ({outcome}) reaches other rows"
    return None


def content_of(path: Path) -> str:
    """Read the rows of a database that nobody has open."""
    with closing(sqlite3.connect(path)) as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return "damaged"
        return rows(connection)
