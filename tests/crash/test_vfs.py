"""The VFS before SQLite's own: it is asked, it is obeyed, and it leaves nothing behind."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.crash import vfs
from tests.crash.vfs import Call, Failing, Kind, Refusal, installed

pytestmark = pytest.mark.skipif(vfs.why_not() is not None, reason=str(vfs.why_not()))


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    return connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one table and no row."""
    with closing(connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t (x)")
    return tmp_path / "a.db"


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])


def test_a_hook_hears_of_everything_and_after_the_block_of_nothing(path: Path) -> None:
    heard: list[Call] = []
    with installed(heard.append), closing(connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    assert {call.kind for call in heard} == set(Kind) - {Kind.READ}
    assert {Path(call.path).name for call in heard if call.kind is Kind.WRITE} == {"a.db", "a.db-wal"}
    count = len(heard)
    assert rows(path) == 1
    assert len(heard) == count


@pytest.mark.parametrize(
    ("kind", "name"), [(Kind.WRITE, "SQLITE_IOERR_WRITE"), (Kind.SYNC, "SQLITE_IOERR_FSYNC")]
)
def test_what_is_refused_is_not_done_and_sqlite_says_why(path: Path, kind: Kind, name: str) -> None:
    failing = Failing(0, kinds=[kind], for_ever=True)
    with installed(failing), closing(connect(path)) as connection:
        with pytest.raises(sqlite3.OperationalError) as told:
            connection.execute("INSERT INTO t VALUES (1)")
        assert told.value.sqlite_errorname == name
    assert failing.failed
    assert rows(path) == 0


def test_once_means_once_and_a_full_disk_says_so(path: Path) -> None:
    with installed(Failing(0, kinds=[Kind.WRITE], code=vfs.FULL)), closing(connect(path)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="full"):
            connection.execute("INSERT INTO t VALUES (1)")
        connection.execute("INSERT INTO t VALUES (2)")
    assert rows(path) == 1


def test_part_of_a_refused_write_may_be_done(path: Path) -> None:
    log = path.with_name("a.db-wal")
    failing = Failing(2, kinds=[Kind.WRITE], written_bytes=100)  # after the log's and the frame's header
    with installed(failing), closing(connect(path)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("INSERT INTO t VALUES (1)")
        assert log.stat().st_size == 32 + 24 + 100


def test_reads_are_asked_for_on_demand(path: Path) -> None:
    with installed(Failing(None), reads=True), closing(connect(path)) as connection:
        connection.execute("SELECT * FROM t").fetchall()
    failing = Failing(0, kinds=[Kind.READ], for_ever=True)
    with installed(failing, reads=True), pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(path)
    with installed(failing):
        assert rows(path) == 0


def test_what_a_hook_raises_comes_out_of_the_block(path: Path) -> None:
    def fail(call: Call) -> Refusal | None:
        raise LookupError(call.path)

    with pytest.raises(LookupError, match=r"a\.db"), installed(fail):
        connect(path)


def test_a_database_that_is_left_open_is_told_and_can_still_be_closed(path: Path) -> None:
    connection = None
    with pytest.raises(RuntimeError, match=r"still open.*a\.db"), installed(Failing(None)):
        connection = connect(path)
    assert connection is not None
    connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    assert rows(path) == 1


def test_with_dice_the_salts_of_the_log_are_the_same_again(tmp_path: Path) -> None:
    def salted(name: str, seed: int) -> bytes:
        path = tmp_path / name
        with installed(Failing(None), dice=Random(seed)), closing(connect(path)) as connection:
            connection.execute("CREATE TABLE t (x)")
            return path.with_name(f"{name}-wal").read_bytes()

    assert salted("one", 1) == salted("two", 1) != salted("three", 2)
