"""The wall and the search: the cabinet of the demo beside a real daemon, and a thousand boxes by hand."""

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.strip import Strip

from locker.api.schema import CompartmentView
from simulator.locker_sim import LockerSim
from tests.screens.stand import screen_text
from tests.screens.tui.cabinets import box, faces_of, incident, parcel, thousand
from tests.screens.tui.stand import Seen, seen
from tui.screens.compartment import CompartmentScreen
from tui.themes import DARK, THEMES
from tui.widgets.faces import (
    BLOCKED,
    FAULTY,
    FREE,
    GOES_BACK,
    INCIDENT,
    OPEN,
    PARCEL,
    TO_INSPECT,
    TO_SAY,
    UNKNOWN,
    UNLOCKED,
    WEAK,
    face_of,
)
from tui.widgets.wall import STYLES, WORD_CELLS, Wall
from tui.words import LANGUAGES, Language, Words, texts_in

SIZES = [(80, 24), (120, 40), (200, 60)]
OLD, NEW, CODE = "JJFI65432110000070001", "JJFI65432110000070002", "135791"

CABINET_80 = """\
► 1 ■   parcel ───────────┬ 7 ◄   goes back ────────┬ 11 ·   free ────────────┐
│ 00070002                │ 00070001                │                         │
├ 2 ·   free ─────────────┤                         │                         │
├ 3   X blocked ──────────┼ 8 ·   free ─────────────┤                         │
├ 4 ·   free ─────────────┤                         │                         │
│                         │                         │                         │
├ 5 ·   free ─────────────┤                         │                         │
│                         │                         │                         │
│                         │                         │                         │
├ 6 ·   free ─────────────┼ 9 ·   free ─────────────┼ 12 ·   free ────────────┤
│                         │                         ├ 13 ·   free ────────────┤
│                         │                         │                         │
│                         ├ 10 ·   free ────────────┼ 14 ·   free ────────────┤
│                         │                         │                         │
│                         │                         │                         │
└─────────────────────────┴─────────────────────────┴─────────────────────────┘"""


@pytest.fixture(scope="module")
def lived_in(new_locker_sim: Callable[..., LockerSim]) -> Iterator[LockerSim]:
    """Share the demo's automat with an overdue parcel, one to be collected, and a blocked compartment."""
    with new_locker_sim() as automat:
        automat.deliver(automat.announce(OLD, size="M"))
        automat.advance(days=9)
        automat.expect("parcel.overdue", subject=OLD)
        automat.deliver(automat.announce(NEW, size="S", code=CODE))
        automat.command("block_compartment", "3", operator="Oskari", reason="broken hinge")
        yield automat


class Alone(App[None]):
    """Nothing but a wall, for cabinets that no daemon has to be started for."""

    def __init__(self, boxes: list[CompartmentView]) -> None:
        super().__init__()
        self.boxes = boxes
        self.heard: list[str] = []

    def compose(self) -> ComposeResult:
        yield Wall()

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK
        self.wall.build(self.boxes)
        self.wall.put_on(faces_of(self.boxes))
        self.wall.focus()

    @property
    def wall(self) -> Wall:
        return self.query_one(Wall)

    @on(Wall.Chosen)
    def _chosen(self, event: Wall.Chosen) -> None:
        self.heard.append(event.label)


async def drawn(screen: Seen) -> Wall:
    """Wait until the cabinet is drawn."""
    await screen.shows("►", "14 ", "└")
    return screen.app.screen.query_one(Wall)


def painted(app: App[Any]) -> list[str]:
    """The screen line by line, without blanks at the ends."""
    return [line.rstrip() for line in screen_text(app).split("\n")]


# -- beside a real daemon


async def test_the_cabinet_is_drawn_as_it_stands_and_says_what_lies_where(lived_in: LockerSim) -> None:
    async with seen(lived_in.socket, matter="wall") as screen:
        await drawn(screen)
        lines = screen.lines()
        assert lines[2] == " Columns 1-3 of 3 │ free 11 │ matters 1 │ go back 1 │ shown: all"
        assert "\n".join(lines[3:19]) == CABINET_80
        assert lines[19] == " 1: S, 380 x 140 x 600 mm │ door shut │ sound"
        assert lines[20].startswith(f" {NEW} stored, last day 20")
        assert "· free  ■ parcel  ◄ goes back" in lines[21]
        await screen.press("right")
        await screen.shows(f" {OLD} overdue, last day 20")
        await screen.press("left", "down", "down")
        await screen.shows("3: S, 380 x 140 x 600 mm", "blocked: broken hinge")


@pytest.mark.parametrize("size", SIZES[1:])
async def test_the_cabinet_grows_with_the_screen_and_keeps_its_proportions(
    lived_in: LockerSim, size: tuple[int, int]
) -> None:
    async with seen(lived_in.socket, size=size, matter="wall") as screen:
        wall = await drawn(screen)
        lines = screen.lines()
        places = wall._drawing.rectangles
        small, middle, large, largest = (places[label].height for label in ("1", "7", "8", "11"))
        assert small == pytest.approx((wall.size.height - 1) / 12, abs=1)
        assert [middle / small, large / small, largest / small] == pytest.approx([2, 4, 6], rel=0.4)
        assert lines[3 + places["9"].y].count("┼") == 2
        assert all(len(line) <= size[0] for line in lines)
        assert wall.virtual_size.height <= wall.size.height


async def test_an_open_door_is_seen_while_somebody_stands_there(lived_in: LockerSim) -> None:
    async with seen(lived_in.socket, matter="wall") as screen:
        await drawn(screen)
        await asyncio.to_thread(lived_in.type, f"C {CODE} OK")
        await screen.shows("► 1 ■/  in use", "door OPEN │ sound │ in use, door open")
        parcels = await asyncio.to_thread(lived_in.take, "1")
        await asyncio.to_thread(lived_in.put, "1", parcels[0])
        await asyncio.to_thread(lived_in.shut, "1")
        await screen.hides("in use")


async def test_the_filter_lets_others_stand_back_and_n_goes_on_to_the_next_of_its_kind(
    lived_in: LockerSim,
) -> None:
    async with seen(lived_in.socket, matter="wall") as screen:
        wall = await drawn(screen)
        await screen.press("n")
        assert wall.selected == "3"
        await screen.press("f")
        await screen.shows("shown: matters", "┌ 1 ─", "3   X blocked")
        await screen.press("f", "n")
        await screen.shows("shown: go back", "├ 3 ─", "► 7 ◄   goes back")
        await screen.press("f", "n")
        await screen.shows("shown: free", "► 8 ·   free", "┬ 7 ─")
        await screen.press("f")
        await screen.shows("shown: all", "┬ 7 ◄   goes back")


async def test_slash_finds_a_compartment_from_every_screen_by_label_and_by_parcel(
    lived_in: LockerSim,
) -> None:
    async with seen(lived_in.socket, matter="journal") as screen:
        await screen.press("slash")
        await screen.shows("Label, tracking id or number of an incident:")
        await screen.type("0007000")
        await screen.shows("Compartment 1  " + NEW, "Compartment 7  " + OLD)
        await screen.press("enter")
        await screen.shows("[2 Wall]", "► 1 ")
        await screen.press("slash")
        await screen.type("1")
        await screen.shows("Compartment 14")
        await screen.press("down", "enter")
        await screen.shows("► 7 ")
        await screen.press("slash")
        await screen.type("nothing")
        await screen.shows("Nothing is known by that.")
        await screen.press("enter", "escape")
        await screen.hides("Nothing is known by that.")
        assert screen.app.matter == "wall"


async def test_the_list_of_commands_knows_screens_and_compartments_in_the_technicians_language(
    lived_in: LockerSim,
) -> None:
    async with seen(lived_in.socket, language="fi", size=(120, 40)) as screen:
        await screen.press("ctrl+p")
        await screen.shows("Näyttö, lokero, lähetystunnus tai komento", "2 Seinä", "Tumma tai vaalea")
        await screen.type("lokero 12")
        await screen.shows("Lokero 12")
        await screen.press("enter")
        await screen.shows("[2 Seinä]", "► 12 ")
        await screen.press("ctrl+p")
        await screen.type("häir")
        await screen.shows("3 Häiriöt")
        await screen.press("down", "enter")
        await screen.until(lambda: screen.app.matter == "incidents", "the incidents")


async def test_enter_and_a_second_click_show_all_about_the_compartment_and_escape_leads_back(
    lived_in: LockerSim,
) -> None:
    async with seen(lived_in.socket, matter="wall") as screen:
        wall = await drawn(screen)
        place = wall._drawing.rectangles["4"]
        for deed in ("key", "click"):
            if deed == "key":
                await screen.press("down", "down", "down", "enter")
            else:
                await screen.pilot.click(Wall, offset=(place.x + 3, place.y))
            await screen.until(lambda: isinstance(screen.app.screen, CompartmentScreen), "the compartment")
            await screen.press("escape")
            await screen.shows("► 4 ")
        assert wall.selected == "4"


# -- a thousand compartments


@pytest.mark.parametrize("size", SIZES)
async def test_of_a_thousand_boxes_each_is_reached_by_keys_and_stays_in_sight(size: tuple[int, int]) -> None:
    app = Alone(thousand())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert painted(app)[0].startswith(
            "►1   ·  ┬9   ·  ┬17  ·  ┬25  ·  ┬33  ·  ┬41  ·  ┬49  ·  ┬57  ·  ┬65  ·  "
        )
        for keys, label in ((["end"], "1000"), (["up", "left"], "991"), (["home"], "1")):
            await pilot.press(*keys)
            await pilot.pause()
            assert app.wall.selected == label
            assert any(f"►{label}" in line for line in painted(app))
        await pilot.press("pagedown")
        await pilot.pause()
        first, last, every = app.wall.columns_in_sight()
        assert 1 < first < last <= every == 125
        assert "►" in screen_text(app)


async def test_only_the_lines_of_a_changed_compartment_are_drawn_anew() -> None:
    app = Alone(thousand())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        drawn_lines: list[int] = []
        line = app.wall._line

        def counted(y: int) -> Strip:
            drawn_lines.append(y)
            return line(y)

        app.wall._line = counted  # type: ignore[method-assign]  # counts, and draws as ever
        place = app.wall._drawing.rectangles["8"]
        app.wall.put_on({"8": face_of(box("8", door="open"), None, (), Words("en"))})
        app.wall.put_on(faces_of(app.boxes[20:]))
        await pilot.pause()
        app.wall.refresh()  # what was drawn before is kept
        await pilot.pause()
        assert drawn_lines == list(range(place.y, place.y + place.height))
        assert "8    /" in screen_text(app) or "8   /" in screen_text(app)


async def test_wheel_and_clicks_work_where_the_wall_was_scrolled() -> None:
    app = Alone(thousand())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.wall.scroll_to(y=40, animate=False)
        await pilot.pause()
        row, text = next((y, line) for y, line in enumerate(painted(app)) if "├" in line)
        label = text[1:5].strip()
        await pilot.click(Wall, offset=(3, row))
        await pilot.pause()
        assert app.wall.selected == label
        assert app.heard == []
        await pilot.click(Wall, offset=(3, row))
        await pilot.pause()
        assert app.heard == [label]


async def test_an_edge_stays_where_it_is() -> None:
    app = Alone([box("1", 1, 1), box("2", 2, 1)])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("up", "left", "down")
        assert app.wall.selected == "1"
        await pilot.press("right", "right")
        assert app.wall.selected == "2"


async def test_a_cabinet_that_is_known_anew_keeps_what_was_selected_while_it_exists() -> None:
    app = Alone([box("1", 1, 1), box("2", 2, 1)])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right")
        app.wall.build([box("2", 1, 1), box("3", 2, 1)])
        assert app.wall.selected == "2"
        app.wall.build([box("3", 2, 1)])
        assert app.wall.selected == "3"
        app.wall.build([])
        await pilot.press("right", "enter", "pagedown", "home")
        assert app.wall.selected is None


async def test_both_themes_give_every_style_a_colour_that_stands_out() -> None:
    app = Alone([box("1")])
    async with app.run_test() as pilot:
        for theme in THEMES:
            app.theme = theme.name
            await pilot.pause()
            for name in STYLES[:-1]:
                style = app.wall._style(name)
                assert style.color is not None
                assert style.bgcolor is not None
                assert style.color.triplet != style.bgcolor.triplet, f"{name} in {theme.name}"


# -- what a box looks like


@pytest.mark.parametrize(
    ("said", "state", "marks", "style"),
    [
        ({}, None, "·  ", "free"),
        ({"tracking_id": NEW}, "stored", "■  ", "parcel"),
        ({"tracking_id": NEW}, "overdue", "◄  ", "goes-back"),
        ({"tracking_id": NEW}, "withdrawn", "◄  ", "goes-back"),
        ({"tracking_id": NEW, "opening": "waiting"}, "stored", "■» ", "visit"),
        ({"tracking_id": NEW, "opening": "open", "door": "open"}, "stored", "■/ ", "visit"),
        ({"tracking_id": NEW, "blocked": "hinge"}, "stored", "■ X", "matter"),
        ({"opening": "left-open", "door": "open"}, None, " / ", "matter"),
        ({"door": "open"}, None, " / ", "matter"),
        ({"door": "unknown"}, None, " ~ ", "idle"),
        ({"condition": "suspect"}, None, "  ?", "matter"),
        ({"condition": "suspect", "awaits_word_of": "T-1"}, None, "  @", "matter"),
        ({"condition": "faulty"}, None, "  #", "fault"),
        ({"blocked": "hinge"}, None, "  X", "matter"),
    ],
)
def test_marks_and_style_say_what_is_the_case(
    said: dict[str, Any], state: str | None, marks: str, style: str
) -> None:
    inside = None if state is None else parcel(NEW, state)
    face = face_of(box("1", **said), inside, (), Words("en"))
    assert (face.marks, face.style) == (marks, style)
    assert ("matters" in face.groups) == (style in ("matter", "fault"))


def test_an_incident_is_a_matter_and_a_weak_lock_has_its_own_mark() -> None:
    weak, jammed = incident(4, "1", "lock-weak"), incident(5, "1")
    assert face_of(box("1"), None, [weak], Words("en")).marks == "· ▼"
    face = face_of(box("1"), None, [jammed, weak], Words("en"))
    assert face.marks == "· !"
    assert face.lines == ("incident", "! 5")
    assert face.groups == {"matters", "free"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_legend_explains_every_mark_and_no_word_of_a_state_is_too_long_for_a_title(
    language: Language,
) -> None:
    words = Words(language)
    legend = words("wall.legend")
    for mark in (FREE, PARCEL, GOES_BACK, OPEN, UNKNOWN, UNLOCKED, FAULTY, TO_SAY, TO_INSPECT, WEAK):
        assert f"]{mark}[/]" in legend
    assert f"]{INCIDENT}[/]" in legend
    assert f"]{BLOCKED}[/]" in legend
    for line in re.sub(r"\[.*?\]", "", legend).strip().splitlines():
        assert len(line) <= 80
    assert len(words("wall.keys")) <= 78
    states = [text for key, text in texts_in(language).items() if key.startswith("wall-state.")]
    assert max(map(len, states)) < WORD_CELLS
