"""Search: a label, a tracking id or the number of an incident leads to the compartment."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.widgets.dialogs import Dialog
from tui.words import Words

if TYPE_CHECKING:
    from tui.app import LockerTui

HITS_MOST = 50
ELSEWHERE_MOST = 5


class Search(Dialog[str]):
    """Shows the hits while somebody types; Enter takes the one that is marked, a click any."""

    DEFAULT_CSS = """
    Search #search-hits { height: auto; max-height: 10; border: none; }
    """
    BINDINGS: ClassVar = [
        Binding("down", "mark(1)", "down", show=False, priority=True),
        Binding("up", "mark(-1)", "up", show=False, priority=True),
    ]

    def __init__(self, words: Words) -> None:
        """Ask what is looked for."""
        super().__init__(words("search.title"), words("search.help"), words)

    def compose_answers(self) -> ComposeResult:
        """Draw the line to type in, and the hits."""
        yield Input(id="search-input", max_length=64)
        hits = OptionList(id="search-hits", markup=False)
        hits.can_focus = False
        yield hits
        yield Static("", id="dialog-hint", markup=False)

    def on_mount(self) -> None:
        """Let typing begin at once."""
        self.query_one(Input).focus()

    def action_mark(self, step: int) -> None:
        """Mark the next hit."""
        hits = self.query_one(OptionList)
        if hits.option_count:
            hits.highlighted = ((hits.highlighted or 0) + step) % hits.option_count

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        store = cast("LockerTui", self.app).store
        found = store.find(event.value)
        hits = self.query_one(OptionList)
        hits.clear_options()
        hits.add_options(
            Option(described(label, self.app, self.words), id=label) for label in found[:HITS_MOST]
        )
        hits.highlighted = 0 if found else None
        hint = self.words("search.how") if found else ""
        if event.value.strip() and not found:
            hint = self._elsewhere(event.value) or self.words("search.none")
        elif len(found) > HITS_MOST:
            hint = self.words("search.more", count=len(found) - HITS_MOST)
        self.query_one("#dialog-hint", Static).update(hint)

    def _elsewhere(self, text: str) -> str:
        """Tell of parcels that are known and lie in no compartment."""
        parcels = cast("LockerTui", self.app).store.parcels_elsewhere(text)
        told = [
            self.words(
                "search.elsewhere", parcel=each.tracking_id, state=self.words.term("stage", each.state)
            )
            for each in parcels[:ELSEWHERE_MOST]
        ]
        if len(parcels) > ELSEWHERE_MOST:
            told.append(self.words("search.more", count=len(parcels) - ELSEWHERE_MOST))
        return "\n".join(told)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        hits = self.query_one(OptionList)
        if hits.highlighted is not None:
            self.dismiss(hits.get_option_at_index(hits.highlighted).id)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)


def described(label: str, app: object, words: Words) -> str:
    """Say in one line which compartment this is and why somebody may look for it."""
    store = cast("LockerTui", app).store
    box = store.compartments[label]
    parts = [f"{words('search.compartment')} {label}", box.tracking_id or ""]
    parts += [f"#{each.number} {words.term('incident', each.kind)}" for each in store.incidents_about(label)]
    return "  ".join(filter(None, parts))
