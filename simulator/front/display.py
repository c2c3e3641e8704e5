"""The automat's customer display: every cell as the simulated device shows it, and a bell that flashes."""

from collections.abc import Sequence

from rich.text import Text
from textual.timer import Timer
from textual.widget import Widget

BELL_SHOWN_S = 0.6
_BELL = "♪ beep"


class Display(Widget):
    """The lines of one display in a frame."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(id="display")
        self._lines = tuple(lines)
        self._hush: Timer | None = None
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

    def beep(self) -> None:
        """Flash the bell."""
        if self._hush is not None:
            self._hush.stop()
        self.border_subtitle = _BELL
        self._hush = self.set_timer(BELL_SHOWN_S, self._silence)

    def render(self) -> Text:
        return Text("\n".join(self._lines), no_wrap=True, end="")

    def _silence(self) -> None:
        self.border_subtitle = ""
