"""What can go wrong with the database, sorted by who must act.

DatabaseError
|-- DatabaseRefused         a person must act before the daemon can start; the file was not changed
|   |-- DatabaseMissing     there is no file at the path
|   |-- DatabaseInUse       another process, or this one, has it open
|   |-- DamagedDatabase     it is not a sound database of this product
|   |-- NewerDatabase       a later version of the software has written it
|   `-- OutdatedDatabase    an earlier version has written it and nobody has migrated it yet
|-- DiskFull                make room and ask again; nothing was written, the session stays usable
|-- DatabaseFailed          the device failed or refused: end the process, the next start recovers
|   `-- MigrationFailed     the database stands as it did before the step that failed
`-- JournalOutOfStep        the caller's numbers do not continue the journal; nothing was written
"""

from pathlib import Path


class DatabaseError(Exception):
    """Root of everything the database raises on purpose; `path` is the file it is about."""

    def __init__(self, path: Path, message: str) -> None:
        """Say what is wrong with which file, and what to do about it."""
        super().__init__(f"{path}: {message}")
        self.path = path


class DatabaseRefused(DatabaseError):  # noqa: N818 - the name says what happened to the file: nothing
    """The file was left as it was found."""


class DatabaseMissing(DatabaseRefused):
    """There is no file at the path."""


class DatabaseInUse(DatabaseRefused):
    """The file is open elsewhere; only one process may have it."""


class DamagedDatabase(DatabaseRefused):
    """The file is no sound database of this product."""


class NewerDatabase(DatabaseRefused):
    """The file's revision is unknown to this version of the software."""


class OutdatedDatabase(DatabaseRefused):
    """The file's revision is an earlier one; migrating it comes first."""


class DiskFull(DatabaseError):  # noqa: N818 - the name says what is the case
    """There was no room for the transaction; it left nothing behind."""


class DatabaseFailed(DatabaseError):  # noqa: N818 - the name says what happened
    """The transaction failed for another reason than room; it left nothing behind."""


class MigrationFailed(DatabaseFailed):
    """One migration failed and left nothing behind; those before it stand."""


class JournalOutOfStep(DatabaseError):  # noqa: N818 - the name says what is the case
    """Entries do not continue the journal."""
