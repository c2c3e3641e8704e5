"""domain.md section 8: what is forgotten is forgotten in the backups of migrations as well."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from locker.db.files import forget_backups

NOW = datetime.now(UTC)
RETENTION = timedelta(days=90)


def backup(directory: Path, revision: str, made_at: datetime) -> Path:
    """Lay a backup beside a database, made at some time."""
    file = directory / f"automat.db.backup-{revision}"
    file.write_bytes(b"who collected what")
    os.utime(file, (made_at.timestamp(), made_at.timestamp()))
    return file


def test_a_backup_is_deleted_after_the_retention_time_and_nothing_else_is(tmp_path: Path) -> None:
    database = tmp_path / "automat.db"
    database.write_bytes(b"")
    os.utime(database, (1.6e9, 1.6e9))
    old = backup(tmp_path, "0001", NOW - RETENTION - timedelta(hours=1))
    young = backup(tmp_path, "0002", NOW - RETENTION + timedelta(hours=1))
    assert forget_backups(database, NOW - RETENTION) == [old]
    assert sorted(tmp_path.iterdir()) == [database, young]
    assert forget_backups(database, NOW - RETENTION) == []


def test_a_backup_from_a_time_that_cannot_be_right_is_kept_for_the_retention_time_from_now(
    tmp_path: Path,
) -> None:
    made = backup(tmp_path, "0001", datetime(1970, 1, 1, tzinfo=UTC))
    assert forget_backups(tmp_path / "automat.db", NOW - RETENTION) == []
    assert forget_backups(tmp_path / "automat.db", NOW - RETENTION) == []
    assert forget_backups(tmp_path / "automat.db", NOW + timedelta(days=1)) == [made]
