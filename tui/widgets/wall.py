"""The cabinet as it stands, on one widget that draws only the lines that changed."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from locker.api.schema import CompartmentView
from tui.widgets.cabinet import Bank, Cabinet, Direction, Drawing, Spot
from tui.widgets.faces import MARKS, Face, Group

CURSOR = "►"
STYLES = ("border", "free", "parcel", "goes-back", "matter", "fault", "visit", "idle", "dimmed", "cursor")
_TITLE_SPACES = 3
"""Before the label, behind it and behind the marks, where there is room."""
WORD_CELLS = 11
"""What the longest word of a state takes in any language, and a space."""


class Wall(ScrollView, can_focus=True):
    """Every compartment in its place; one is selected, and stays in sight when it moves."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"wall--{style}" for style in STYLES}
    DEFAULT_CSS = """
    Wall { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    Wall > .wall--border { color: $secondary; }
    Wall > .wall--free { color: $success; }
    Wall > .wall--parcel { color: $primary; }
    Wall > .wall--goes-back { color: $accent; text-style: bold; }
    Wall > .wall--matter { color: $warning; text-style: bold; }
    Wall > .wall--fault { color: $background; background: $error; text-style: bold; }
    Wall > .wall--visit { color: $background; background: $primary; text-style: bold; }
    Wall > .wall--idle { color: $secondary; }
    Wall > .wall--dimmed { color: $secondary; text-style: dim; }
    Wall > .wall--cursor { text-style: bold reverse; }
    """
    BINDINGS: ClassVar = [
        *(Binding(key, f"go('{key}')", key, show=False) for key in ("up", "down", "left", "right")),
        Binding("home", "go_to_end(False)", "first", show=False),
        Binding("end", "go_to_end(True)", "last", show=False),
        Binding("pageup", "turn(-1)", "page up", show=False),
        Binding("pagedown", "turn(1)", "page down", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class Moved(Message):
        """Another compartment is selected, or another part of the wall is in sight."""

    class Chosen(Message):
        """Somebody wants to see the selected compartment."""

        def __init__(self, label: str) -> None:
            super().__init__()
            self.label = label

    def __init__(self) -> None:
        """Draw nothing yet."""
        super().__init__(id="wall")
        self.cabinet = Cabinet(())
        self.selected: str | None = None
        self.only: Group | None = None
        self._faces: dict[str, Face] = {}
        self._drawing: Drawing = self.cabinet.draw(1, 1, marks=MARKS)
        self._aim_mm = 0
        self._strips: dict[int, Strip] = {}
        self._styles: dict[str, Style] = {}

    # -- what to draw

    def build(self, boxes: Iterable[CompartmentView]) -> None:
        """Take in another cabinet; what was selected stays so while it exists."""
        self.cabinet = Cabinet(boxes)
        self._faces = {label: face for label, face in self._faces.items() if label in self.cabinet.stands}
        if self.selected not in self.cabinet.stands:
            self.selected = self.cabinet.order[0] if self.cabinet.order else None
        self._draw_anew()

    def put_on(self, faces: Mapping[str, Face]) -> None:
        """Give compartments their looks; only those are drawn that have changed."""
        for label, face in faces.items():
            if self._faces.get(label) != face:
                self._faces[label] = face
                self._draw_box(label)

    def show_only(self, group: Group | None) -> None:
        """Let all others stand back."""
        if group != self.only:
            self.only = group
            self._strips.clear()
            self.refresh()

    def count(self, group: Group) -> int:
        """Return how many compartments are of a group."""
        return sum(group in face.groups for face in self._faces.values())

    # -- what is selected

    def select(self, label: str) -> None:
        """Select a compartment and bring it into sight; it stays the height to go along."""
        if label in self.cabinet.stands:
            self._aim_mm = self.cabinet.middle_mm(label)
            self._select(label)

    def next_of(self, group: Group) -> str | None:
        """Return the next compartment of a group after the selected one, from the beginning at the end."""
        order = self.cabinet.order
        begin = order.index(self.selected) + 1 if self.selected in self.cabinet.stands else 0
        return next((label for label in order[begin:] + order[:begin] if group in self._groups(label)), None)

    def columns_in_sight(self) -> tuple[int, int, int]:
        """Return the first and the last column that is drawn now, and how many there are."""
        every = len(self.cabinet.columns)
        if not every:
            return 0, 0, 0
        banks = self._drawing.banks
        top, bottom = self.scroll_offset.y, self.scroll_offset.y + max(1, self.size.height) - 1
        first = banks[min(top // self._drawing.pitch, len(banks) - 1)]
        last = banks[min(bottom // self._drawing.pitch, len(banks) - 1)]
        return first.columns[0] + 1, last.columns[-1] + 1, every

    # -- keys and mouse

    def action_go(self, direction: Direction) -> None:
        """Select the neighbour."""
        if self.selected is not None:
            label = self.cabinet.neighbour(self.selected, direction, self._aim_mm)
            if direction in ("up", "down"):
                self._aim_mm = self.cabinet.middle_mm(label)
            self._select(label)

    def action_go_to_end(self, last: bool) -> None:  # noqa: FBT001 - Textual gives it by position
        """Select the first or the last compartment."""
        if self.cabinet.order:
            self.select(self.cabinet.order[-1 if last else 0])

    def action_turn(self, pages: int) -> None:
        """Select what stands as far down or up as is in sight at once."""
        if self.selected is None:
            return
        banks = max(1, self.size.height // self._drawing.pitch)
        columns = banks * len(self._drawing.banks[0].columns) * pages
        number = self.cabinet.stands[self.selected].column + columns
        column = self.cabinet.columns[min(max(number, 0), len(self.cabinet.columns) - 1)]
        aim_mm = self._aim_mm
        nearest = min(column, key=lambda stand: abs(self.cabinet.middle_mm(stand.label) - aim_mm))
        top = self._drawing.rectangles[nearest.label].y // self._drawing.pitch * self._drawing.pitch
        self.scroll_to(y=top, animate=False)
        self._select(nearest.label)

    def action_open(self) -> None:
        """Ask for the selected compartment to be shown."""
        if self.selected is not None:
            self.post_message(self.Chosen(self.selected))

    def on_click(self, event: events.Click) -> None:
        """Select what is pointed at; show it if it was selected already."""
        offset = event.get_content_offset(self)
        label = None if offset is None else self._drawing.at(offset.x, offset.y + self.scroll_offset.y)
        if label is None:
            return
        if label == self.selected:
            self.action_open()
        else:
            self.select(label)

    # -- Textual's side

    def on_resize(self) -> None:
        """Draw it for another size."""
        self._draw_anew()

    def notify_style_update(self) -> None:
        """Draw it in other colours."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that another part is in sight."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Moved())

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is in sight."""
        line = y + self.scroll_offset.y
        strip = self._strips.get(line)
        if strip is None:
            strip = self._strips[line] = self._line(line)
        return strip

    # -- inside

    def _groups(self, label: str) -> frozenset[Group]:
        face = self._faces.get(label)
        return frozenset() if face is None else face.groups

    def _select(self, label: str) -> None:
        before, self.selected = self.selected, label
        if before != label:
            if before is not None:
                self._draw_box(before)
            self._draw_box(label)
        self._keep_in_sight()
        if before != label:
            self.post_message(self.Moved())

    def _keep_in_sight(self) -> None:
        place = None if self.selected is None else self._drawing.rectangles.get(self.selected)
        if place is not None and self.size.height:
            self.scroll_to_region(Region(*place).grow((0, 0, 1, 0)), animate=False, force=True, x_axis=False)

    def _draw_anew(self) -> None:
        size = self.container_size
        self._drawing = self.cabinet.draw(size.width, size.height, marks=MARKS)
        if self._drawing.height > size.height:  # the bar takes room beside it
            width = size.width - self.scrollbar_size_vertical
            self._drawing = self.cabinet.draw(width, size.height, marks=MARKS)
        self._strips.clear()
        self.virtual_size = Size(min(self._drawing.width, size.width), self._drawing.height)
        self.refresh()
        self.call_after_refresh(self._keep_in_sight)
        self.post_message(self.Moved())

    def _draw_box(self, label: str) -> None:
        place = self._drawing.rectangles.get(label)
        if place is None:
            return
        for line in range(place.y, place.y + place.height):
            self._strips.pop(line, None)
        self.refresh(Region(place.x, place.y - self.scroll_offset.y, place.width, place.height))

    def _line(self, y: int) -> Strip:
        drawing = self._drawing
        number, line = divmod(y, drawing.pitch)
        if number >= len(drawing.banks):
            return Strip.blank(self.size.width, self.rich_style)
        bank = drawing.banks[number]
        segments: list[Segment] = []
        for at, column in enumerate(bank.columns):
            segments += self._cell(bank, at, line, drawing.spots[column])
        segments.append(Segment(bank.junctions[line][-1], self._style("border")))
        # Fewer segments: what the terminal is sent costs more than all that was drawn before.
        return Strip(segments).simplify().adjust_cell_length(self.size.width, self.rich_style)

    def _cell(self, bank: Bank, at: int, line: int, column: tuple[Spot | None, ...]) -> list[Segment]:
        """Draw a column at one line of its bank: its left wall and what stands there."""
        inner = bank.edges[at + 1] - bank.edges[at] - 1
        wall = bank.junctions[line][at]
        spot = column[line] if line < len(column) else None
        if spot is None:  # the floor, a lid, or nothing
            lid = line > 0 and column[line - 1] is not None
            return [Segment(wall + ("─" if lid else " ") * inner, self._style("border"))]
        face = self._faces.get(spot.label)
        dimmed = face is None or (self.only is not None and self.only not in face.groups)
        style = self._style("dimmed" if dimmed or face is None else face.style)
        if spot.label == self.selected:
            style += self._style("cursor")
            wall = CURSOR if spot.below == 0 else wall
        marks, words = ("", ()) if dimmed or face is None else (face.marks, face.lines)
        roomy = inner - self.cabinet.label_cells - MARKS - _TITLE_SPACES
        wordy = roomy >= WORD_CELLS
        if spot.below == 0:
            text = _title(spot.label, marks, inner, roomy=roomy >= 0)
            if wordy and words:
                text += f"{words[0]} "
            rule = "─" * (inner - len(text))
            return [
                Segment(wall, self._style("border")),
                Segment(text, style),
                Segment(rule, self._style("border")),
            ]
        number = spot.below if wordy else spot.below - 1
        text = f" {words[number]}" if number < len(words) else ""
        if len(text) > inner:
            text = text[: max(0, inner - 1)] + "."
        if not text and spot.label != self.selected and style.bgcolor == self._style("border").bgcolor:
            return [Segment(wall + " " * inner, self._style("border"))]
        return [Segment(wall, self._style("border")), Segment(text.ljust(inner), style)]

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            partial = name == "cursor"
            self._styles[name] = self.get_component_rich_style(f"wall--{name}", partial=partial)
        return self._styles[name]


def _title(label: str, marks: str, inner: int, *, roomy: bool) -> str:
    """Write label and marks, apart where there is room."""
    if roomy:
        return f" {label} {marks} " if marks else f" {label} "
    return f"{label.ljust(inner - MARKS)}{marks}"[:inner] if marks else label
