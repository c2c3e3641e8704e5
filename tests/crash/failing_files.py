"""Lets the n-th call on a file fail in whatever writes one of the durable files beside the database.

Each is the old one or the new one afterwards, whole; an error is told; the next attempt succeeds.
"""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self
from unittest.mock import patch

from locker.clock import Sources, SystemClock
from locker.db.files import forget_backups
from locker.disk import Ballast
from locker.errors import LockerError
from locker.hardware.wiring_map import WiringMap, read_map, write_map
from locker.keys import Keys, initialise, last_epoch, next_epoch
from locker.starts import Starts
from tests.crash.days import SCRATCH
from tests.unit.domain.stand import IDENTITY, MONDAY

CALLS = ("open", "fsync", "rename", "replace", "mkdir", "unlink", "posix_fallocate")
ERRORS = {"eio": errno.EIO, "full": errno.ENOSPC}
TOLD = (LockerError, OSError)


class Refusing:
    """Counts what is asked of the system and refuses the `number`-th, once or from then on."""

    def __init__(self, number: int, error: int, *, for_ever: bool) -> None:
        self.count = 0
        self.number = number
        self.error = error
        self.for_ever = for_ever

    def ask(self, what: object) -> None:
        """Raise OSError for what is to fail."""
        number, self.count = self.count, self.count + 1
        if number == self.number or (self.for_ever and number > self.number):
            raise OSError(self.error, os.strerror(self.error), str(what))


class Writing:
    """An open file whose writes may be refused after a part of them was done."""

    def __init__(self, opened: IO[Any], refusing: Refusing) -> None:
        self._opened = opened
        self._refusing = refusing

    def write(self, content: Any) -> int:
        """Write all of it, or half and fail."""
        try:
            self._refusing.ask("write")
        except OSError:
            self._opened.write(content[: len(content) // 2])
            self._opened.flush()
            raise
        return self._opened.write(content)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the file's own."""
        return getattr(self._opened, name)

    def __enter__(self) -> Self:
        """Hold it open for a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._opened.close()


@contextmanager
def refused_by(refusing: Refusing) -> Iterator[None]:
    """Put a hand between this process and its files."""

    def asked(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            refusing.ask(real.__name__)
            return real(*arguments, **more)

        return call

    real_open = io.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        found = real_open(file, mode, *arguments, **more)
        return Writing(found, refusing) if set(mode) & set("wa+x") else found

    with ExitStack() as stack:
        for name in CALLS:
            stack.enter_context(patch.object(os, name, asked(getattr(os, name))))
        stack.enter_context(patch("io.open", opened))
        stack.enter_context(patch("builtins.open", opened))
        yield


@dataclass(frozen=True)
class Task:
    """One durable file: how it is written, and what can be read of it afterwards."""

    name: str
    prepare: Callable[[Path], object]
    write: Callable[[Path], object]
    read: Callable[[Path], object]
    old: object
    new: object
    may_fail_silently: bool = False
    may_be_lost: bool = False


def trials() -> Iterator[tuple[str, list[str]]]:
    """Let every call fail in every way; give which it was, and what was wrong then."""
    for task in TASKS:
        for error, number in ERRORS.items():
            for for_ever in (False, True):
                yield from each_call(task, error, number, for_ever=for_ever)


def each_call(task: Task, error: str, code: int, *, for_ever: bool) -> Iterator[tuple[str, list[str]]]:
    number = 0
    while True:
        refusing = Refusing(number, code, for_ever=for_ever)
        with TemporaryDirectory(dir=SCRATCH, prefix="files-") as made:
            problems = list(_trial(task, Path(made), refusing))
        if refusing.count <= number:
            return
        yield f"files/{task.name}-{error}{'-for-ever' if for_ever else ''}/{number}", problems
        number += 1


def _trial(task: Task, root: Path, refusing: Refusing) -> Iterator[str]:
    task.prepare(root)
    told: BaseException | None = None
    with refused_by(refusing):
        try:
            done = task.write(root)
        except TOLD as error:
            told, done = error, False
        except Exception as error:  # noqa: BLE001 - whatever else it is, it is wrong
            yield f"{error!r} came"
            return
    found = task.read(root)
    allowed = {task.old, task.new} | ({None} if task.may_be_lost else set())
    if found not in allowed:
        yield f"afterwards it is {found!r}"
    if told is None and done is not False and found != task.new and not task.may_fail_silently:
        yield f"no error came, and it is {found!r}"
    with suppress(*TOLD) if task.old == task.new else ExitStack():
        task.write(root)
    if task.read(root) != task.new and task.old != task.new and task.name != "epoch":
        yield f"the next attempt leaves {task.read(root)!r}"


def _keys(root: Path) -> object:
    try:
        Keys.load(root / "keys", {})
    except LockerError:
        return "none" if not (root / "keys").exists() else "damaged"
    return "whole"


def _map(technician: str) -> WiringMap:
    from tests.crash.days import _proved_by  # what a recorded day proves

    return _proved_by(technician)


def _hash(root: Path) -> object:
    found = read_map(root / "map", IDENTITY.automat_id)
    return None if found is None else found.hash


def _clock(root: Path, boot_s: float) -> SystemClock:
    return SystemClock(
        root / "anchor", 0.0, Sources(MONDAY.timestamp, lambda: boot_s, "boot-1", lambda: True)
    )


def _starts(root: Path) -> Starts:
    return Starts(root / "starts", 5, 600.0, lambda: 50.0, "boot-1")


def _counted(root: Path) -> int:
    return len(_starts(root)._record.starts)


TASKS = (
    Task(
        "keys",
        lambda _root: None,
        lambda root: _keys(root) == "whole" or initialise(root / "keys", IDENTITY.automat_id),
        _keys,
        "none",
        "whole",
    ),
    Task(
        "epoch",
        lambda root: initialise(root / "keys", IDENTITY.automat_id),
        lambda root: next_epoch(root / "keys"),
        lambda root: last_epoch(root / "keys"),
        0,
        1,
    ),
    Task(
        "map",
        lambda root: write_map(root / "map", _map("t-1")),
        lambda root: write_map(root / "map", _map("t-2")),
        _hash,
        _map("t-1").hash,
        _map("t-2").hash,
    ),
    Task(
        "anchor",
        lambda root: _clock(root, 10.0),
        lambda root: _clock(root, 20.0),
        lambda root: _clock(root, 20.0).now().powered_s,
        10.0,
        10.0,
    ),
    Task(
        "starts",
        lambda root: _starts(root).begin(),
        lambda root: _counted(root) == 2 or _starts(root).begin(),
        _counted,
        1,
        2,
        may_fail_silently=True,
        may_be_lost=True,
    ),
    Task(
        "ballast",
        lambda _root: None,
        lambda root: Ballast(root / "ballast", 16_384).make(),
        lambda root: Ballast(root / "ballast", 16_384).held(),
        False,
        True,
    ),
    Task(
        "backups",
        lambda root: (root / "a.db.backup-1").write_bytes(b"old"),
        lambda root: forget_backups(root / "a.db", MONDAY.replace(year=2100)),
        lambda root: (root / "a.db.backup-1").exists(),
        True,
        False,
        may_fail_silently=True,
    ),
)
