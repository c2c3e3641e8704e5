"""The wall: the cabinet as it stands, what is the matter with which box, and the selected one in words."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from locker.api.schema import CompartmentView, IncidentView
from tui.screens.base import LockerScreen
from tui.store import Changes, Part
from tui.widgets.bars import Painted
from tui.widgets.faces import Face, Group, face_of
from tui.widgets.wall import Wall

FILTERS: tuple[Group | None, ...] = (None, "matters", "overdue", "free")


class WallScreen(LockerScreen):
    """Arrows go over the cabinet, Enter opens what is known of the selected compartment."""

    NAME: ClassVar[str] = "wall"
    DEFAULT_CSS = """
    WallScreen #wall-strip { height: 1; color: $foreground; }
    WallScreen #wall-detail { height: auto; min-height: 2; max-height: 3; background: $surface; }
    WallScreen #wall-legend { height: auto; }
    """
    BINDINGS: ClassVar = [
        Binding("n", "next", "next", show=False),
        Binding("f", "filter", "filter", show=False),
    ]

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__()
        self._wanted: str | None = None

    def compose_body(self) -> ComposeResult:
        """The cabinet between what part of it is seen and what is selected."""
        yield Painted(id="wall-strip")
        yield Wall()
        yield Painted(id="wall-detail")
        yield Static(self.words("wall.legend").strip(), id="wall-legend")

    def on_mount(self) -> None:
        """Let the arrows go over the cabinet at once."""
        self.query_one(Wall).focus()

    def select(self, label: str) -> None:
        """Select a compartment, now or as soon as it is known."""
        self._wanted = label
        if self.is_mounted and self.store.compartments:
            self.show(self.store.everything)

    def show(self, changes: Changes) -> None:
        """Draw what changed."""
        wall, boxes = self.query_one(Wall), self.store.compartments
        if changes.labels >= boxes.keys() or not wall.cabinet.stands.keys() >= changes.labels:
            wall.build(boxes.values())
        if Part.COMPARTMENTS in changes or Part.PARCELS in changes or Part.INCIDENTS in changes:
            # A parcel that becomes overdue changes its box, which the stream does not name again.
            wall.put_on(self._faces(boxes if Part.PARCELS in changes else changes.labels))
        if self._wanted in boxes:
            wall.select(self._wanted or "")
            self._wanted = None
        self._tell()

    def action_next(self) -> None:
        """Select the next compartment with a matter, or of what the filter lets through."""
        wall = self.query_one(Wall)
        label = wall.next_of(wall.only or "matters")
        if label is None:
            self.notify(self.words("wall.no-next"))
        else:
            wall.select(label)

    def action_filter(self) -> None:
        """Go on to the next filter."""
        wall = self.query_one(Wall)
        wall.show_only(FILTERS[(FILTERS.index(wall.only) + 1) % len(FILTERS)])
        self._tell()

    @on(Wall.Moved)
    def _moved(self) -> None:
        self._tell()

    @on(Wall.Chosen)
    def _chosen(self, event: Wall.Chosen) -> None:
        self.locker.show_compartment(event.label)

    def _faces(self, labels: set[str] | dict[str, CompartmentView]) -> dict[str, Face]:
        about: dict[str, list[IncidentView]] = {}
        for incident in sorted(self.store.incidents.values(), key=lambda each: -each.number):
            about.setdefault(incident.about, []).append(incident)
        store = self.store
        return {
            label: face_of(box, store.parcels.get(box.tracking_id or ""), about.get(label, ()), self.words)
            for label in labels
            if (box := store.compartments.get(label)) is not None
        }

    def _tell(self) -> None:
        """Say what part is seen, and what is selected."""
        if not self.store.compartments:
            return
        wall = self.query_one(Wall)
        first, last, every = wall.columns_in_sight()
        self.query_one("#wall-strip", Painted).say(
            " "
            + self.words(
                "wall.strip",
                first=first,
                last=last,
                columns=every,
                matters=wall.count("matters"),
                overdue=wall.count("overdue"),
                free=wall.count("free"),
                filter=self.words(f"wall.filter-{wall.only or 'all'}"),
            )
        )
        box = self.store.compartments.get(wall.selected or "")
        self.query_one("#wall-detail", Painted).say("" if box is None else self._detail(box))

    def _detail(self, box: CompartmentView) -> str:
        words = self.words
        built = words(
            "wall.built",
            label=box.label,
            size=box.size,
            width=box.width_mm,
            height=box.height_mm,
            depth=box.depth_mm,
        )
        state = [built]
        if box.accessible:
            state.append(words("wall.accessible"))
        state.append(words.term("door", box.door))
        state.append(words.term("condition", box.condition))
        if box.free:
            state.append(words("wall-state.free"))
        if box.opening is not None:
            state.append(words.term("opening", box.opening))
        if box.awaits_word_of is not None:
            state.append(words("wall.awaits", technician=box.awaits_word_of))
        matters = [words("wall.blocked", why=box.blocked)] if box.blocked is not None else []
        if box.tracking_id is not None:
            parcel = self.store.parcels.get(box.tracking_id)
            stage = "" if parcel is None else words.term("parcel", parcel.state)
            last_day = None if parcel is None else parcel.last_pickup_date
            matters.append(
                words("wall.parcel", parcel=box.tracking_id, state=stage)
                + (words("wall.last-day", date=last_day) if last_day else "")
            )
        matters += [
            f"#{incident.number} {words.term('incident', incident.kind)}"
            for incident in self.store.incidents_about(box.label)
        ]
        return f" {' │ '.join(state)}\n {' │ '.join(matters)}".rstrip()
