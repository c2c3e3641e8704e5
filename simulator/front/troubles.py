"""Four switches with which to disturb the automat: daemon, broker, lock line, clock."""

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

SECONDS_AN_HOUR = 3_600
SECONDS_A_DAY = 24 * SECONDS_AN_HOUR
SECONDS_A_WEEK = 7 * SECONDS_A_DAY


class Trouble(Widget):
    """One row: its key, what it is about, its state; a click does what the key does."""

    def __init__(self, key: str, what: str, action: str) -> None:
        super().__init__(classes="trouble")
        self._key, self._what, self._action = key, what, action
        self._state, self._good = "", True

    def show(self, state: str, *, good: bool) -> None:
        """Draw this state."""
        if (state, good) != (self._state, self._good):
            self._state, self._good = state, good
            self.refresh()

    def render(self) -> Text:
        text = Text(f"{self._key} ", "bold underline", no_wrap=True, end="")
        text.append(f"{self._what:<10}", "not bold not underline")
        text.append(self._state, "not underline" if self._good else "bold reverse not underline")
        return text

    async def on_click(self, event: events.Click) -> None:
        event.stop()
        await self.run_action(f"app.{self._action}")


class Troubles(Vertical):
    """All four."""

    def __init__(self) -> None:
        super().__init__(id="troubles")
        self._daemon = Trouble("k", "daemon", "daemon")
        self._broker = Trouble("b", "broker", "broker")
        self._line = Trouble("l", "lock line", "line")
        self._clock = Trouble("m", "clock", "day")

    def compose(self) -> ComposeResult:
        yield from (self._daemon, self._broker, self._line, self._clock)

    def show_daemon(self, *, running: bool) -> None:
        """Whether its process lives."""
        self._show(self._daemon, "runs" if running else "NO POWER", good=running)

    def show_broker(self, *, running: bool) -> None:
        """Whether its process lives."""
        self._show(self._broker, "runs" if running else "STOPPED", good=running)

    def announce(self, *, daemon: str | None = None, broker: str | None = None) -> None:
        """What is being done to either."""
        for row, doing in ((self._daemon, daemon), (self._broker, broker)):
            if doing is not None:
                row.show(f"… {doing}", good=True)

    def show_line(self, *, plugged: bool) -> None:
        """Whether the adapter of the lock boards is there."""
        self._show(self._line, "plugged" if plugged else "NO CABLE", good=plugged)

    def show_clock(self, moved_s: float) -> None:
        """How far the simulated clock was moved."""
        days, left_s = divmod(moved_s, SECONDS_A_DAY)
        hours = f" {left_s / SECONDS_AN_HOUR:g} h" if left_s else ""
        self._clock.show(f"+{days:g} d{hours}" if hours else f"+{days:g} days", good=True)

    @staticmethod
    def _show(row: Trouble, state: str, *, good: bool) -> None:
        row.show(f"{'●' if good else '○'} {state}", good=good)
