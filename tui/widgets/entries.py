"""The list of journal entries: draws only the lines that are seen, however many it holds."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from locker.api.schema import JournalEntryView, JournalPosition
from tui.journal import Window, key, row
from tui.words import Words


class Entries(ScrollView, can_focus=True):
    """Shows a window of the journal; follows its end until somebody goes up."""

    DEFAULT_CSS = "Entries { height: 1fr; scrollbar-size-horizontal: 0; }"
    BINDINGS: ClassVar = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "turn(-1)", "page up", show=False),
        Binding("pagedown", "turn(1)", "page down", show=False),
        Binding("home", "first", "first", show=False),
        Binding("end", "last", "last", show=False),
        Binding("enter", "open", "details", show=False),
    ]

    class Moved(Message):
        """Another entry is chosen."""

    class Opened(Message):
        """Somebody wants all of the chosen entry."""

    class Wants(Message):
        """Somebody goes beyond what is held: to "older" or "newer" entries, or to the "newest"."""

        def __init__(self, which: str) -> None:
            super().__init__()
            self.which = which

    def __init__(self, window: Window, words: Words) -> None:
        """Show a window."""
        super().__init__(id="entries")
        self._window = window
        self._words = words
        self._journal: JournalPosition | None = None
        self._cursor = 0
        self.follows = True

    @property
    def chosen(self) -> JournalEntryView | None:
        """The entry under the cursor."""
        entries = self._window.entries
        return entries[self._cursor] if 0 <= self._cursor < len(entries) else None

    def show_window(self, *, journal: JournalPosition, shifted: int = 0) -> None:
        """Draw the window anew; by `shifted` lines its entries have moved down since."""
        self._journal = journal
        count = len(self._window.entries)
        size = Size(max(1, self.size.width), max(1, count))
        if size != self.virtual_size:
            self.virtual_size = size
        if self.follows:
            self._cursor = max(0, count - 1)
            self.scroll_end(animate=False, immediate=True, force=True)
        elif shifted:
            self._cursor = min(max(0, self._cursor + shifted), max(0, count - 1))
            self.scroll_to(y=self.scroll_offset.y + shifted, animate=False, immediate=True, force=True)
        else:
            self._cursor = min(self._cursor, max(0, count - 1))
        self.refresh()
        self.post_message(self.Moved())

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is seen."""
        index, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        entries = self._window.entries
        if self._journal is None or index >= len(entries):
            return Strip.blank(width, self.rich_style)
        chosen = index == self._cursor
        text = row(entries[index], self._journal, self._words, width - 1)
        style = self.rich_style + Style(reverse=True) if chosen else self.rich_style
        # The cursor is a sign as well as a colour.
        return Strip([Segment((">" if chosen else " ") + text, style)]).adjust_cell_length(width, style)

    def choose(self, entry: JournalEntryView) -> None:
        """Put the cursor upon an entry, if it is held."""
        places = {key(each): index for index, each in enumerate(self._window.entries)}
        self._go(places.get(key(entry), self._cursor))

    def action_move(self, lines: int) -> None:
        """Go up or down."""
        self._go(self._cursor + lines)

    def action_turn(self, pages: int) -> None:
        """Go up or down by what is seen at once."""
        self._go(self._cursor + pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Go to the oldest entry that is held, or further."""
        self._go(-1 if self._cursor == 0 else 0)

    def action_last(self) -> None:
        """Go to the newest entry and follow."""
        if self._window.whole_end:
            self._go(len(self._window.entries) - 1)
        else:
            self.post_message(self.Wants("newest"))

    def action_open(self) -> None:
        """Ask for all of the chosen entry."""
        if self.chosen is not None:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Choose an entry; a second click opens it."""
        index = event.y + self.scroll_offset.y
        if not 0 <= index < len(self._window.entries):
            return
        if index == self._cursor:
            self.action_open()
        self._go(index)

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Stop following: somebody looks at something."""
        self.follows = False
        if self.scroll_offset.y == 0:
            self._want("older")

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Ask for what comes after the last line."""
        if self.scroll_offset.y >= self.max_scroll_y and not self._window.whole_end:
            self._want("newer")

    def _go(self, index: int) -> None:
        count = len(self._window.entries)
        if index < 0 and not self._window.whole_beginning:
            self._want("older")
        if index >= count and not self._window.whole_end:
            self._want("newer")
        self._cursor = min(max(0, index), max(0, count - 1))
        self.follows = self._window.whole_end and self._cursor >= count - 1
        self._see_cursor()
        self.refresh()
        self.post_message(self.Moved())

    def _see_cursor(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True, force=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, immediate=True, force=True)

    def _want(self, which: str) -> None:
        self.post_message(self.Wants(which))
