"""What every screen has: tabs, the line about the automat, the banner, the keys, and how it acts."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker

from locker.api.client import AnswerUnreadable, ApiClient, DaemonSilent, DaemonUnreachable, RequestRefused
from locker.api.maintenance_schema import Asked, Maintained
from locker.api.schema import CompartmentView
from locker.errors import LockerError
from tui.store import Changes, Part, Store
from tui.widgets.bars import Banner, Keys, Tabs, TopLine
from tui.widgets.dialogs import AskText, Confirm, Dialog, Tell
from tui.words import Words

if TYPE_CHECKING:
    from tui.app import LockerTui

ALWAYS = ("leave", "repaint", "stop")
"""What a key does however long an action takes."""
SLOW_S = 2.0
"""Whoever waits longer for the daemon is told so."""
OWN_ID = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"
Answer = TypeVar("Answer")
Done = TypeVar("Done")


class LockerScreen(Screen[None]):
    """One matter: `compose_body` makes its widgets, `show` paints them from the store.

    `NAME` is the table of its texts, which has `title`, `keys` (the line at the bottom) and `help`.
    """

    NAME: ClassVar[str]
    TAB: ClassVar[str | None] = None
    """The tab that is lit; its own name unless it lies upon another screen."""
    REFUSALS: ClassVar[str] = "refusal"
    """The table of the reasons why the daemon refuses what is asked from here."""
    BINDINGS: ClassVar = [Binding("f5", "repaint", "repaint", show=False)]

    @property
    def locker(self) -> "LockerTui":
        """The application."""
        return cast("LockerTui", self.app)

    @property
    def store(self) -> Store:
        """What is known of the automat."""
        return self.locker.store

    @property
    def words(self) -> Words:
        """What to say."""
        return self.locker.words

    @property
    def drawn(self) -> bool:
        """Whether its widgets are there: not before it is mounted, nor while it is taken down."""
        return self.is_mounted and bool(self.query(Keys))

    def compose(self) -> ComposeResult:
        """Put the screen's own widgets between the bars."""
        yield Tabs(self.TAB or self.NAME)
        yield TopLine()
        yield Banner()
        with Vertical(id="body"):
            yield from self.compose_body()
        yield Keys(self.words(f"{self.NAME}.keys"))

    def compose_body(self) -> ComposeResult:
        """Make the widgets of this screen."""
        yield Static("", id="empty")

    def on_screen_resume(self) -> None:
        """Show everything as it is now."""
        self.paint(self.store.everything)

    def paint(self, changes: Changes) -> None:
        """Paint what changed; called at most a few times a second."""
        if not self.drawn:
            return
        self.query_one(Tabs).show(self.store, self.words)
        self.query_one(TopLine).show(self.store, self.words, self.locker.technician)
        if Part.CONNECTION in changes:
            self.query_one(Banner).show(self.store, self.words)
        if self.store.status is not None:
            self.show(changes)

    def show(self, changes: Changes) -> None:
        """Paint this screen's own widgets; not called before anything is known."""

    def action_repaint(self) -> None:
        """Paint everything anew."""
        self.refresh(layout=True)
        self.paint(self.store.everything)

    def show_help(self) -> None:
        """Say what can be done here."""
        everywhere = self.words("common.help-everywhere")
        text = f"{self.words(f'{self.NAME}.help')}\n\n{everywhere}"
        self.app.push_screen(Tell(self.words(f"{self.NAME}.title"), text, self.words))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Obey no key of this screen while an action of it is under way.

        What a slow connection brings in one piece ("x", then a reason) was meant for the question to come.
        """
        if action not in ALWAYS and any(
            worker.node is self and worker.group == "act" and not worker.is_finished
            for worker in self.workers
        ):
            return False
        return super().check_action(action, parameters)

    @on(Worker.StateChanged)
    def _acted(self, event: Worker.StateChanged) -> None:
        """Show the keys again as soon as they are obeyed again."""
        if event.worker.group == "act" and event.worker.is_finished:
            for keys in self.query(Keys):
                keys.back()

    # -- actions; to be called in a worker (`textual.work`), for they wait for people and for the daemon

    async def maintain(self, make: Callable[[str], Asked]) -> Maintained | None:
        """Ask for one action, as the technician whose id `make` is given; None if it was not done."""
        technician = await self.technician_id()
        if technician is None:
            return None
        return await self.act(lambda client: client.maintain(make(technician)))

    async def act(self, deed: Callable[[ApiClient], Awaitable[Done]]) -> Done | None:
        """Have something done; None if it was not, or nobody knows, which is told."""
        client = self.locker.client
        if client is None or self.store.lost is not None:
            await self.tell(self.words("common.not-done"), self.words("common.not-asked"))
            return None
        slow = self.set_timer(SLOW_S, lambda: self.notify(self.words("common.slow")))
        self.query_one(Keys).instead(self.words("common.asking"))
        try:
            return await deed(client)
        except LockerError as error:
            await self.not_acted(error)
        finally:
            slow.stop()
        return None

    async def not_acted(self, error: LockerError) -> None:
        """Say that something was not done, or that nobody knows: the answer may be lost and not the deed."""
        if isinstance(error, (DaemonUnreachable, DaemonSilent, AnswerUnreadable)):
            await self.tell(self.words("common.perhaps-title"), self.words("common.perhaps"))
        else:
            await self.refused(error)

    async def technician_id(self) -> str | None:
        """Return the technician's own id, asked once; None if a viewer asks or nobody answers."""
        if self.store.greeting is None:
            await self.tell(self.words("common.not-done"), self.words("common.not-asked"))
            return None
        if not self.store.may_act:
            await self.tell(self.words("common.viewer-title"), self.words("common.viewer"))
            return None
        if not re.fullmatch(OWN_ID, self.locker.technician):
            question = AskText(
                self.words("common.technician-title"),
                self.words("common.technician"),
                self.words,
                pattern=OWN_ID,
            )
            self.locker.technician = await self.answer_of(question) or ""
        return self.locker.technician or None

    async def answer_of(self, dialog: Dialog[Answer]) -> Answer | None:
        """Show a dialog and wait for its answer; whoever gives up waiting takes it away."""
        try:
            return await self.app.push_screen_wait(dialog)
        except asyncio.CancelledError:
            if dialog is self.app.screen:
                dialog.dismiss(None)
            raise

    async def confirm(self, title: str, question: str) -> bool:
        """Ask whether to go on; No unless somebody says Yes."""
        return await self.answer_of(Confirm(title, question, self.words)) is True

    async def ask_text(self, title: str, question: str, *, pattern: str = r".*\S.*") -> str | None:
        """Ask for a line of text; None if nobody gives one."""
        return await self.answer_of(AskText(title, question, self.words, pattern=pattern))

    def remark(self, text: str) -> None:
        """Say in the line of the keys what a key did, for a while."""
        self.query_one(Keys).remark(text)

    async def tell(self, title: str, text: str) -> None:
        """Say something, and wait until it was read."""
        await self.answer_of(Tell(title, text, self.words))

    async def refused(self, error: LockerError) -> None:
        """Say what the daemon refused and what to do instead; in its own words where we have none."""
        if isinstance(error, RequestRefused):
            said, words = error.error, self.words
            reason = words.term(self.REFUSALS, said.reason, said.detail)
            remedy = words.term(f"{self.REFUSALS}-do", said.reason, said.remedy)
            await self.tell(words("common.refused"), f"{reason}\n\n{remedy}")
        else:
            await self.tell(self.words("common.not-done"), unanswered(error, self.words))


class AskingScreen(LockerScreen):
    """A screen that asks for what no event tells: whenever it comes to the front, and by `ask_anew`."""

    def on_screen_resume(self) -> None:
        """Paint what is known, and ask."""
        super().on_screen_resume()
        self.ask_anew()

    @work(group="ask", exclusive=True)
    async def ask_anew(self) -> None:
        """Ask; what is wrong stands in the banner, and the next event asks again."""
        client = self.locker.client
        if client is not None:
            with suppress(LockerError):
                await self.ask(client)

    async def ask(self, client: ApiClient) -> None:
        """Ask for what this screen shows, and paint it."""
        raise NotImplementedError


def looked(box: CompartmentView) -> bool:
    """Tell whether somebody has looked; where no contact tells, the word itself ends the opening."""
    return box.awaits_word_of is not None or (box.opening == "blind" and box.door != "open")


def unanswered(error: BaseException, words: Words) -> str:
    """Say why the daemon gave no answer."""
    return words.term("unanswered", type(error).__name__, str(error))
