"""A question over the front: one of a few answers, by number, by cursor, or none."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

_KEYS = "123456789abcdefghijklmnoprstuvwxyz"  # no q: that goes back


class Choose(ModalScreen[int | None]):
    """Gives the index of the answer, None if there was none."""

    BINDINGS: ClassVar = [
        Binding("escape,q,left", "dismiss(None)", "back", show=False),
        Binding("right,space", "pick", "this one", show=False),
    ]

    def __init__(self, title: str, answers: Sequence[str]) -> None:
        super().__init__()
        self._count = len(answers)
        keys = (*_KEYS, *" " * len(answers))
        self._options = OptionList(
            *(Option(f"{key}  {answer}") for key, answer in zip(keys, answers, strict=False)),
            id="choose",
            markup=False,
        )
        self._options.border_title = title
        self._options.border_subtitle = "enter: this one  esc: back"
        self._options.highlighted = 0 if answers else None

    def compose(self) -> ComposeResult:
        yield self._options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_index)

    def action_pick(self) -> None:
        """Take the answer under the cursor."""
        if self._options.highlighted is not None:
            self.dismiss(self._options.highlighted)

    def on_key(self, event: events.Key) -> None:
        index = _KEYS.find(event.character or " ")
        if 0 <= index < self._count:
            event.stop()
            self.dismiss(index)


class Reading(ModalScreen[None]):
    """Lines to read over the front; escape takes them away."""

    BINDINGS: ClassVar = [Binding("escape,space,enter,e,q", "dismiss(None)", "back", show=False)]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._text = Static("\n".join(lines), id="reading", markup=False)
        self._text.border_title = title
        self._text.border_subtitle = "esc: back"

    def compose(self) -> ComposeResult:
        yield self._text
