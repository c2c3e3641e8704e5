"""A program that commits numbered decisions and is killed at a statement; its tests start it.

Forks once a statement, so that the imports are paid once: prints `CHILD <n> <last committed>`.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path

from locker.db.session import Database
from locker.domain.attempts import Attempts
from tests.unit.db.examples import SEEN, entry


def commit_forever(path: Path, kill_at: int | None) -> None:
    """Commit decision after decision, printing each number once it is durable."""
    database = Database.open(path)
    database.begin_epoch(1)
    left = kill_at

    def count(_statement: str) -> None:
        nonlocal left
        if left is not None:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    driver = database._driver
    driver.set_trace_callback(count)
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("the session is closed")
    while True:
        number = database.head().sequence // 2 + 1
        bucket = Attempts("front", number, float(number))
        database.commit([bucket], [entry(2 * number - 1), entry(2 * number)], SEEN)
        os.write(1, b"%d\n" % number)


def main() -> None:
    """Run once without end, or once a statement number, each in its own child."""
    path = Path(sys.argv[1])
    if len(sys.argv) == 2:
        commit_forever(path, None)
    for kill_at in range(*map(int, sys.argv[2:])):
        child = os.fork()
        if child == 0:
            commit_forever(path, kill_at)
        os.waitpid(child, 0)
        os.write(1, b"killed\n")


if __name__ == "__main__":
    main()
