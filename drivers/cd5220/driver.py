"""One CD5220 display on its own line. It never answers, so it is written to and never waited for."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from typing_extensions import Doc

from drivers.base import Line
from drivers.cd5220 import codec
from drivers.errors import LineBusy, LineDown

BUSY_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class Cd5220Settings:
    """What differs between displays that look the same. Keys of [[displays]]."""

    has_bell: Annotated[bool, Doc("whether BEL (07) sounds; some displays show it as a cell")] = True


class Cd5220Display:
    """A `Display`: the latest text wins, and only lines that changed are sent."""

    def __init__(self, line: Line, settings: Cd5220Settings) -> None:
        self._line = line
        self._settings = settings
        self._wanted: tuple[bytes, bytes] = (codec.fit(""), codec.fit(""))
        self._shown: tuple[bytes, bytes] | None = None  # None: the display's state is unknown
        self._bell = False
        self._stopped = False
        self._later: asyncio.TimerHandle | None = None
        line.on_up = self._refresh
        line.on_down = self._line_went_down
        if line.is_up:
            self._refresh()

    def show(self, upper: str, lower: str) -> None:
        """Make the two lines show these texts soon; never blocks."""
        self._wanted = (codec.fit(upper), codec.fit(lower))
        self._refresh()

    def beep(self) -> None:
        """Sound the bell once, if there is one and the line is up."""
        if self._settings.has_bell and self._line.is_up:
            self._bell = True
            self._refresh()

    def stop(self) -> None:
        """Write nothing more."""
        self._stopped = True
        self._cancel()

    def _line_went_down(self, _reason: str) -> None:
        self._shown = None
        self._bell = False
        self._cancel()

    def _refresh(self) -> None:
        """Write what differs, once the bytes written before have left the wire."""
        if self._stopped or self._later is not None or not self._line.is_up:
            return
        data = self._difference()
        if not data:
            return
        loop = asyncio.get_running_loop()
        if self._line.quiet_at_s > loop.time():
            self._later = loop.call_at(self._line.quiet_at_s, self._try_now)
            return
        try:
            self._line.write(data)
        except LineBusy:
            self._later = loop.call_later(BUSY_WAIT_S, self._try_now)
            return
        except LineDown:
            # It comes back through on_up.
            return
        self._shown = self._wanted
        self._bell = False

    def _try_now(self) -> None:
        self._later = None
        self._refresh()

    def _difference(self) -> bytes:
        upper, lower = self._wanted
        data = b"" if self._shown is not None else codec.encode_reset()
        if self._shown is None or self._shown[0] != upper:
            data += codec.encode_string(codec.UPPER_LINE, upper)
        if self._shown is None or self._shown[1] != lower:
            data += codec.encode_string(codec.LOWER_LINE, lower)
        return data + codec.BELL if self._bell else data

    def _cancel(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
