"""Rebuilds what a disk may hold after a power cut, from a recording of what was asked of it.

The disk model:

- A sync makes the content of one file durable, or the names in one directory; nothing else makes anything so.
  A new, moved or deleted name is pending until its directory is synced, whatever became of the file.
- Of what is pending any part may have reached the disk, in any order: whole writes, pages of 4,096 bytes or
  sectors of 512, also of one write; sizes apart from the bytes.
- A sector that was being written may hold zeros or garbage where the new bytes were to come, or all over: of
  512 or 4,096 bytes, what was durable in it before goes as well (https://www.sqlite.org/psow.html).
- A rename is whole, as POSIX has it.
- Not covered: a disk that says "synced" and has not, and damage beyond the sectors that were being written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from pathlib import PurePosixPath
from random import Random
from typing import TypeVar

from tests.crash.recording import (
    SECTOR,
    Began,
    Created,
    DirectoryMade,
    DirectorySynced,
    Moved,
    Operation,
    Recording,
    Removed,
    Resized,
    Returned,
    Synced,
    Value,
    Written,
    move_name,
    patch_bytes,
    resize_bytes,
)

PAGE = 4096
GRAINS = (0, PAGE, SECTOR)
"""How finely writes fall apart; 0: not at all."""
EXHAUSTIVE_UP_TO = 4
"""So many pending operations are taken in every combination."""

Content = Written | Resized
Naming = Created | Moved | Removed | DirectoryMade
Thing = TypeVar("Thing")
Files = Mapping[str, bytes | None]


@dataclass
class Disk:
    """What is durable, what is pending, and what was promised."""

    names: dict[str, int | None] = field(default_factory=dict)
    contents: dict[int, bytearray] = field(default_factory=dict)
    pending: dict[int, list[Content]] = field(default_factory=dict)
    pending_names: list[Naming] = field(default_factory=list)
    promises: dict[str, list[Value]] = field(default_factory=dict)

    @staticmethod
    def of(recording: Recording) -> "Disk":
        """Return the disk before anything was recorded."""
        disk = Disk(promises={subject: [value] for subject, value in recording.values.items()})
        for name, content in recording.base.items():
            disk.names[name] = None if content is None else len(disk.contents)
            if content is not None:
                disk.contents[len(disk.contents)] = bytearray(content)
        return disk

    @property
    def quiet(self) -> bool:
        """Whether everything is durable."""
        return not self.pending and not self.pending_names

    def take(self, operation: Operation) -> None:
        """Let one recorded operation happen."""
        match operation:
            case Written() | Resized():
                self.pending.setdefault(operation.file, []).append(operation)
            case Synced():
                self._sync(operation.file)
            case DirectorySynced():
                self._sync_names(operation.name)
            case Created():
                self.contents[operation.file] = bytearray()
                self.pending_names.append(operation)
            case Moved() | Removed() | DirectoryMade():
                self.pending_names.append(operation)
            case Began():
                self.promises[operation.subject].append(operation.value)
            case Returned():
                del self.promises[operation.subject][:-1]

    def allowed(self) -> dict[str, set[str | None]]:
        """Return what each subject may be worth after a power cut now."""
        return {subject: {value.text for value in values} for subject, values in self.promises.items()}

    def _sync(self, file: int) -> None:
        for operation in self.pending.pop(file, ()):
            apply(self.contents[file], operation)

    def _sync_names(self, directory: str) -> None:
        left: list[Naming] = []
        for operation in self.pending_names:
            if str(PurePosixPath(operation.name).parent) == directory:
                rename(self.names, operation)
            else:
                left.append(operation)
        self.pending_names = left


@dataclass(frozen=True, slots=True)
class Cut:
    """A moment at which the power may fail; `disk` is valid until the next one is asked for."""

    number: int
    disk: Disk
    settled_by_next: bool
    """Whether the next operation makes durable all that is pending: keeping all of it is its state."""


@dataclass(frozen=True, slots=True)
class State:
    """What a disk may hold after a cut; `key` tells states of one recording apart."""

    number: int
    files: Files
    key: bytes
    what: str


def cuts(recording: Recording) -> Iterator[Cut]:
    """Stop where most may be lost: before each sync, after each promise, at the end of a recording.

    A cut elsewhere leaves what one of these leaves with later operations dropped.
    """
    disk, number = Disk.of(recording), 0
    for operation in recording.trace:
        if isinstance(operation, Synced | DirectorySynced) and not disk.quiet:
            yield Cut(number, disk, _settles(operation, disk))
            number += 1
        disk.take(operation)
        if isinstance(operation, Returned) and not disk.quiet:
            yield Cut(number, disk, settled_by_next=False)
            number += 1
    yield Cut(number, disk, settled_by_next=False)


def states(cut: Cut, wanted: int, seed: str) -> Iterator[State]:
    """Draw states of a cut that differ from each other, at most so many; a seed and a number fix each one."""
    seen: set[bytes] = set()
    for number in range(3 * wanted + 2):
        if len(seen) == wanted:
            return
        state = draw(cut, number, seed)
        if state is not None and state.key not in seen:
            seen.add(state.key)
            yield state


def draw(cut: Cut, number: int, seed: str) -> State | None:
    """Return one state of a cut: 0 has nothing of what is pending, 1 all; None if it is the next cut's."""
    disk = cut.disk
    contents = [operation for file in disk.pending.values() for operation in file]
    count = len(contents) + len(disk.pending_names)
    if number == 0:
        return _state(cut, number, [], [], "nothing that was pending")
    if number == 1:
        if cut.settled_by_next:
            return None
        return _state(cut, number, contents, disk.pending_names, "all that was pending")
    if count <= EXHAUSTIVE_UP_TO and number < 2**count:
        kept = [bool((number - 1) >> place & 1) for place in range(count)]
        named = _where(disk.pending_names, kept[len(contents) :])
        return _state(cut, number, _where(contents, kept), named, f"combination {number - 1:b}")
    dice = Random(f"{seed}/{cut.number}/{number}")
    grain = dice.choice(GRAINS)
    pieces = [piece for operation in contents for piece in split(operation, grain)]
    how, kept_pieces = _some(pieces, dice)
    how_named, named = _some(disk.pending_names, dice)
    what = f"{how} of {len(pieces)} pieces ({grain or 'whole writes'})"
    if disk.pending_names:
        what += f", {how_named} of {len(disk.pending_names)} names"
    if pieces and dice.random() < 0.5:
        harm, damaged = _damage(disk, pieces, dice)
        kept_pieces = kept_pieces + damaged
        what += f", {harm}"
    sizes = _sizes(disk, dice) if dice.random() < 0.3 else {}
    return _state(cut, number, kept_pieces, named, what, sizes)


def apply(content: bytearray, operation: Content) -> None:
    """Do to a file's content what was asked for."""
    if isinstance(operation, Written):
        patch_bytes(content, operation.offset, operation.data)
    else:
        resize_bytes(content, operation.size)


def rename(names: dict[str, int | None], operation: Naming) -> None:
    """Do to the names what was asked for, as far as what it is about is there."""
    match operation:
        case Created():
            names[operation.name] = operation.file
        case DirectoryMade():
            names[operation.name] = None
        case Removed():
            names.pop(operation.name, None)
        case Moved():
            move_name(names, operation.name, operation.target)


def split(operation: Content, grain: int) -> list[Content]:
    """Cut a write where it crosses multiples of a grain in the file."""
    if isinstance(operation, Resized) or not grain:
        return [operation]
    begin, end = operation.offset, operation.offset + len(operation.data)
    edges = [begin, *range(begin - begin % grain + grain, end, grain), end]
    return [
        Written(operation.file, left, operation.data[left - begin : right - begin])
        for left, right in pairwise(edges)
    ]


def _settles(operation: Synced | DirectorySynced, disk: Disk) -> bool:
    if isinstance(operation, Synced):
        return not disk.pending_names and set(disk.pending) == {operation.file}
    return not disk.pending and all(
        str(PurePosixPath(pending.name).parent) == operation.name for pending in disk.pending_names
    )


def _where(things: Sequence[Thing], kept: Sequence[bool]) -> list[Thing]:
    return [thing for thing, keep in zip(things, kept, strict=False) if keep]


def _some(things: Sequence[Thing], dice: Random) -> tuple[str, list[Thing]]:
    """Keep some of what is pending; say how they were chosen."""
    if not things:
        return "none", []
    match dice.randrange(6):
        case 0:
            count = dice.randrange(len(things) + 1)
            return f"the first {count}", list(things[:count])
        case 1:
            without = dice.randrange(len(things))
            return f"all but number {without}", [*things[:without], *things[without + 1 :]]
        case 2:
            only = dice.randrange(len(things))
            return f"only number {only}", [things[only]]
        case 3:
            count = dice.randrange(len(things) + 1)
            return f"the last {count}", list(things[len(things) - count :])
        case 4:
            return "all", list(things)
        case _:
            share = dice.choice((0.1, 0.5, 0.9))
            return f"a share of {share}", [thing for thing in things if dice.random() < share]


def _damage(disk: Disk, pieces: Sequence[Content], dice: Random) -> tuple[str, list[Content]]:
    """Return zeros or garbage for sectors that were being written; say whether all over or in flight only."""
    whole = dice.choice((0, SECTOR, PAGE))
    flying = [
        part for piece in pieces if isinstance(piece, Written) for part in split(piece, whole or SECTOR)
    ]
    ends = {file: _largest(disk, file) for file in disk.pending}
    damaged: list[Content] = []
    for part in dice.sample(flying, min(len(flying), dice.randrange(1, 4))):
        if isinstance(part, Written):
            begin, end = part.offset, part.offset + len(part.data)
            if whole:
                begin -= begin % whole
                end = min(begin + whole, ends[part.file])
            data = bytes(end - begin) if dice.random() < 0.5 else dice.randbytes(end - begin)
            damaged.append(Written(part.file, begin, data))
    return (f"damage to whole sectors of {whole}" if whole else "damage in flight"), damaged


def _largest(disk: Disk, file: int) -> int:
    """Return a file's largest size since its last sync: as far the damage to a sector shows."""
    writes = (operation for operation in disk.pending[file] if isinstance(operation, Written))
    return max(len(disk.contents[file]), *(write.offset + len(write.data) for write in writes), 0)


def _sizes(disk: Disk, dice: Random) -> dict[int, int]:
    """Choose for each file with something pending one of the sizes that it has had since its last sync."""
    chosen = {}
    for file, operations in disk.pending.items():
        size = len(disk.contents[file])
        sizes = {size}
        for operation in operations:
            if isinstance(operation, Written):
                size = max(size, operation.offset + len(operation.data))
            else:
                size = operation.size
            sizes.add(size)
        chosen[file] = dice.choice(sorted(sizes))
    return chosen


def _state(
    cut: Cut,
    number: int,
    operations: Sequence[Content],
    namings: Sequence[Naming],
    what: str,
    sizes: Mapping[int, int] | None = None,
) -> State:
    """Put together what is on the disk when only these operations reached it."""
    disk = cut.disk
    names = dict(disk.names)
    for naming in namings:
        rename(names, naming)
    changed: dict[int, bytearray] = {}
    for operation in operations:
        file = operation.file
        if file not in changed:
            changed[file] = bytearray(disk.contents[file])
        apply(changed[file], operation)
    for file, size in (sizes or {}).items():
        resize_bytes(changed.setdefault(file, bytearray(disk.contents[file])), size)
    digest = blake2b(digest_size=16)
    files: dict[str, bytes | None] = {}
    for name, known in sorted(names.items()):
        if any(names.get(str(above), 0) is not None for above in list(PurePosixPath(name).parents)[:-1]):
            continue  # it lies in a directory that has no name
        files[name] = None if known is None else bytes(changed.get(known, disk.contents[known]))
        digest.update(repr((name, known, _signature(disk, known, changed))).encode())
    return State(number, files, digest.digest(), what)


def _signature(disk: Disk, file: int | None, changed: Mapping[int, bytearray]) -> object:
    """Return what tells contents of one file at one cut apart, without reading what is the same in all."""
    if file is None or file not in changed:
        return None
    content = changed[file]
    touched: set[int] = set()
    for operation in disk.pending.get(file, ()):
        if isinstance(operation, Written):
            end = operation.offset + len(operation.data)
            begin_page, end_page = operation.offset // PAGE, -(-end // PAGE)
            touched.update(range(begin_page * PAGE // SECTOR, end_page * PAGE // SECTOR))
    durable = disk.contents[file]
    differing = [
        (sector, bytes(content[sector * SECTOR : sector * SECTOR + SECTOR]))
        for sector in sorted(touched)
        if content[sector * SECTOR : sector * SECTOR + SECTOR]
        != durable[sector * SECTOR : sector * SECTOR + SECTOR]
    ]
    return (len(content), differing) if differing or len(content) != len(durable) else None
