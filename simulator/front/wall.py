"""The wall of doors, as the cabinet stands: a widget a door, redrawn only when its picture changes."""

from dataclasses import replace

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, ScrollableContainer, Vertical
from textual.message import Message
from textual.widget import Widget

from simulator.front.drawing import DoorLook, Mood, columns, draw, heights
from simulator.plan import CabinetPlan
from simulator.world import DoorView

PULSE_SHOWN_S = 0.7
NARROWEST_DOOR = 9  # and the longest label
WIDEST_DOOR = 18
_STYLES: dict[Mood, str] = {
    "shut": "#c8d3da on #26343d",
    "unlatched": "black on #d9b44a",
    "ajar": "black on #d9b44a",
    "open": "black on #7fbf7f",
    "jammed": "bold white on #9c3333",
    "pulsed": "bold black on #fff066",
}


class Door(Widget):
    """One compartment's door."""

    class Clicked(Message):
        """Somebody wants to lay hands on a door."""

        def __init__(self, label: str) -> None:
            super().__init__()
            self.label = label

    def __init__(self, label: str, name: str) -> None:
        super().__init__()
        self._look = DoorLook(name)
        self.label = label

    @property
    def look(self) -> DoorLook:
        """What is drawn now."""
        return self._look

    def show(self, view: DoorView) -> None:
        """Draw the door as it stands."""
        self._become(
            replace(self._look, state=view.state, jammed=view.jam is not None, contents=view.contents)
        )

    def flash(self) -> None:
        """Show for a moment that the coil was pulsed."""
        self._become(replace(self._look, pulsed=True))
        self.set_timer(PULSE_SHOWN_S, self._calm)

    def select(self, *, selected: bool) -> None:
        """Put the cursor on the door, or take it away."""
        self._become(replace(self._look, selected=selected))

    def render(self) -> Text:
        style = _STYLES[self._look.mood] + (" bold" if self._look.selected else "")
        width, height = self.size
        return Text("\n".join(draw(self._look, width, height)), style, no_wrap=True, end="")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self.label))

    def _calm(self) -> None:
        self._become(replace(self._look, pulsed=False))

    def _become(self, look: DoorLook) -> None:
        if look != self._look:
            self._look = look
            self.refresh()


class Wall(ScrollableContainer, can_focus=False):
    """All doors; `selected` is the one that the arrow keys have reached."""

    def __init__(self, plan: CabinetPlan) -> None:
        super().__init__(id="wall")
        self._columns = [[box.label for box in column] for column in columns(plan.compartments)]
        self._heights = heights(plan.compartments)
        self._longest = max(len(box.label) for box in plan.compartments)
        self._doors = {
            box.label: Door(box.label, box.label.ljust(self._longest)) for box in plan.compartments
        }
        self.selected = self._columns[0][0]
        self.border_title = plan.name

    def compose(self) -> ComposeResult:
        with Horizontal(id="columns"):
            for column in self._columns:
                with Vertical(classes="column"):
                    yield from (self._doors[label] for label in column)

    def on_mount(self) -> None:
        self._doors[self.selected].select(selected=True)

    def fit(self, width: int, height: int) -> int:
        """Lay the wall out for at most that room, border included; the height that it takes."""
        tallest = max(sum(self._heights[label] for label in column) for column in self._columns)
        scale = max(1, (height - 2) // tallest)
        narrowest = NARROWEST_DOOR + self._longest
        door_width = min(WIDEST_DOOR, max(narrowest, (width - 2) // len(self._columns)))
        for label, door in self._doors.items():
            door.styles.width = door_width
            door.styles.height = scale * self._heights[label]
        for column in self.query(".column"):
            column.styles.width = door_width
        self.styles.width = min(width, door_width * len(self._columns) + 2)
        return scale * tallest + 2

    def show(self, label: str, view: DoorView) -> None:
        """Draw one door as it stands."""
        self._doors[label].show(view)

    def flash(self, label: str) -> None:
        """Show for a moment that a coil was pulsed."""
        self._doors[label].flash()

    def look(self, label: str) -> DoorLook:
        """What is drawn of one door now."""
        return self._doors[label].look

    def select(self, label: str) -> None:
        """Put the cursor on a door."""
        if label != self.selected:
            self._doors[self.selected].select(selected=False)
            self.selected = label
            self._doors[label].select(selected=True)
            self._doors[label].scroll_visible(animate=False)

    def move(self, across: int, down: int) -> None:
        """Move the cursor; to the side it goes to the door at the same height."""
        column = next(i for i, labels in enumerate(self._columns) if self.selected in labels)
        labels = self._columns[column]
        if down:
            self.select(labels[(labels.index(self.selected) + down) % len(labels)])
            return
        top = sum(self._heights[label] for label in labels[: labels.index(self.selected)])
        for label in self._columns[(column + across) % len(self._columns)]:
            top -= self._heights[label]
            if top < 0:
                break
        self.select(label)
