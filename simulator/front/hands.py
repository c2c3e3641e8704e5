"""What hands can do to one door: a menu over the front."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from simulator.front.book import named
from simulator.world import DoorView, Physics

Deed = Literal["take", "put", "stranger", "dirty", "shut", "pull", "press", "jam", "ice", "free", "force"]
DIRT = "dirt"
_MOST_IN_BAG = 12


@dataclass(frozen=True)
class Handling:
    """A deed at a door; `parcel` belongs to `put`."""

    deed: Deed
    label: str
    parcel: str | None = None


class Hands(ModalScreen[Handling | None]):
    """Asks what to do with one door; None if nothing."""

    BINDINGS: ClassVar = [Binding("escape,space,q", "dismiss(None)", "back", show=False)]

    def __init__(self, view: DoorView, bag: list[str]) -> None:
        super().__init__()
        self.label = view.label
        self._options = OptionList(id="hands")
        self._options.border_subtitle = "esc: back"
        self.renew(view, bag)

    def compose(self) -> ComposeResult:
        yield self._options

    def renew(self, view: DoorView, bag: list[str]) -> None:
        """Offer what can be done to the door as it stands now."""
        self._offers = _offers(view, bag)
        self._options.border_title = f"door {view.label}: {view.state}"
        self._options.set_options(
            Option(text, disabled=not possible) for _, text, _, possible in self._offers
        )
        self._options.highlighted = next(i for i, (*_, possible) in enumerate(self._offers) if possible)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._offers[event.option_index][2])

    def on_key(self, event: events.Key) -> None:
        for key, _, handling, possible in self._offers:
            if key and key == event.character and possible:
                event.stop()
                self.dismiss(handling)
                return


def _offers(view: DoorView, bag: list[str]) -> list[tuple[str, str, Handling, bool]]:
    label, reach = view.label, view.opening >= Physics.reach_at
    offers: list[tuple[str, str, Handling, bool]] = []

    def offer(key: str, text: str, deed: Deed, *, possible: bool = True, parcel: str | None = None) -> None:
        offers.append((key, f"{key or ' '}  {text}", Handling(deed, label, parcel), possible))

    inside = ", ".join(named(thing) for thing in view.contents) or "nothing inside"
    offer("t", f"take out: {inside}", "take", possible=reach and bool(view.contents))
    for index, parcel in enumerate(bag[:_MOST_IN_BAG]):
        offer("" if index else "p", f"put in: {named(parcel)}", "put", possible=reach, parcel=parcel)
    offer("n", "put in: a parcel that nobody announced", "stranger", possible=reach)
    offer("y", "make it dirty", "dirty", possible=reach)
    offer("s", "push the door shut", "shut", possible=not view.shut)
    offer("u", "pull at the door", "pull")
    offer("d", "press the door", "press")
    if view.jam is None:
        offer("j", "jam it for good", "jam")
        offer("i", "freeze it: pull or press to free", "ice")
    else:
        offer("f", f"free it (jammed: {view.jam})", "free")
    offer("x", "break it open", "force", possible=view.shut)
    return offers
