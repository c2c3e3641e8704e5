"""Dialogs upon a screen: a question with No as its default, a line of text, something told."""

import re
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.words import Words

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box with a title and a text; Escape closes it with no answer."""

    BINDINGS: ClassVar = [Binding("escape", "leave", "leave", show=False)]

    def __init__(self, title: str, text: str, words: Words) -> None:
        """Say what it is about."""
        super().__init__()
        self._heading = title
        self._text = text
        self.words = words

    def compose(self) -> ComposeResult:
        """Draw the box."""
        with Vertical(id="dialog"):
            yield Static(self._heading, id="dialog-title", markup=False)
            with VerticalScroll(id="dialog-text", can_focus=False):
                yield Static(self._text, markup=False)
            yield from self.compose_answers()

    def compose_answers(self) -> ComposeResult:
        """Draw what can be answered."""
        yield from ()

    def action_leave(self) -> None:
        """Close it with no answer."""
        self.dismiss(None)


class Confirm(Dialog[bool]):
    """A question; only Yes is yes, and No has the focus."""

    BINDINGS: ClassVar = [
        Binding("y,k", "answer(True)", "yes", show=False),
        Binding("n,e", "answer(False)", "no", show=False),
        Binding("left,right,up,down", "app.focus_next", "other", show=False),
    ]

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
        if self._pattern.fullmatch(typed):
            self.dismiss(typed)
        else:
            self.query_one("#dialog-hint", Static).update(self.words("common.not-this"))


class Tell(Dialog[None]):
    """Something told; Enter, Space or Escape closes it."""

    BINDINGS: ClassVar = [Binding("enter,space", "leave", "leave", show=False)]

    def compose_answers(self) -> ComposeResult:
        """Say how it is closed."""
        yield Static(self.words("common.enter-closes"), id="dialog-hint", markup=False)
