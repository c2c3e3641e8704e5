"""What passes on a line, a passage a row; only rows in sight are ever drawn."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from locker.api.wire_schema import PassageView
from tui.wire import MARKS, WireHistory, clock


class WireView(ScrollView, can_focus=True):
    """Stays at the end until somebody goes up; `End` leads back to it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"wire--sent", "wire--received", "wire--noted", "wire--cursor"}
    DEFAULT_CSS = """
    WireView { height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    WireView > .wire--sent { color: $accent; }
    WireView > .wire--received { color: $foreground; }
    WireView > .wire--noted { color: $warning; text-style: bold; }
    WireView > .wire--cursor { text-style: reverse; }
    """
    BINDINGS: ClassVar = [
        Binding("up", "go(-1)", "up", show=False),
        Binding("down", "go(1)", "down", show=False),
        Binding("pageup", "turn(-1)", "page up", show=False),
        Binding("pagedown", "turn(1)", "page down", show=False),
        Binding("home", "first", "first", show=False),
        Binding("end", "last", "last", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class Chosen(Message):
        """Somebody wants to see a passage whole."""

        def __init__(self, passage: PassageView) -> None:
            super().__init__()
            self.passage = passage

    def __init__(self, history: WireHistory) -> None:
        """Show a history."""
        super().__init__(id="wire-view")
        self._history = history
        self._cursor: int | None = None  # counted with those that are gone; None: at the end
        self._base = Style()
        self.paints = 0

    @property
    def follows(self) -> bool:
        """Whether it stays at the end."""
        return self._cursor is None

    def show(self) -> None:
        """Paint what is there now; to be called after the history changed."""
        self.paints += 1
        rows = len(self._history.shown)
        size = Size(max(1, self.size.width), rows)
        if size != self.virtual_size:
            self.virtual_size = size
        if self._cursor is not None:
            self._cursor = None if not rows else max(self._cursor, self._history.gone)
        self._bring_into_sight()
        self.refresh()

    def go_to_end(self) -> None:
        """Stay at the end from the next time on that it is shown."""
        self._cursor = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw what is in sight; the style of the whole is worked out once for all rows."""
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw one row of what is in sight."""
        index, width = y + self.scroll_offset.y, self.size.width
        shown = self._history.shown
        if not 0 <= index < len(shown):
            return Strip.blank(width, self._base)
        passage = shown[index]
        style = self._base + self.get_component_rich_style(f"wire--{passage.way}", partial=True)
        if self._cursor is not None and index == self._cursor - self._history.gone:
            style += self.get_component_rich_style("wire--cursor", partial=True)
        return Strip([Segment(row_text(passage), style)]).adjust_cell_length(width, style)

    def on_click(self, event: events.Click) -> None:
        """Select the row, and open it if it is selected already."""
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._history.shown):
            before, self._cursor = self._cursor, index + self._history.gone
            self.show()
            if before == self._cursor:
                self.action_open()

    def on_resize(self) -> None:
        """Keep the end, or the cursor, in sight."""
        self.show()

    def action_go(self, by: int) -> None:
        """Move the cursor by so many rows."""
        rows, gone = len(self._history.shown), self._history.gone
        if not rows:
            return
        at = rows if self._cursor is None else self._cursor - gone
        self._cursor = None if at + by >= rows else gone + max(0, at + by)
        self.show()

    def action_turn(self, pages: int) -> None:
        """Move it by so many pages."""
        self.action_go(pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Go to the oldest row."""
        self._cursor = self._history.gone if self._history.shown else None
        self.show()

    def action_last(self) -> None:
        """Stay at the end."""
        self.go_to_end()
        self.show()

    def action_open(self) -> None:
        """Show the selected passage whole, the newest if none is selected."""
        shown = self._history.shown
        if shown:
            at = len(shown) - 1 if self._cursor is None else self._cursor - self._history.gone
            self.post_message(self.Chosen(shown[at]))

    def _bring_into_sight(self) -> None:
        rows, height = len(self._history.shown), max(1, self.size.height)
        if self._cursor is None:
            top = max(0, rows - height)
        else:
            at, top = self._cursor - self._history.gone, self.scroll_offset.y
            top = min(at, max(top, at - height + 1))
        self.scroll_to(y=top, animate=False, force=True, immediate=True)


def row_text(passage: PassageView) -> str:
    """Write a passage on one row: when, which way, what it means, its bytes."""
    words = "; ".join(passage.meaning)
    bytes_there = passage.hex
    if passage.way == "noted":
        bytes_there = ""
    elif bytes_there is None:
        bytes_there = f"{passage.size_bytes} B"
    text = f"{clock(passage)} {MARKS[passage.way]} {words}  {bytes_there}".rstrip()
    return "".join(letter if letter.isprintable() else "?" for letter in text)
