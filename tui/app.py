"""The technician's application: one connection, one store, a screen for each matter.

A worker follows the daemon's events into the store; the screen in front is painted from it at most
`PAINTS_A_SECOND` times a second, however much happens. The daemon never waits for any of this.
"""

import asyncio
from contextlib import aclosing, suppress
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import App
from textual.binding import Binding
from textual.command import CommandPalette
from textual.notifications import SeverityLevel
from textual.screen import ModalScreen, Screen
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from locker.api.client import ApiClient, DaemonSilent
from locker.errors import LockerError
from tui.commands import LockerCommands
from tui.screens.audit import AuditScreen
from tui.screens.base import LockerScreen, unanswered
from tui.screens.commission import CommissionScreen
from tui.screens.compartment import CompartmentScreen
from tui.screens.incidents import IncidentsScreen
from tui.screens.journal import JournalScreen
from tui.screens.lines import LinesScreen
from tui.screens.overview import OverviewScreen
from tui.screens.search import Search
from tui.screens.tests import TestsScreen
from tui.screens.wall import WallScreen
from tui.store import Store
from tui.telling import plain
from tui.terminal import is_gone, terminal
from tui.themes import DARK, LIGHT, THEMES
from tui.widgets.bars import Tabs
from tui.widgets.dialogs import Dialog
from tui.words import Language, Words

PAINTS_A_SECOND = 4
STATUS_EVERY_S = 2.0
TERMINAL_LOOK_S = 1.0
RETRY_FIRST_S = 0.5
RETRY_MOST_S = 5.0

MATTERS: dict[str, type[LockerScreen]] = {
    "overview": OverviewScreen,
    "wall": WallScreen,
    "incidents": IncidentsScreen,
    "journal": JournalScreen,
    "lines": LinesScreen,
    "tests": TestsScreen,
    "audit": AuditScreen,
    "commission": CommissionScreen,
}
"""The screens in the order of the keys from 1."""

BETWEEN = "between"
"""Nothing, while the screens are made in another language."""


class LockerTui(App[None]):
    """Shows one automat."""

    CSS_PATH = "tui.tcss"
    TITLE = "parcel locker"
    MODES: ClassVar = {**MATTERS, BETWEEN: Screen}
    COMMANDS: ClassVar = {LockerCommands}
    BINDINGS: ClassVar = [
        *(Binding(str(n), f"matter('{name}')", name, show=False) for n, name in enumerate(MATTERS, 1)),
        Binding("f1,question_mark", "help", "help", show=False),
        Binding("slash", "search", "search", show=False),
        Binding("f2", "turn_light", "light", show=False),
        # Before any screen sees it: what is typed behind it is for the screens in the other language.
        Binding("f3", "turn_language", "language", priority=True, show=False),
        Binding("ctrl+q", "quit", "quit", priority=True, show=False),
    ]

    def __init__(
        self,
        path: Path,
        *,
        technician: str = "",
        language: Language = "en",
        light: bool = False,
        matter: str = "overview",
    ) -> None:
        """Ask the daemon at a socket, as the technician of this id; without one it is asked when needed."""
        super().__init__()
        self.path = path
        self.technician = technician
        self.words = Words(language)
        self.store = Store()
        self.client: ApiClient | None = None
        self._light = light
        self._first = matter
        self._silent = False
        self._following: Worker[None] | None = None

    async def on_mount(self) -> None:
        """Show the first screen and begin to follow the daemon."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = LIGHT if self._light else DARK
        await self.switch_mode(self._first)
        self._following = self.follow()
        self.set_interval(1 / PAINTS_A_SECOND, self.paint)
        if (descriptor := terminal()) is not None:
            self.set_interval(TERMINAL_LOOK_S, lambda: self._end_with(descriptor))

    async def on_unmount(self) -> None:
        """Let the connection be closed before the loop ends."""
        if self._following is not None:
            self._following.cancel()
            with suppress(WorkerCancelled, WorkerFailed):
                await self._following.wait()

    def _end_with(self, descriptor: int) -> None:
        if is_gone(descriptor):
            self.exit(return_code=1)

    def get_default_screen(self) -> Screen[None]:
        """Begin with nothing: the first matter comes with `on_mount`."""
        return Screen(id="nothing")

    def paint(self) -> None:
        """Let the screens in front show what changed since they were painted last."""
        changes = self.store.take_changes()
        if changes:
            for screen in self.screen_stack:
                if isinstance(screen, LockerScreen):
                    screen.paint(changes)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a message for a while, as it is: nobody obeys brackets in the name of a file."""
        del markup
        super().notify(plain(message), title=title, severity=severity, timeout=timeout, markup=False)

    # -- the daemon

    @work(exclusive=True, group="follow")
    async def follow(self) -> None:
        """Follow the daemon for ever; whatever is wrong is told, and tried again."""
        wait_s = RETRY_FIRST_S
        while True:
            try:
                async with ApiClient(self.path) as client, asyncio.TaskGroup() as group:
                    self.client = client
                    group.create_task(self._ask_status(client))
                    async with aclosing(client.events(on_lost=self._lost)) as items:
                        async for item in items:
                            if self.store.lost is not None or self.store.greeting is None:
                                self.store.take_greeting(await client.greeting())
                            self.store.apply(item)
                            wait_s = RETRY_FIRST_S
            except* LockerError as errors:
                self._lost(errors.exceptions[0])
            finally:
                self.client = None
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, RETRY_MOST_S)

    async def _ask_status(self, client: ApiClient) -> None:
        """Ask again and again: of a daemon that hangs the event stream alone would say nothing."""
        while True:
            if self.store.lost is None or self._silent:
                try:
                    self.store.take_status(await client.status())
                    if self._silent:
                        self.store.find_again()
                    self._silent = False
                except DaemonSilent as error:
                    self._lost(error)
                    self._silent = True
                except LockerError:
                    pass  # the event stream tells what is wrong
            await asyncio.sleep(STATUS_EVERY_S)

    def _lost(self, error: BaseException) -> None:
        self._silent = False
        self.store.lose(unanswered(error, self.words))

    # -- keys

    async def action_matter(self, name: str) -> None:
        """Go to a screen; what lies upon the present one is closed."""
        while len(self.screen_stack) > 1:
            if isinstance(self.screen, Dialog):
                self.screen.dismiss(None)  # somebody waits for its answer
            else:
                self.pop_screen()
        await self.switch_mode(name)

    @work
    async def action_search(self) -> None:
        """Look for a compartment, and select it on the wall."""
        label = await self.push_screen_wait(Search(self.words))
        if label is not None:
            await self.go_to(label)

    async def go_to(self, label: str) -> None:
        """Select a compartment on the wall."""
        await self.action_matter("wall")
        if isinstance(self.screen, WallScreen):
            self.screen.select(label)

    def show_compartment(self, label: str) -> None:
        """Show everything about one compartment, upon the screen in front."""
        if not isinstance(self.screen, CompartmentScreen):  # a second key may come before it is seen
            self.push_screen(CompartmentScreen(label))

    def action_command_palette(self) -> None:
        """Open the list of commands, in the technician's language."""
        if not isinstance(self.screen, CommandPalette):
            placeholder = self.words("commands.placeholder")
            self.push_screen(CommandPalette(placeholder=placeholder, id="--command-palette"))

    def action_turn_light(self) -> None:
        """Change between the dark theme and the one for daylight."""
        self.theme = DARK if self.theme == LIGHT else LIGHT

    async def action_turn_language(self) -> None:
        """Make every screen anew in the other language; a dialog is answered first."""
        if isinstance(self.screen, ModalScreen):
            return
        matter = self.matter
        await self.action_matter(BETWEEN)
        self.words = Words("en" if self.words.language == "fi" else "fi")
        for name, screen in MATTERS.items():
            await self.remove_mode(name)
            self.add_mode(name, screen)
        await self.switch_mode(matter)

    @on(Tabs.Chosen)
    async def _chosen(self, event: Tabs.Chosen) -> None:
        await self.action_matter(event.name)

    def action_help(self) -> None:
        """Show what can be done on the screen in front."""
        screen = self.screen
        if isinstance(screen, LockerScreen):
            screen.show_help()

    @property
    def matter(self) -> str:
        """Which screen is in front."""
        return self.current_mode


def run(app: LockerTui) -> int:
    """Run it; return the exit code."""
    app.run()
    return app.return_code or 0
