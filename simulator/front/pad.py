"""The automat's keypad: keys to click, which flash when they are pressed."""

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

ROWS = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), ("C", "0", "OK"))
PRESS_SHOWN_S = 0.2


class Key(Widget):
    """One key."""

    class Clicked(Message):
        """Somebody pressed a key with the mouse."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, key: str) -> None:
        super().__init__(classes=f"key {'word' if len(key) > 1 or key == 'C' else 'digit'}")
        self._key = key
        self._release: Timer | None = None

    def render(self) -> Text:
        left, right = ("▶", "◀") if self.has_class("pressed") else ("[", "]")
        return Text(f"{left} {self._key:^2} {right}", justify="center", end="")

    def flash(self) -> None:
        """Show for a moment that a finger presses the key."""
        if self._release is not None:
            self._release.stop()
        self.add_class("pressed")
        self.refresh()
        self._release = self.set_timer(PRESS_SHOWN_S, self._up)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self._key))

    def _up(self) -> None:
        self.remove_class("pressed")
        self.refresh()


class Pad(Grid):
    """Twelve keys in four rows."""

    def __init__(self) -> None:
        super().__init__(id="pad")
        self._keys = {key: Key(key) for row in ROWS for key in row}

    def compose(self) -> ComposeResult:
        yield from self._keys.values()

    def flash(self, key: str) -> None:
        """Show that a key was pressed."""
        if key in self._keys:
            self._keys[key].flash()
