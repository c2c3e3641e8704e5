"""Finds frames among bytes; what a frame looks like each family says for itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

ReplyT = TypeVar("ReplyT")


class FrameDecoder(ABC, Generic[ReplyT]):
    """Bytes in, replies out, resynchronising at every byte; the same for every chunking.

    What is kept between calls is always shorter than a frame. `is_quiet` is true while `silence` is at work.
    """

    def __init__(self) -> None:
        self.is_quiet = False
        self._pending = bytearray()

    @abstractmethod
    def sizes(self, begun: bytearray) -> Sequence[int]:
        """How long a frame that begins with these bytes may be, the likeliest first; () if none does."""

    @abstractmethod
    def parse(self, frame: bytes) -> ReplyT | None:
        """The reply that is exactly these bytes, None if they are none."""

    def feed(self, data: bytes) -> list[ReplyT]:
        """Take received bytes, give every reply completed by them."""
        replies: list[ReplyT] = []
        for byte in data:
            self._pending.append(byte)
            self._resolve(replies)
        return replies

    def silence(self) -> list[ReplyT]:
        """The line went quiet: give what is complete by that, drop the rest."""
        replies: list[ReplyT] = []
        self.is_quiet = True
        self._resolve(replies)
        self.is_quiet = False
        return replies

    def rest(self) -> bytes:
        """Give and forget the bytes that belong to no reply yet."""
        rest = bytes(self._pending)
        self._pending.clear()
        return rest

    def _resolve(self, replies: list[ReplyT]) -> None:
        pending = self._pending
        while pending:
            reply, size = self._at_start()
            if reply is not None:
                replies.append(reply)
                del pending[:size]
            elif size:
                return
            else:
                del pending[:1]

    def _at_start(self) -> tuple[ReplyT | None, int]:
        """A reply and its size; None and a size when bytes are missing; None and 0: no reply."""
        for size in self.sizes(self._pending):
            if len(self._pending) < size:
                if self.is_quiet:
                    continue
                return None, size
            reply = self.parse(bytes(self._pending[:size]))
            if reply is not None:
                return reply, size
        return None, 0


def texts(
    data: bytes, read: Callable[[bytes], tuple[str, int] | None], stray: Callable[[bytes], str]
) -> Iterator[str]:
    """One text a frame, and one for what lies between frames.

    `read` gives the text and the size of the frame with which bytes begin, None if they begin with none.
    """
    between = b""
    while data:
        found = read(data)
        if found is None:
            between, data = between + data[:1], data[1:]
            continue
        if between:
            yield stray(between)
        text, size = found
        yield text
        between, data = b"", data[size:]
    if between:
        yield stray(between)
