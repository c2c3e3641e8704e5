"""The screen "overview": one look tells whether the automat is well."""

import asyncio
import textwrap
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical, VerticalScroll

from locker.api.client import ApiClient
from locker.errors import LockerError
from tui.health import BAD, WELL, Known, Line, lines, newest_incidents, verdict
from tui.screens.base import LockerScreen
from tui.store import Changes, Part
from tui.widgets.bars import Painted

LABEL_CELLS = 15
"""Mark and name before each line."""

WIDE_CELLS = 110
ASK_PAUSE_S = 1.0
"""What is acknowledged may move many times a second: its ages need not."""

DISTRIBUTION = "parcel-locker"


class Told(Painted):
    """One line about one matter: `!!` needs somebody, `ok` is well, `--` is only told."""

    def tell(self, line: Line, name: str, width: int) -> None:
        """Write it, wrapped under itself."""
        wrapped = textwrap.wrap(line.text, max(20, width - LABEL_CELLS)) or [""]
        head = f" {line.mark} {name:<{LABEL_CELLS - 5}} "
        self.say(head + ("\n" + " " * LABEL_CELLS).join(wrapped))
        self.set_class(line.mark == BAD, "bad")
        self.set_class(line.mark == WELL, "good")


class Newest(Painted):
    """The newest incidents; a click goes to all of them."""

    async def on_click(self, _event: events.Click) -> None:
        """Go there."""
        await self.run_action("app.matter('incidents')")


class OverviewScreen(LockerScreen):
    """The automat on one page, in words."""

    NAME: ClassVar[str] = "overview"
    DEFAULT_CSS = """
    #headline { height: auto; padding: 0 1; text-style: bold; background: $success; color: $background; }
    #headline.bad { background: $error; }
    #sides { height: auto; }
    #sides.wide { layout: horizontal; }
    #matters { height: auto; }
    .wide #matters { width: 3fr; }
    #newest { height: auto; padding: 1 1 0 1; }
    .wide #newest { width: 2fr; padding: 0 1; }
    Told { height: auto; }
    Told.bad { color: $error; text-style: bold; }
    """
    BINDINGS: ClassVar = [
        Binding("enter", "app.matter('incidents')", "incidents", show=False),
        Binding("d", "app.matter('wall')", "wall", show=False),
    ]

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self._known = Known(program=_own_version())
        self._wanted: tuple[int, int, bool] | None = None
        self._asking = False

    def compose_body(self) -> ComposeResult:
        """Put the verdict above, the matters below, the incidents beside or below them."""
        yield Painted(id="headline")
        with VerticalScroll(id="scroll"), Container(id="sides"):
            yield Vertical(id="matters")
            yield Newest(id="newest")

    def on_resize(self) -> None:
        """Put the incidents where there is room."""
        self.query_one("#sides").set_class(self.size.width >= WIDE_CELLS, "wide")
        self.call_after_refresh(self.paint, self.store.everything)

    def show(self, changes: Changes) -> None:
        """Paint the lines whose words changed."""
        status, words = self.store.status, self.words
        if status is None or changes.parts == {Part.ENTRIES}:
            return
        if Part.CONNECTION in changes:
            self.ask_audit()
        told = lines(self.store, status, self._known, words)
        well, text = verdict(self.store, told, words)
        headline = self.query_one("#headline", Painted)
        headline.say(text)
        headline.set_class(not well, "bad")
        matters = self.query_one("#matters", Vertical)
        if not matters.children:
            matters.mount_all(Told(id=f"told-{line.name}") for line in told)
        width = matters.size.width or self.size.width
        for line, widget in zip(told, matters.query_children(Told), strict=False):
            widget.tell(line, words(f"overview.{line.name}"), width)
        newest = "\n".join(newest_incidents(self.store, status.clock.wall_at, words))
        self.query_one("#newest", Painted).say(newest)
        journal = status.journal
        ends = (journal.epoch, journal.acknowledged_through, journal.unacknowledged > 0)
        if ends != self._wanted:
            self._wanted = ends
            self.ask_ends()

    @work(group="audit", exclusive=True)
    async def ask_audit(self) -> None:
        """Ask whether a round is under way: events tell only of what changes."""
        client = self.locker.client
        if client is None:
            return
        with suppress(LockerError):  # the banner says what is wrong
            audit = await client.audit()
            self._know(audit=(audit.done, audit.total) if audit.under_way else None)

    @work(group="ends")
    async def ask_ends(self) -> None:
        """Ask for the last acknowledged entry and the one after it, as long as they are others than known."""
        if self._asking:
            return
        self._asking = True
        try:
            asked = None
            while asked != self._wanted and self._wanted is not None:
                asked = self._wanted
                client = self.locker.client
                if client is None:
                    self._wanted = None  # the next status asks again
                    return
                await self._ask_ends(client, asked[1])
                await asyncio.sleep(ASK_PAUSE_S)
        finally:
            self._asking = False

    async def _ask_ends(self, client: ApiClient, through: int) -> None:
        with suppress(LockerError):  # the banner says what is wrong
            page = await client.journal(after=max(0, through - 1), limit=2)
            found = {entry.sequence: entry for entry in page.entries}
            self._know(acknowledged=found.get(through), waiting=found.get(through + 1))

    def _know(self, **news: object) -> None:
        self._known = replace(self._known, **news)  # type: ignore[arg-type]  # mypy knows no names of fields here
        self.show(Changes({Part.STATUS}))


def _own_version() -> str:
    """Return the version of this program, as it was installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "-"
