"""A dialog with a list to choose from, narrowed by typing a part of a name."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.widgets.dialogs import Dialog
from tui.words import Words


class Choose(Dialog[str]):
    """Answers the key of what was chosen; Escape answers None."""

    DEFAULT_CSS = "Choose OptionList { height: auto; max-height: 10; }"
    BINDINGS: ClassVar = [
        Binding("up", "move('up')", "up", show=False, priority=True),
        Binding("down", "move('down')", "down", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str, words: Words, *, choices: Sequence[tuple[str, str]]) -> None:
        """Offer keys with their names."""
        super().__init__(title, text, words)
        self._choices = choices

    def compose_answers(self) -> ComposeResult:
        """Draw the line to type in and the list."""
        yield Input(id="dialog-input", max_length=60)
        yield OptionList(id="dialog-choices", markup=False)

    def on_mount(self) -> None:
        """Offer everything, and let typing begin at once."""
        self._offer("")
        self.query_one(Input).focus()

    def action_move(self, way: str) -> None:
        """Go up or down in the list, while the line keeps the focus."""
        choices = self.query_one(OptionList)
        if way == "up":
            choices.action_cursor_up()
        else:
            choices.action_cursor_down()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._offer(event.value.strip().lower())

    @on(Input.Submitted)
    def _submitted(self) -> None:
        option = self.query_one(OptionList).highlighted_option
        if option is not None:
            self.dismiss(option.id)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def _offer(self, part: str) -> None:
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options(
            Option(name, id=key) for key, name in self._choices if part in name.lower() or part in key
        )
        choices.highlighted = 0 if choices.option_count else None
