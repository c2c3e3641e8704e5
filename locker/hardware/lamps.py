"""The lamp test: every cell of a display lit, then dark, then every tone, then what was shown before."""

from collections.abc import Callable

from locker.hardware.presenter import Presenter
from locker.hardware.sounder import Sounder, Timer, Timers

STEP_S = 2.0
LIT = "\N{FULL BLOCK}"  # a display without this cell shows a likeness
DARK = " "


class LampTest:
    """One keypad's test; begun again while it runs, it starts anew."""

    def __init__(self, presenter: Presenter | None, sounder: Sounder, timers: Timers) -> None:
        self._presenter = presenter
        self._sounder = sounder
        self._timers = timers
        self._step: Timer | None = None
        self._sounds = True

    def begin(self, *, display: bool = True, sounder: bool = True) -> None:
        """Start, with the lamps, the tones, or first the ones, then the others; nothing waits for it."""
        self._cancel()
        self._sounder.hush()
        self._sounds = sounder
        if display:
            self._fill(LIT)
            self._later(STEP_S, self._darken)
        else:
            self._sound()

    def stop(self) -> None:
        """End it where it is; the display goes on at once."""
        if self._step is not None:
            self._cancel()
            self._sounder.hush()
            self._end()

    def _darken(self) -> None:
        self._fill(DARK)
        self._later(STEP_S, self._sound if self._sounds else self._end)

    def _sound(self) -> None:
        self._later(self._sounder.play_each(), self._end)

    def _end(self) -> None:
        self._step = None
        if self._presenter is not None:
            self._presenter.go_on()

    def _fill(self, cell: str) -> None:
        if self._presenter is not None:
            self._presenter.fill(cell)

    def _cancel(self) -> None:
        if self._step is not None:
            self._step.cancel()
            self._step = None

    def _later(self, delay_s: float, step: Callable[[], None]) -> None:
        self._step = self._timers.call_later(delay_s, step)
