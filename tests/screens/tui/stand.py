"""The technician's application without a terminal, beside a real daemon on simulated hardware."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.message import Message
from textual.pilot import Pilot

from tests.screens.stand import screen_text
from tui.app import LockerTui

LIMIT_S = 30.0


class Seen:
    """The screen as somebody sees it, and the keys under the fingers."""

    def __init__(self, app: LockerTui, pilot: Pilot[Any], changed: asyncio.Event) -> None:
        self.app = app
        self.pilot = pilot
        self._changed = changed

    def text(self) -> str:
        """The whole screen."""
        return screen_text(self.app)

    def lines(self) -> list[str]:
        """The screen line by line, without blanks at the ends."""
        return [line.rstrip() for line in self.text().split("\n")]

    def part(self, selector: str) -> str:
        """What stands where one widget of the screen in front is."""
        place = self.app.screen.query_one(selector).content_region
        rows = self.text().split("\n")[place.y : place.bottom]
        return "\n".join(row[place.x : place.right] for row in rows)

    async def press(self, *keys: str) -> None:
        """Press keys, as Textual names them."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text into what has the focus."""
        await self.pilot.press(*("space" if letter == " " else letter for letter in text))

    async def until(self, predicate: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
        """Wait until something is true, looking whenever the screen may have changed."""
        try:
            async with asyncio.timeout(limit_s):
                while not predicate():
                    await self._changed.wait()
                    self._changed.clear()
                    await self.pilot.pause()
        except TimeoutError:
            raise AssertionError(f"never seen: {what}\n{self.text()}") from None

    async def shows(self, *texts: str, limit_s: float = LIMIT_S) -> None:
        """Wait until all these texts stand on the screen."""
        await self.until(lambda: all(text in self.text() for text in texts), repr(texts), limit_s)

    async def hides(self, text: str, limit_s: float = LIMIT_S) -> None:
        """Wait until a text is gone."""
        await self.until(lambda: text not in self.text(), f"the end of {text!r}", limit_s)


@asynccontextmanager
async def seen(
    socket: Path,
    *,
    size: tuple[int, int] = (80, 24),
    known: bool = True,
    technician: str = "T-100",
    **options: Any,
) -> AsyncIterator[Seen]:
    """Run the application; `known`: wait until it has heard of the automat."""
    app = LockerTui(socket, technician=technician, **options)
    changed = asyncio.Event()

    def hook(_: Message) -> None:
        changed.set()

    async with app.run_test(size=size, message_hook=hook, notifications=True) as pilot:
        screen = Seen(app, pilot, changed)
        if known:
            await screen.until(
                lambda: app.store.status is not None and app.store.greeting is not None, "a connection"
            )
        yield screen
