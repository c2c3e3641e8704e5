"""Reads a `text/event-stream` (WHATWG HTML, section 9.2.6): bytes in any portions, items out."""

from dataclasses import dataclass

EVENT_BYTES_MOST = 32 * 1024 * 1024
"""A snapshot of any automat is far smaller."""


class StreamBroken(ValueError):  # noqa: N818 - the name says what is the case
    """What arrived is no event stream."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event; `id` is None where it carries none."""

    kind: str
    data: str
    id: str | None


class EventDecoder:
    """Feed it bytes; it gives the events that are complete."""

    def __init__(self, most: int = EVENT_BYTES_MOST) -> None:
        """Begin at the start of a stream; StreamBroken for an event of more bytes than this."""
        self._most = most
        self._line = bytearray()
        self._size = 0
        self._fields: dict[str, str] = {}
        self._data: list[str] = []

    def feed(self, portion: bytes) -> list[StreamEvent]:
        """Take the next bytes; return the events that they complete."""
        events: list[StreamEvent] = []
        self._size += len(portion)
        *lines, rest = portion.split(b"\n")
        for line in lines:
            self._line += line
            event = self._take_line(bytes(self._line))
            self._line.clear()
            if event is not None:
                events.append(event)
                self._size = len(rest)
        self._line += rest
        if self._size > self._most:
            raise StreamBroken(f"an event of more than {self._most} bytes")
        return events

    def _take_line(self, raw: bytes) -> StreamEvent | None:
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            raise StreamBroken(f"not UTF-8: {error}") from error
        if line:
            name, _, value = line.removesuffix("\r").partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                self._data.append(value)
            elif name in ("event", "id"):
                self._fields[name] = value
            return None
        fields, data = self._fields, self._data
        self._fields, self._data = {}, []
        if not data:
            return None
        return StreamEvent(fields.get("event", "message"), "\n".join(data), fields.get("id"))
