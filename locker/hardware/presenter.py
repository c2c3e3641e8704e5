"""A display that turns the pages of what it has to say."""

import asyncio
from collections.abc import Callable, Sequence

from drivers.base import Display
from drivers.keeper import PortKeeper
from locker.domain.messages import Message

PAGE_S = 2.5
CELLS = 20

Page = tuple[str, str]
Render = Callable[[Message], Sequence[Page]]


class Presenter:
    """Turns the pages of one display; while its cells are tested, what it has to say waits."""

    def __init__(self, keeper: PortKeeper, display: Display) -> None:
        self.keeper = keeper
        self.display = display
        self._pages: Sequence[Page] = ()
        self._next = 0
        self._turn: asyncio.TimerHandle | None = None
        self._filled = False

    def present(self, pages: Sequence[Page]) -> None:
        """Show the first page now and turn through the rest."""
        self._pages, self._next = pages, 0
        if not self._filled:
            self._show_next()

    def fill(self, cell: str) -> None:
        """Show one character in every cell until told to go on."""
        self._cancel()
        self._filled = True
        self.display.show(cell * CELLS, cell * CELLS)

    def go_on(self) -> None:
        """Show the latest message again, from its first page."""
        self._filled, self._next = False, 0
        if not self._pages:
            self.display.show("", "")
        self._show_next()

    async def stop(self) -> None:
        """Turn no more pages."""
        self._cancel()
        self.display.stop()
        await self.keeper.stop()

    def _show_next(self) -> None:
        self._cancel()
        if not self._pages:
            return
        self.display.show(*self._pages[self._next])
        if len(self._pages) > 1:
            self._next = (self._next + 1) % len(self._pages)
            self._turn = asyncio.get_running_loop().call_later(PAGE_S, self._show_next)

    def _cancel(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
