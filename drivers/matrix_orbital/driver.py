"""One Matrix Orbital display on its own line. It is written to at its own pace and never waited for."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval
from typing_extensions import Doc

from drivers.base import Line
from drivers.errors import LineBusy, LineDown
from drivers.matrix_orbital import codec

BUSY_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class MatrixOrbitalSettings:
    """What differs between displays that look the same. Keys of [[displays]]."""

    character_set: Annotated[
        codec.CharacterSet, Doc("its character ROM: Japanese (a00), European (a02), or plain ASCII")
    ] = "a00"
    command_pause_s: Annotated[float, Interval(gt=0, le=1), Doc("time that it wants after each command")] = (
        0.01
    )


class MatrixOrbitalDisplay:
    """A `Display` without a bell: the latest text wins, and only lines that changed are sent."""

    def __init__(self, line: Line, settings: MatrixOrbitalSettings) -> None:
        self._line = line
        self._settings = settings
        self._wanted = [self._fit(""), self._fit("")]
        self._shown: list[bytes | None] = [None, None]  # None: nobody knows what stands there
        self._resets: deque[bytes] = deque()
        self._at_row: int | None = None  # the cursor stands at the beginning of this row
        self._stopped = False
        self._later: asyncio.TimerHandle | None = None
        line.on_up = self._line_came_up
        line.on_down = self._line_went_down
        if line.is_up:
            self._line_came_up()

    def show(self, upper: str, lower: str) -> None:
        """Make the two lines show these texts soon; never blocks."""
        self._wanted = [self._fit(upper), self._fit(lower)]
        self._refresh()

    def beep(self) -> None:
        """Do nothing: these displays have no bell."""

    def stop(self) -> None:
        """Write nothing more."""
        self._stopped = True
        self._cancel()

    def _fit(self, text: str) -> bytes:
        return codec.fit(text, self._settings.character_set)

    def _line_came_up(self) -> None:
        self._resets = deque(codec.RESET)
        self._shown, self._at_row = [None, None], None
        self._refresh()

    def _line_went_down(self, _reason: str) -> None:
        self._cancel()

    def _refresh(self) -> None:
        """Write the next command, and go on when the display is ready for another."""
        if self._stopped or self._later is not None or not self._line.is_up:
            return
        data = self._next()
        if data is None:
            return
        loop = asyncio.get_running_loop()
        try:
            self._line.write(data)
        except LineBusy:
            self._later = loop.call_later(BUSY_WAIT_S, self._try_now)
            return
        except LineDown:
            # It comes back through on_up.
            return
        self._note_written()
        ready_at_s = max(loop.time(), self._line.quiet_at_s) + self._settings.command_pause_s
        self._later = loop.call_at(ready_at_s, self._try_now)

    def _next(self) -> bytes | None:
        if self._resets:
            return self._resets[0]
        if self._at_row is not None:
            return self._wanted[self._at_row]
        row = self._stale_row()
        return None if row is None else codec.encode_place(1, row + 1)

    def _note_written(self) -> None:
        if self._resets:
            self._resets.popleft()
        elif self._at_row is not None:
            self._shown[self._at_row] = self._wanted[self._at_row]
            self._at_row = None
        else:
            self._at_row = self._stale_row()

    def _stale_row(self) -> int | None:
        return next((row for row in range(codec.ROWS) if self._shown[row] != self._wanted[row]), None)

    def _try_now(self) -> None:
        self._later = None
        self._refresh()

    def _cancel(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
