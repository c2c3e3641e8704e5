"""Counts the starts that ended by themselves, so that a crash loop ends in safe mode.

What is known rests in one small file beside the database, and not in it: it must be there when the database
is not. Time is that of this boot, never the wall clock's; what ended with the power was no crash, so another
boot counts anew. A file that cannot be read or written never keeps the automat from starting; where the disk
takes nothing any more, a spare file beside the socket, which lies in memory, is what counts.
"""

import json
import logging
import math
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from locker.clock import boot_clock_s, boot_id

FILE_BYTES = 8192
"""The file always has this length, so that it can be written over in place where nothing new has room."""

TEXT_MOST = 400

Cause = Literal["crash-loop", "database"]
"""Why nobody is served: it ends again and again, or its database cannot be used."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Episode:
    """One stay in safe mode: why, and how it ended as far as that is known; for the journal afterwards."""

    cause: str
    detail: str
    ended: str = "restart"
    user: str | None = None
    technician: str | None = None
    reason: str | None = None

    def facts(self) -> dict[str, str]:
        """Tell what is known, for the journal."""
        return {name: text for name, text in asdict(self).items() if text is not None}


@dataclass(frozen=True, slots=True)
class _Record:
    boot: str = ""
    starts: tuple[float, ...] = ()
    failure: str | None = None
    episode: Episode | None = None


@dataclass(slots=True)
class Starts:
    """The starts of the last `within_s` seconds of this boot; `most` of them are enough, 0: count none."""

    file: Path
    most: int
    within_s: float
    boot_s: Callable[[], float] = boot_clock_s
    boot: str = field(default_factory=boot_id)
    spare: Path | None = None
    _record: _Record = field(init=False)

    def __post_init__(self) -> None:
        """Read what is known; of another boot only what the journal has yet to be told."""
        record = _read(self.file)
        if self.spare is not None and (newer := _read(self.spare)).boot == self.boot:
            record = newer  # it is there only while the other one cannot be written
        if record.boot != self.boot:
            record = _Record(self.boot, episode=record.episode)
        self._record = record

    def told_of_loop(self) -> str:
        """Say that the limit is reached, and why as far as that is known."""
        last = self._record.failure or "it was killed, or could not tell"
        return f"the daemon ended by itself {self.most} times in {self.within_s:g} s; the last time: {last}"

    @property
    def episode(self) -> Episode | None:
        """The stay in safe mode of which the journal does not know yet."""
        return self._record.episode

    def begin(self) -> bool:
        """Note one more start, durably; False if so many ended by themselves that this must be none."""
        if not self.most:
            return True
        now_s = self.boot_s()
        recent = tuple(s for s in self._record.starts if 0 <= now_s - s < self.within_s)
        if len(recent) >= self.most:
            return False
        self._write(replace(self._record, starts=(*recent, now_s)))
        return True

    def forgive(self) -> None:
        """Take this start back: it ended because somebody asked for it."""
        if self._record.starts:
            self._write(replace(self._record, starts=self._record.starts[:-1]))

    def fail(self, why: str) -> None:
        """Note what this start ended of."""
        if self.most:
            self._write(replace(self._record, failure=why[:TEXT_MOST]))

    def enter(self, cause: str, detail: str) -> None:
        """Note that safe mode begins."""
        self._write(replace(self._record, episode=Episode(cause, detail[:TEXT_MOST])))

    def leave(
        self,
        ended: str,
        *,
        user: str | None = None,
        technician: str | None = None,
        reason: str | None = None,
        on_trial: bool = False,
    ) -> None:
        """Note that safe mode ends and how; the next start is the first again, `on_trial` the last."""
        episode = self._record.episode
        if episode is not None:
            episode = replace(episode, ended=ended, user=user, technician=technician, reason=reason)
        starts = (self.boot_s(),) * (self.most - 1) if on_trial else ()
        self._write(replace(self._record, starts=starts, episode=episode))

    def told(self) -> None:
        """Forget the stay in safe mode: the journal knows of it."""
        if self._record.episode is not None:
            self._write(replace(self._record, episode=None))

    def _write(self, record: _Record) -> None:
        self._record = record
        content = json.dumps(asdict(record)).encode("ascii").ljust(FILE_BYTES - 1) + b"\n"
        try:
            try:
                _replace(self.file, content)
            except OSError:
                _overwrite(self.file, content)
        except OSError as error:
            counted = self._write_spare(content)
            word = "counted beside the socket" if counted else "not counted"
            log.warning("%s: starts are %s: it cannot be written (%s)", self.file, word, error.strerror)
        else:
            if self.spare is not None:
                with suppress(OSError):
                    self.spare.unlink()

    def _write_spare(self, content: bytes) -> bool:
        try:
            if self.spare is not None:
                _replace(self.spare, content)
        except OSError:
            return False
        return self.spare is not None


def _replace(file: Path, content: bytes) -> None:
    replacement = file.with_name(f".{file.name}-new")
    try:
        with replacement.open("wb", buffering=0) as opened:
            opened.write(content)
            os.fsync(opened.fileno())
        replacement.replace(file)
    except OSError:
        with suppress(OSError):
            replacement.unlink()
        raise
    descriptor = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _overwrite(file: Path, content: bytes) -> None:
    """Write over the same blocks; torn by a power cut it counts nothing, as another boot would."""
    with file.open("r+b", buffering=0) as opened:
        opened.write(content)
        os.fsync(opened.fileno())


def _read(file: Path) -> _Record:
    try:
        with file.open("rb") as opened:
            body = json.loads(opened.read(FILE_BYTES))
        starts = tuple(float(each) for each in body["starts"])
        episode = None if body["episode"] is None else Episode(**body["episode"])
        record = _Record(body["boot"], starts, body["failure"], episode)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return _Record()
    texts = (record.boot, record.failure, *(() if episode is None else asdict(episode).values()))
    sound = all(text is None or isinstance(text, str) for text in texts)
    needed = (record.boot, *(() if episode is None else (episode.cause, episode.detail, episode.ended)))
    return record if sound and all(map(math.isfinite, starts)) and None not in needed else _Record()
