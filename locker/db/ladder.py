"""The migrations in order, and which of them makes a database current."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ladder:
    """The migrations in order; `scripts` is where they lie, as the migration library names places."""

    scripts: str
    revisions: tuple[str, ...]

    @property
    def head(self) -> str:
        """The revision of a current database."""
        return self.revisions[-1]


LADDER = Ladder(scripts="locker.db:migrations", revisions=("0001", "0002", "0003", "0004", "0005"))
"""This version's schema; a test holds it to the scripts."""
