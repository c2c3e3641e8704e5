"""What the bench is made of: the played board, the counted commits, the bare imports, the counting."""

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from bench.automats import write_journal
from bench.counter import Counter
from bench.disk import Disk
from bench.imports import bare_imports
from bench.player import OPEN_FOR_READS, Board
from locker.db.session import Database
from locker.domain.journal import NO_HASH, ChainHead, check

READ_ALL = bytes((0x80, 0x01, 0x00, 0x33, 0x80 ^ 0x01 ^ 0x33))
UNLOCK_2 = bytes((0x8A, 0x01, 0x02, 0x11, 0x8A ^ 0x01 ^ 0x02 ^ 0x11))


def test_the_played_board_opens_a_pulsed_door_for_some_reads() -> None:
    near, far = socket.socketpair()
    with near, far:
        board = Board(far.fileno())
        answers = []
        for request in (UNLOCK_2, *[READ_ALL] * (OPEN_FOR_READS + 1)):
            near.send(request)
            frames = board.hear()
            assert frames == [request]
            board.answer(frames[0])
            answers.append(near.recv(100))
    assert answers[0][:4] == b"\x8a\x01\x02\x00"
    doors = [answer[2:-2][-1] for answer in answers[1:]]
    assert doors == [0b11111101] * OPEN_FOR_READS + [0b11111111]


def test_half_a_request_waits_for_its_other_half() -> None:
    near, far = socket.socketpair()
    with near, far:
        board = Board(far.fileno())
        near.send(READ_ALL[:2])
        assert board.hear() == []
        near.send(READ_ALL[2:])
        assert board.hear() == [READ_ALL]


def test_every_commit_is_counted_however_it_was_sent(tmp_path: Path) -> None:
    disk = Disk(fsync_s=0.0)
    with closing(sqlite3.connect(tmp_path / "some.db", isolation_level=None)) as connection:
        disk.attach(connection)
        connection.execute("CREATE TABLE some (thing)")
        for end in (lambda: connection.execute("COMMIT"), connection.commit):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO some VALUES (1)")
            end()
    assert disk.commits == 2


def test_the_journal_is_of_really_sealed_entries(tmp_path: Path) -> None:
    path = tmp_path / "automat.db"
    write_journal(path, automat_id="a", sign=lambda message: message[:64], count=12)
    database = Database.open(path)
    entries = database.entries(1, 1, 100)
    database.close()
    head = ChainHead(1, 0, NO_HASH)
    for entry in entries:
        checked = check(entry.payload, head, lambda message, signature: signature == message[:64])
        assert isinstance(checked, ChainHead)
        head = checked
    assert head.sequence == 12


def test_the_counter_ends_when_the_last_entry_has_come_with_all_before_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counter = Counter(Client(CallbackAPIVersion.VERSION2), 3)
    for sequence in (1, 3, 3, 2, 2):
        assert capsys.readouterr().out == ""
        counter.take("automats/a/journal", b'{"sequence":"%012d"}' % sequence)
        if sequence == 2:
            break
    assert capsys.readouterr().out.startswith("automats/a/journal ")
    counter.take("automats/a/journal", b'{"sequence":"000000000003"}')
    assert capsys.readouterr().out == ""


async def test_the_bare_imports_are_those_of_the_daemon_and_none_of_its_own() -> None:
    program = await bare_imports()
    statements = program.splitlines()
    assert "import aiomqtt" in statements
    assert "import serial" in statements
    assert not [
        line for line in statements if line.startswith(("from locker", "import locker", "from drivers"))
    ]
