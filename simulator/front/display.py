"""The automat's customer display: every cell as the simulated device shows it, and a bell that flashes."""

from collections.abc import Sequence

from rich.text import Text
from textual.timer import Timer
from textual.widget import Widget

BELL_SHOWN_S = 0.6
ONE_TONE_S = 0.5  # beeps that come quicker than this belong to one tone
TICKING_S = 1.3  # single beeps no further apart than this are ticking


class Display(Widget):
    """The lines of one display in a frame."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(id="display")
        self._lines = tuple(lines)
        self._hush: Timer | None = None
        self._beep_s = -1000.0
        self._beeps = self._ticks = 0
        self.border_title = "display"

    @property
    def lines(self) -> tuple[str, ...]:
        """What is drawn now, every cell."""
        return self._lines

    def show(self, lines: Sequence[str]) -> None:
        """Draw these lines."""
        if tuple(lines) != self._lines:
            self._lines = tuple(lines)
            self.refresh()

    def beep(self, at_s: float, count: int = 1) -> None:
        """Flash the bell; `at_s` on any clock tells one tone from ticking, and both from a single beep."""
        if self._hush is not None:
            self._hush.stop()
        apart_s, self._beep_s = at_s - self._beep_s, at_s
        if apart_s < ONE_TONE_S:
            self._beeps, self._ticks = self._beeps + count, 0
        else:
            self._ticks = self._ticks + 1 if apart_s <= TICKING_S and self._beeps == count == 1 else 0
            self._beeps = count
        if self._ticks:
            self.border_subtitle = f"♪ ticking {self._ticks + 1}"
        else:
            self.border_subtitle = f"{'♪' * self._beeps} beep"
        self._hush = self.set_timer(BELL_SHOWN_S, self._silence)

    def render(self) -> Text:
        return Text("\n".join(self._lines), no_wrap=True, end="")

    def _silence(self) -> None:
        self.border_subtitle = ""
