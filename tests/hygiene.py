"""What a test may not leave behind: threads, open descriptors, ptys, child processes."""

import contextlib
import gc
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 2.0
"""How long a thread or a child may take to end after it was told to."""

DESCRIPTORS = Path("/proc/self/fd")
TASKS = Path("/proc/self/task")


@dataclass(frozen=True)
class Belongings:
    """What the process has at one moment; descriptors are pairs of number and what they lead to."""

    threads: frozenset[threading.Thread]
    descriptors: frozenset[tuple[int, str]]
    children: frozenset[int]

    @staticmethod
    def now() -> "Belongings":
        """Look around."""
        return Belongings(frozenset(threading.enumerate()), descriptors(), children())


def leftovers(before: Belongings) -> list[str]:
    """Return a line for each thing that is here now and was not before; none is as it should be."""
    found = _threads_since(before.threads)
    if descriptors() - before.descriptors:
        # Garbage that still holds a descriptor is the business of ResourceWarning, an error as well.
        gc.collect()
    for number, target in sorted(descriptors() - before.descriptors):
        what = "pty" if target.startswith(("/dev/pts/", "/dev/ptmx")) else "descriptor"
        found.append(f"{what} {number} is open: {target}")
    found += [
        f"child process {pid} runs or was not waited for" for pid in sorted(children() - before.children)
    ]
    return found


def descriptors() -> frozenset[tuple[int, str]]:
    """Return the open descriptors but for the standard streams, which pytest exchanges as it goes."""
    found = set()
    for number in set(_names(DESCRIPTORS)) - {"0", "1", "2"}:
        # The descriptor that lists the directory is gone by now.
        with contextlib.suppress(OSError):
            found.add((int(number), str((DESCRIPTORS / number).readlink())))
    return frozenset(found)


def children() -> frozenset[int]:
    """Return the process ids of the children, dead ones that nobody waited for included."""
    found: set[int] = set()
    for thread in _names(TASKS):
        with contextlib.suppress(OSError):
            found.update(map(int, (TASKS / thread / "children").read_text(encoding="ascii").split()))
    return frozenset(found)


def _threads_since(before: Iterable[threading.Thread]) -> list[str]:
    new = set(threading.enumerate()) - set(before)
    for thread in new:
        thread.join(PATIENCE_S)
    return [f"thread {thread.name} is alive" for thread in new if thread.is_alive()]


def _names(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)  # noqa: PTH208 - names only, of entries that vanish while one looks
    except OSError:
        return []
