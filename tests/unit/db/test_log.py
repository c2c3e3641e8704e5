"""The -wal file is copied over by the session itself: when it is long, and then not at each commit."""

import itertools
import struct
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from locker.db.files import LOG_HEADER_BYTES
from locker.db.session import COMMITS_BETWEEN, LOG_BYTES, Database
from tests.crash.recording import plant
from tests.unit.db.examples import FACTS, SEEN, entry, files_beside
from tests.unit.db.test_disk_full import large_entry

SECTOR_BYTES = 4096
FRAME_BYTES = 24 + 4096


def test_a_long_log_is_copied_over_and_again_after_so_many_commits(database: Database, path: Path) -> None:
    log, copied, numbers = path.with_name(f"{path.name}-wal"), list[int](), itertools.count(1)
    lengths = [0]
    for commit in range(2 * COMMITS_BETWEEN + 40):
        size = path.stat().st_size
        database.commit([], [large_entry(next(numbers)) for _ in range(40)], SEEN)
        lengths.append(log.stat().st_size)
        if path.stat().st_size > size:
            copied.append(commit)
    first, second, third = copied
    assert lengths[first] < LOG_BYTES <= lengths[first + 1]
    assert second - first == third - second == COMMITS_BETWEEN + 1


def test_a_short_log_is_left_alone(database: Database, path: Path) -> None:
    content = path.read_bytes()
    for second in range(2 * COMMITS_BETWEEN):
        database.commit([replace(FACTS, outage_owed_s=second)], [], SEEN)
    assert path.read_bytes() == content


def test_a_commit_whose_end_a_power_cut_took_is_not_harmed_by_what_is_written_next(
    database: Database, path: Path, tmp_path: Path
) -> None:
    for number in range(1, 4):
        database.commit([replace(FACTS, outage_owed_s=number)], [entry(number)], SEEN)
    left = files_beside(path)
    log = left[f"{path.name}-wal"] = without_what_ends_a_sector(left[f"{path.name}-wal"])
    assert len(log) % SECTOR_BYTES, "else nothing shares a sector with its end"

    plant(tmp_path / "once", left)
    with closing(Database.open(tmp_path / "once" / path.name)) as again:
        again.commit([], [entry(4)], SEEN)
        left = files_beside(again.path)
    torn = bytearray(left[f"{path.name}-wal"])
    begin = len(log) - len(log) % SECTOR_BYTES
    torn[begin : begin + SECTOR_BYTES] = bytes(SECTOR_BYTES)
    left[f"{path.name}-wal"] = bytes(torn)

    plant(tmp_path / "twice", left)
    with closing(Database.open(tmp_path / "twice" / path.name)) as at_last:
        assert [each.sequence for each in at_last.latest(9)] == [1, 2, 3, 4]


def without_what_ends_a_sector(log: bytes) -> bytes:
    """Cut a log behind its last commit: SQLite writes its last page again until a sector is full."""
    frames = range(LOG_HEADER_BYTES, len(log), FRAME_BYTES)
    ends = [struct.unpack_from(">II", log, frame) for frame in frames]  # page, size if a commit ends here
    last = len(ends)
    while last > 1 and ends[last - 2] == ends[last - 1]:
        last -= 1
    return log[: LOG_HEADER_BYTES + last * FRAME_BYTES]
