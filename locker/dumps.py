"""Keeps what passed on the wires around each incident, as text files beside the database.

Nothing waits for a dump and nothing fails with it: what cannot be written is logged and left out.
"""

import asyncio
import logging
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from locker.disk import free_bytes
from locker.domain.automat import Decision
from locker.domain.journal import EntryKind, SealedEntry
from locker.domain.times import NEVER_BEFORE
from locker.wire import Excerpt, Seen, Wires

AFTER_S = 0.5
"""How long after the incident the record still belongs to it."""

FILES_MOST = 100
FILE_BYTES_MOST = 64 * 1024
HEX_BYTES_MOST = 64
"""Shown of one passage."""

WAITING_MOST = 16
"""Incidents whose dump may be under way; of further ones nothing is kept."""

ROOM_BYTES = 32 * 1024 * 1024
"""Less free space belongs to the journal."""

NAME = re.compile(r"(\d+)-[A-Za-z0-9_.-]+\.log")
MARKS = {"sent": ">", "received": "<", "noted": "#"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Dump:
    number: int
    heading: str
    excerpts: tuple[tuple[str, Excerpt], ...]


class WireDumps:
    """Watches the engine's decisions; `stop` writes what is still waiting."""

    def __init__(
        self,
        directory: Path,
        wires: Wires,
        *,
        after_s: float = AFTER_S,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        """Write into `directory`, which is made when it is needed."""
        self.directory = directory
        self._wires = wires
        self._after_s = after_s
        self._free = free
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._writing = asyncio.Lock()

    def note(self, decision: Decision, entries: Sequence[SealedEntry], /) -> None:  # noqa: ARG002 - `engine.Watcher`
        """Take note of a decision: begin a dump for each incident that it raised."""
        for entry in decision.entries:
            if entry.kind is EntryKind.INCIDENT_RAISED:
                self._begin(int(entry.data["number"]), str(entry.data["incident"]), str(entry.data["about"]))

    async def stop(self) -> None:
        """Write what waits for the time after its incident, at once."""
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def incidents(self) -> Sequence[int]:
        """The numbers of the incidents of which something is there; blocks."""
        return sorted({_number(path) for path in self._files()})

    def of(self, incident: int) -> Sequence[tuple[str, str]]:
        """Name and text of each file of an incident; blocks."""
        found = []
        for path in self._files():
            if _number(path) == incident:
                with suppress(OSError):  # deleted a moment ago
                    found.append((path.name, path.read_text(encoding="utf-8", errors="replace")))
        return found

    def forget(self, before_at: datetime) -> list[Path]:
        """Delete the files that were written before an instant, and return them; blocks, never raises.

        One from a time that cannot be right counts from now on: written under a wrong clock, it may be young.
        """
        gone = []
        for path in self._files():
            with suppress(OSError):  # tried again the next time
                made_s = path.stat().st_mtime
                if made_s < NEVER_BEFORE.timestamp():
                    os.utime(path)
                elif made_s < before_at.timestamp():
                    path.unlink()
                    gone.append(path)
        return gone

    def _begin(self, number: int, kind: str, about: str) -> None:
        if len(self._tasks) >= WAITING_MOST or self._stopping.is_set():
            log.warning("incident %d: its wire is not kept, %d others wait", number, len(self._tasks))
            return
        lines = self._wires.concerned(about)
        excerpts = tuple((line, self._wires.excerpt(line)) for line in lines)
        dump = _Dump(number, f"incident {number}: {kind}, {about}", excerpts)
        task = asyncio.get_running_loop().create_task(self._keep(dump), name=f"wire of incident {number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, dump: _Dump) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._after_s):
                await self._stopping.wait()
        for _, excerpt in dump.excerpts:
            excerpt.close()
        async with self._writing:
            try:
                await asyncio.to_thread(self._write, dump)
            except Exception as problem:  # noqa: BLE001 - an incident's dump must never stop the automat
                log.warning("incident %d: its wire could not be kept: %s", dump.number, problem)

    def _write(self, dump: _Dump) -> None:
        self.directory.mkdir(mode=0o750, exist_ok=True)
        free = self._free(self.directory)
        if free < ROOM_BYTES:
            log.warning("incident %d: its wire is not kept: only %d bytes are free", dump.number, free)
            return
        for line, excerpt in dump.excerpts:
            name = f"{dump.number}-{re.sub(r'[^A-Za-z0-9_.-]', '-', line)}.log"
            text = "\n".join([f"{dump.heading}; line {line}", *map(in_words, excerpt.seen()), ""])
            _replace(self.directory / name, text.encode()[:FILE_BYTES_MOST])
        self._prune()

    def _prune(self) -> None:
        oldest_first = sorted(self._files(), key=lambda path: path.stat().st_mtime)
        for path in oldest_first[: max(0, len(oldest_first) - FILES_MOST)]:
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        found = (path for path in self.directory.glob("*.log") if NAME.fullmatch(path.name))
        return sorted(found, key=lambda path: (_number(path), path.name))


def in_words(seen: Seen) -> str:
    """Write one passage on one line."""
    shown = "" if seen.hex is None else seen.hex[: 3 * HEX_BYTES_MOST]
    more = "" if seen.size_bytes <= HEX_BYTES_MOST or seen.hex is None else " ..."
    what = (
        f"{shown}{more}  "
        if shown
        else f"{seen.size_bytes} byte{'s' * (seen.size_bytes != 1)}, "
        if seen.way != "noted"
        else ""
    )
    at = f"{seen.at:%Y-%m-%dT%H:%M:%S}.{seen.at.microsecond // 1000:03d}Z"
    return f"{at} {MARKS[seen.way]} {what}{'; '.join(seen.meaning)}"


def _number(path: Path) -> int:
    return int(path.name.partition("-")[0])


def _replace(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, for its mode
            file.write(content)
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
