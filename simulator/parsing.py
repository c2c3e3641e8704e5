"""Finds requests in a byte stream; what a request looks like each family says for itself."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

RequestT = TypeVar("RequestT")


class RequestParser(ABC, Generic[RequestT]):
    """Takes bytes in any chunking; what is no request is skipped byte by byte and counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.skipped = 0

    @property
    def pending(self) -> int:
        """Bytes of an incomplete frame, always fewer than a frame has."""
        return len(self._buffer)

    def forget(self) -> None:
        """Drop an incomplete frame."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[RequestT]:
        """The requests completed by these bytes, whatever address they are for."""
        found: list[RequestT] = []
        for byte in data:
            self._buffer.append(byte)
            self._scan(found)
        return found

    @abstractmethod
    def head(self, begun: bytearray) -> tuple[int, RequestT | None]:
        """How many of these bytes are a request, and which; (0, None): wait for more, (1, None): none."""

    def _scan(self, found: list[RequestT]) -> None:
        while self._buffer:
            size, request = self.head(self._buffer)
            if size == 0:
                return
            if request is None:
                self.skipped += size
            else:
                found.append(request)
            del self._buffer[:size]
