"""A program that migrates and is killed at a statement; its tests start it.

Arguments: file, scripts, revisions with commas between, and `whole` or `sabotaged`. Forks once a statement
until one child survives, each on its own copy of the file (or on none): `<file>.<n>`.
"""

import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from locker.db import upgrade
from locker.db.ladder import Ladder
from locker.db.migrate import ensure_current

STATEMENTS_AT_MOST = 400


def kill_at(number: int) -> None:
    """Have this process killed just before a statement of the migration."""
    left = number

    def count(_statement: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def listen(driver: sqlite3.Connection, _record: Any) -> None:
        driver.set_trace_callback(count)

    event.listen(Engine, "connect", listen)


def sabotage() -> None:
    """Take the transactions away: every statement is durable at once."""

    def rewrite(_c: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> Any:  # noqa: FBT001 - the library's own signature
        return ("SELECT 1" if text.startswith("BEGIN") else text), parameters

    event.listen(Engine, "before_cursor_execute", rewrite, retval=True)


def main() -> None:
    """Kill at the first statement, at the second, and so on."""
    path, scripts, revisions, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), sys.argv[4]
    if not upgrade.__name__:
        raise ImportError("the migration library is imported once, before the forks")
    ladder = Ladder(scripts, tuple(revisions))
    for number in range(STATEMENTS_AT_MOST):
        copy = path.with_name(f"{path.name}.{number}")
        if path.exists():
            shutil.copyfile(path, copy)
        child = os.fork()
        if child == 0:
            kill_at(number)
            if kind == "sabotaged":
                sabotage()
            ensure_current(copy, ladder)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return
    raise RuntimeError("more statements than foreseen")


if __name__ == "__main__":
    main()
