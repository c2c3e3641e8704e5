"""The -wal file is copied over by the session itself: when it is long, and then not at each commit."""

import itertools
from dataclasses import replace
from pathlib import Path

from locker.db.session import COMMITS_BETWEEN, LOG_BYTES, Database
from tests.unit.db.examples import FACTS, SEEN
from tests.unit.db.test_disk_full import large_entry


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
