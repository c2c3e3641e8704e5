"""What passed on the line that is followed: bounded, filtered, paused. No I/O, no widgets."""

import re
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from locker.api.wire_schema import PassageView

KEPT = 2000
"""Passages kept, and as many that wait while somebody reads."""

Way = Literal["sent", "received", "noted"]
WAYS: tuple[Way | None, ...] = (None, "sent", "received", "noted")
MARKS = {"sent": ">", "received": "<", "noted": "#"}


class WireHistory:
    """The last passages, and those of them that the filter lets through, the oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        """Keep so many."""
        self.shown: deque[PassageView] = deque(maxlen=kept)
        self.gone = 0
        """How many of the shown ones were pushed out by later ones since the filter was set."""
        self.paused = False
        self.not_kept = 0
        """How many of those that waited were pushed out."""
        self.text = ""
        self.way: Way | None = None
        self.board: int | None = None
        self._kept: deque[PassageView] = deque(maxlen=kept)
        self._waiting: deque[PassageView] = deque(maxlen=kept)

    @property
    def waiting(self) -> int:
        """How many have passed since the pause and are kept."""
        return len(self._waiting)

    def take(self, passages: Iterable[PassageView]) -> None:
        """Take in what passed."""
        for passage in passages:
            if not self.paused:
                self._add(passage)
                continue
            self.not_kept += len(self._waiting) == self._waiting.maxlen
            self._waiting.append(passage)

    def pause(self) -> None:
        """Let nothing move."""
        self.paused = True

    def go_on(self, note: PassageView | None = None) -> None:
        """Show what passed meanwhile; `note` goes before it where some was not kept."""
        self.paused = False
        if note is not None and self.not_kept:
            self._add(note)
        for passage in self._waiting:
            self._add(passage)
        self._waiting.clear()
        self.not_kept = 0

    def clear(self) -> None:
        """Begin with another line; the filter by text and way stays."""
        for each in (self._kept, self._waiting, self.shown):
            each.clear()
        self.gone = self.not_kept = 0
        self.paused, self.board = False, None

    def filter(self, text: str, way: Way | None, board: int | None) -> None:
        """Let only those through that have this text (words or bytes), this way and this board address."""
        self.text, self.way, self.board = text, way, board
        self.gone = 0
        self.shown.clear()
        self.shown.extend(passage for passage in self._kept if self._passes(passage))

    def _add(self, passage: PassageView) -> None:
        self._kept.append(passage)
        if self._passes(passage):
            self.gone += len(self.shown) == self.shown.maxlen
            self.shown.append(passage)

    def _passes(self, passage: PassageView) -> bool:
        if self.way not in (None, passage.way):
            return False
        words = "\n".join(passage.meaning)
        if self.board is not None and not re.search(rf"\b(?:board|station) {self.board}\b", words):
            return False
        wanted = self.text.lower()
        return wanted in words.lower() or (passage.hex is not None and wanted in passage.hex.lower())


def note(text: str, at: datetime) -> PassageView:
    """Make a remark that stands between the passages."""
    return PassageView(first=0, number=0, at=at, way="noted", size_bytes=0, hex=None, meaning=(text,))


def clock(passage: PassageView) -> str:
    """Write when it passed, in UTC to the millisecond."""
    return f"{passage.at:%H:%M:%S}.{passage.at.microsecond // 1000:03d}"


def as_text(passage: PassageView) -> list[str]:
    """Write a passage whole, as it is saved: bytes first, then one line a meaning."""
    size = "" if passage.hex is not None or passage.way == "noted" else f"{passage.size_bytes} bytes"
    head = f"{passage.at:%Y-%m-%d} {clock(passage)}Z {MARKS[passage.way]} {passage.hex or size}".rstrip()
    return [head, *(f"    {words}" for words in passage.meaning)]
