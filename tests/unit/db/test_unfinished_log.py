"""A power cut just after the log was begun: its header stands alone, or not even that is whole."""

from pathlib import Path

import pytest

from locker.db.session import Database
from locker.domain.attempts import Attempts
from tests.unit.db.examples import SEEN, blank_automat, entry


@pytest.fixture
def log(path: Path) -> bytes:
    """What stands in the log after a commit that was copied over: the database needs none of it."""
    database = Database.open(path)
    database.begin_epoch(1)
    database.commit([Attempts("front", 7, 7.0)], [entry(1)], SEEN)
    kept = path.with_name(f"{path.name}-wal").read_bytes()
    database.close()
    return kept


@pytest.mark.parametrize("what", ["header", "torn header", "zeroed header", "torn header before frames"])
def test_a_start_reads_past_a_log_that_was_only_begun(path: Path, log: bytes, what: str) -> None:
    torn = log[:16] + b"\xa5" * 16
    path.with_name(f"{path.name}-wal").write_bytes(
        {
            "header": log[:32],
            "torn header": torn,
            "zeroed header": bytes(32),
            "torn header before frames": torn + log[32:],
        }[what]
    )
    database = Database.open(path)
    assert database.load(blank_automat(), {}).automat.attempts["front"].tokens == 7
    database.close()
