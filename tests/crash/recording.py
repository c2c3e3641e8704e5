"""Records what reaches the disk: what SQLite does through the VFS, what others do at each call of `os`.

A file that is written without SQLite is compared with what is known of it whenever the system is asked for a
sync, a new name or a new file: what happened in between is pending either way, in whatever order.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

from tests.crash import vfs

SECTOR = 512
NOT_ON_DISK = "-shm"
"""The index of the log is shared memory: it is made anew after a power cut."""


class Created(NamedTuple):
    """A file has a name now."""

    file: int
    name: str


class Written(NamedTuple):
    """Bytes were written; the file grows if need be."""

    file: int
    offset: int
    data: bytes


class Resized(NamedTuple):
    """A file was cut or grew by zeros."""

    file: int
    size: int


class Synced(NamedTuple):
    """All of a file's content is durable; its name need not be."""

    file: int


class Moved(NamedTuple):
    """A file or directory has another name, in place of what had it before."""

    name: str
    target: str


class Removed(NamedTuple):
    """A name is gone."""

    name: str


class DirectoryMade(NamedTuple):
    """A directory has a name now."""

    name: str


class DirectorySynced(NamedTuple):
    """All names in a directory are durable."""

    name: str


class Began(NamedTuple):
    """From here on the disk may hold this value of a subject."""

    subject: str
    value: "Value"


class Returned(NamedTuple):
    """From here on the disk must hold what was begun last of a subject, or later."""

    subject: str


Operation = (
    Created
    | Written
    | Resized
    | Synced
    | Moved
    | Removed
    | DirectoryMade
    | DirectorySynced
    | Began
    | Returned
)


@dataclass(slots=True)
class Value:
    """What a subject is worth; filled in when it is known, which may be after it was begun."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What was on the disk, durable, and what happened then; directories have None for content."""

    name: str
    base: Mapping[str, bytes | None]
    trace: tuple[Operation, ...]
    values: Mapping[str, Value]
    """What each subject was worth on the base."""


@dataclass
class Recorder:
    """Watches one directory tree from within the process that works in it."""

    root: Path
    dice: Random
    trace: list[Operation] = field(default_factory=list)
    base: dict[str, bytes | None] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    _stopped: bool = False
    _names: dict[str, int | None] = field(default_factory=dict)
    _contents: dict[int, bytearray] = field(default_factory=dict)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what this block does; it closes the databases that it opens. RuntimeError for a gap."""
        self.base = tree(self.root)
        for name, content in self.base.items():
            self._names[name] = None if content is None else len(self._contents)
            if content is not None:
                self._contents[len(self._contents)] = bytearray(content)
        with vfs.installed(self._hear, dice=self.dice), self._listening():
            yield
            self.stop()

    def stop(self) -> None:
        """Let the recording end here: what follows in its block happens after the power cut of interest."""
        if self._stopped:
            return
        self._look()
        self._stopped = True
        known = {name: None if file is None else self._contents[file] for name, file in self._names.items()}
        found = tree(self.root)
        if known != found:
            differing = sorted(name for name in known.keys() | found if known.get(name) != found.get(name))
            raise RuntimeError(f"the recording is not whole: {differing}")

    def result(self, name: str) -> Recording:
        """Return what was recorded."""
        return Recording(name, self.base, tuple(self.trace), self.values)

    # -- what the workload tells

    def know(self, subject: str, value: str | None) -> None:
        """Say what a subject is worth before anything happens."""
        self.values[subject] = Value(value)

    @contextmanager
    def promising(
        self, subject: str, value: str | None = None, *, by_sqlite: bool = False, returns: bool = True
    ) -> Iterator[Value]:
        """Something durable happens in this block: its value may be there from now, and must be after it.

        `by_sqlite`: no other file is touched, and none needs to be looked at. Without `returns` it need not
        be there after it either.
        """
        promised = Value(value)
        self.trace.append(Began(subject, promised))
        yield promised
        if not by_sqlite:
            self._look()
        if returns:
            self.trace.append(Returned(subject))

    # -- what SQLite does

    def _hear(self, call: vfs.Call) -> None:
        name = self._name(call.path)
        if name is None:
            return
        match call.kind:
            case vfs.Kind.OPEN:
                if call.flags & vfs.OPEN_CREATE and name not in self._names:
                    self._create(name)
            case vfs.Kind.WRITE:
                self._write(self._file(name), call.offset, call.data)
            case vfs.Kind.TRUNCATE:
                self._resize(self._file(name), call.size)
            case vfs.Kind.SYNC:
                self.trace.append(Synced(self._file(name)))
            case vfs.Kind.SYNC_DIRECTORY:
                self.trace.append(DirectorySynced(name))
            case vfs.Kind.DELETE:
                if name in self._names:
                    self._remove(name)

    # -- what everybody else does

    @contextmanager
    def _listening(self) -> Iterator[None]:
        with ExitStack() as stack:

            def listen(called: str, before: Callable[..., None], after: Callable[..., None]) -> None:
                original = getattr(os, called)

                def heard(*arguments: Any, **named: Any) -> Any:
                    before(*arguments)
                    result = original(*arguments, **named)
                    after(*arguments)
                    return result

                stack.enter_context(patch.object(os, called, heard))

            def look(*_: Any) -> None:
                self._look()

            def nothing(*_: Any) -> None:
                """Wait for what follows."""

            for sync in ("fsync", "fdatasync"):
                listen(sync, self._before_sync, nothing)
            for move in ("rename", "replace"):
                listen(move, look, self._moved)
            for unlink in ("unlink", "remove", "rmdir"):
                listen(unlink, look, self._unlinked)
            for make in ("mkdir", "open"):
                listen(make, nothing, look)
            yield

    def _before_sync(self, descriptor: int) -> None:
        self._look()
        name = self._name(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        if name is not None:
            file = self._names.get(name)
            self.trace.append(DirectorySynced(name) if file is None else Synced(file))

    def _moved(self, source: Any, target: Any, *_: Any) -> None:
        old, new = self._name(os.fspath(source)), self._name(os.fspath(target))
        if old is None or new is None:
            if old is not new:
                raise RuntimeError(f"{source} was moved to {target}, in or out of what is recorded")
            return
        move_name(self._names, old, new)
        self.trace.append(Moved(old, new))

    def _unlinked(self, path: Any, *_: Any) -> None:
        name = self._name(os.fspath(path))
        if name is not None and name in self._names:
            self._remove(name)

    def _look(self) -> None:
        """Take up what was written, made or cut since, without SQLite."""
        if self._stopped:
            return
        for name, content in tree(self.root).items():
            if content is None:
                if name not in self._names:
                    self._names[name] = None
                    self.trace.append(DirectoryMade(name))
                continue
            if name not in self._names:
                self._create(name)
            file = self._file(name)
            known = self._contents[file]
            if known == content:
                continue
            if len(known) != len(content):
                self._resize(file, len(content))
            for offset in range(0, len(content), SECTOR):
                piece = content[offset : offset + SECTOR]
                if known[offset : offset + SECTOR] != piece:
                    self._write(file, offset, piece)

    # -- what is known

    def _name(self, path: str) -> str | None:
        """Return a path's name below the root ("." for itself); None for what is not of interest."""
        if self._stopped or path == vfs.TEMPORARY or path.endswith(NOT_ON_DISK):
            return None
        absolute = Path(path).absolute()
        return str(absolute.relative_to(self.root)) if absolute.is_relative_to(self.root) else None

    def _file(self, name: str) -> int:
        file = self._names[name]
        if file is None:
            raise IsADirectoryError(name)
        return file

    def _create(self, name: str) -> None:
        file = len(self._contents)
        self._names[name] = file
        self._contents[file] = bytearray()
        self.trace.append(Created(file, name))

    def _write(self, file: int, offset: int, data: bytes) -> None:
        patch_bytes(self._contents[file], offset, data)
        self.trace.append(Written(file, offset, data))

    def _resize(self, file: int, size: int) -> None:
        resize_bytes(self._contents[file], size)
        self.trace.append(Resized(file, size))

    def _remove(self, name: str) -> None:
        del self._names[name]
        self.trace.append(Removed(name))


def tree(root: Path) -> dict[str, bytes | None]:
    """Return every file below a directory with its content, and every directory with None."""
    found: dict[str, bytes | None] = {}
    for path in sorted(root.rglob("*")):
        if not path.name.endswith(NOT_ON_DISK):
            found[str(path.relative_to(root))] = None if path.is_dir() else path.read_bytes()
    return found


def plant(root: Path, content: Mapping[str, bytes | None]) -> None:
    """Put files and directories into an empty directory, for their owner only."""
    root.mkdir(mode=0o700, exist_ok=True)
    for name, data in sorted(content.items()):
        if data is None:
            (root / name).mkdir(mode=0o700)
        else:
            descriptor = os.open(root / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as opened:  # noqa: PTH123 - a descriptor: the mode counts
                opened.write(data)


def move_name(names: dict[str, int | None], old: str, new: str) -> None:
    """Give a file another name, or a directory with all that is in it."""
    inside = {name: new + name[len(old) :] for name in names if name == old or name.startswith(f"{old}/")}
    moved = {target: names.pop(name) for name, target in inside.items()}
    names.update(moved)


def patch_bytes(content: bytearray, offset: int, data: bytes) -> None:
    """Write into a file's content."""
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def resize_bytes(content: bytearray, size: int) -> None:
    """Cut a file's content, or let it grow by zeros."""
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))
