"""Dialogs upon a screen: a question with No as its default, a line of text, something told."""

import re
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.telling import plain
from tui.words import Words

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box with a title and a text; Escape closes it with no answer, Page Down scrolls a long text."""

    BINDINGS: ClassVar = [
        Binding("escape", "leave", "leave", show=False),
        Binding("pageup", "turn(-1)", "page up", show=False),
        Binding("pagedown", "turn(1)", "page down", show=False),
    ]
    ROWS_AROUND: ClassVar[int] = 6
    """What the box takes beside its text: the text gives way on a small screen, never the answers."""

    def __init__(self, title: str, text: str, words: Words) -> None:
        """Say what it is about."""
        super().__init__()
        self._heading = title
        self._text = text
        self.words = words

    def compose(self) -> ComposeResult:
        """Draw the box."""
        with Vertical(id="dialog"):
            yield Static(plain(self._heading), id="dialog-title", markup=False)
            with VerticalScroll(id="dialog-text", can_focus=False):
                yield Static(plain(self._text), markup=False)
            yield from self.compose_answers()

    def compose_answers(self) -> ComposeResult:
        """Draw what can be answered."""
        yield from ()

    def on_resize(self) -> None:
        """Let the text take what the answers leave."""
        self._scroll.styles.max_height = max(1, self.size.height - self.ROWS_AROUND)

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close it; a second answer, from a key that came at once after the first, closes nothing more."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)

    def action_leave(self) -> None:
        """Close it with no answer."""
        self.dismiss(None)

    def action_turn(self, pages: int) -> None:
        """Scroll the text."""
        scroll = self._scroll
        scroll.scroll_relative(y=pages * max(1, scroll.size.height - 1), animate=False)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#dialog-text", VerticalScroll)


class Confirm(Dialog[bool]):
    """A question; only Yes is yes, and No has the focus."""

    BINDINGS: ClassVar = [
        Binding("y,k", "answer(True)", "yes", show=False),
        Binding("n,e", "answer(False)", "no", show=False),
        # a button that has the focus takes Enter for itself; in the first moment none has it
        Binding("enter", "answer(False)", "no", show=False),
        Binding("left,right,up,down", "app.focus_next", "other", show=False),
    ]
    ROWS_AROUND: ClassVar[int] = 9

    def compose_answers(self) -> ComposeResult:
        """Draw both answers."""
        with Horizontal(id="dialog-answers"):
            yield Button(self.words("common.no"), id="no")
            yield Button(self.words("common.yes"), id="yes", variant="warning")

    def on_mount(self) -> None:
        """Let Enter mean No."""
        self.query_one("#no", Button).focus()

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - Textual gives it by position
        """Take the answer."""
        self.dismiss(answer)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class AskText(Dialog[str]):
    """A question for a line of text, which has to match a pattern as a whole."""

    def __init__(self, title: str, text: str, words: Words, *, pattern: str) -> None:
        """Say what is wanted."""
        super().__init__(title, text, words)
        self._pattern = re.compile(pattern)

    def compose_answers(self) -> ComposeResult:
        """Draw the line to type in."""
        yield Input(id="dialog-input", max_length=200)
        yield Static("", id="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Let typing begin at once."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        if typed.isprintable() and self._pattern.fullmatch(typed):
            self.dismiss(typed)
        else:
            self.query_one("#dialog-hint", Static).update(self.words("common.not-this"))


class Tell(Dialog[None]):
    """Something told; arrows scroll it, Enter, Space, Escape or a click upon the last line closes it."""

    BINDINGS: ClassVar = [Binding("enter,space", "leave", "leave", show=False)]

    def compose_answers(self) -> ComposeResult:
        """Say how it is closed."""
        yield Static("", id="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        self._scroll.can_focus = True
        self._scroll.focus()

    def on_resize(self) -> None:
        """Say that there is more than is seen."""
        super().on_resize()
        self.call_after_refresh(self._hint)

    @on(events.Click, "#dialog-hint")
    def _clicked(self) -> None:
        self.dismiss(None)

    def _hint(self) -> None:
        key = "common.arrows-scroll" if self._scroll.max_scroll_y else "common.enter-closes"
        self.query_one("#dialog-hint", Static).update(self.words(key))


class Whole(Tell):
    """Something long told, on the whole screen."""

    DEFAULT_CSS = """
    Whole #dialog { width: 100%; max-width: 100%; height: 100%; max-height: 100%; }
    Whole #dialog-text { height: 1fr; }
    """
    ROWS_AROUND: ClassVar[int] = 5
