"""The geometry of the wall: whatever the cabinet and the screen, each box is drawn, readable, reachable."""

from itertools import combinations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker.api.schema import CompartmentView
from tests.screens.tui.cabinets import box, cabinet_of, thousand
from tui.widgets.cabinet import WIDEST_CELLS, Cabinet, Direction
from tui.widgets.faces import MARKS

DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


@st.composite
def cabinets(draw: st.DrawFn) -> list[CompartmentView]:
    """Cabinets with gaps, odd sizes, and boxes whose place nobody told."""
    boxes: list[CompartmentView] = []
    for column in range(draw(st.integers(0, 12))):
        width_mm = draw(st.integers(150, 900))
        row = draw(st.integers(1, 3))
        for _ in range(draw(st.integers(1, 12))):
            label = str(len(boxes) + 1)
            height_mm = draw(st.integers(60, 1900))
            boxes.append(box(label, column + 1, row, height_mm=height_mm, width_mm=width_mm))
            row += draw(st.sampled_from((1, 1, 1, 3)))
    boxes += [box(f"x{number}", 0, 0) for number in range(draw(st.integers(0, 25)))]
    return boxes or [box("1")]


@given(boxes=cabinets(), width=st.integers(12, 210), height=st.integers(1, 60))
def test_every_box_is_drawn_once_with_room_for_label_and_marks(
    boxes: list[CompartmentView], width: int, height: int
) -> None:
    cabinet = Cabinet(boxes)
    drawing = cabinet.draw(width, height, marks=MARKS)
    assert drawing.rectangles.keys() == {each.label for each in boxes}
    least = 1 + cabinet.label_cells + MARKS
    for label, place in drawing.rectangles.items():
        assert place.height >= 1
        assert place.width >= least
        assert drawing.at(place.x, place.y) == label
        assert drawing.at(place.x + place.width - 1, place.y + place.height - 1) == label
    assert drawing.width <= max(width, 2 * least + 1)
    covered = sum(place.width * place.height for place in drawing.rectangles.values())
    seen = {(x, y) for x in range(drawing.width) for y in range(drawing.height) if drawing.at(x, y)}
    assert len(seen) == covered, "boxes overlap"


@given(boxes=cabinets(), width=st.integers(12, 210), height=st.integers(1, 60))
def test_boxes_of_a_column_keep_their_order_and_of_two_the_taller_is_never_drawn_much_smaller(
    boxes: list[CompartmentView], width: int, height: int
) -> None:
    cabinet = Cabinet(boxes)
    places = cabinet.draw(width, height, marks=MARKS).rectangles
    for column in cabinet.columns:
        tops = [places[stand.label].y for stand in column]
        assert tops == sorted(set(tops))
    if cabinet.rows_most * 2 <= height and len(cabinet.columns) == 1:
        sizes = [(each.height_mm, places[each.label].height) for each in boxes]
        for (one_mm, one), (other_mm, other) in combinations(sizes, 2):
            if one_mm >= 2 * other_mm:
                assert one >= other - 1


@given(boxes=cabinets())
def test_arrows_reach_every_box_and_none_leads_out_of_the_cabinet(boxes: list[CompartmentView]) -> None:
    cabinet = Cabinet(boxes)
    reached, waiting = {cabinet.order[0]}, [cabinet.order[0]]
    while waiting:
        label = waiting.pop()
        for direction in DIRECTIONS:
            other = cabinet.neighbour(label, direction, cabinet.middle_mm(label))
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    # Sideways an arrow goes to one box of a column only; up and down lead to the others.
    assert reached == set(cabinet.order)


def test_going_there_and_back_along_a_height_ends_where_it_began() -> None:
    cabinet = Cabinet(cabinet_of([("S", "S", "S", "S"), ("L",), ("M", "M")]))
    aim_mm = cabinet.middle_mm("3")
    across = cabinet.neighbour("3", "right", aim_mm)
    assert across == "5"
    assert cabinet.neighbour(across, "right", aim_mm) == "7"
    assert cabinet.neighbour(across, "left", aim_mm) == "3"


def test_heights_are_in_proportion_and_rows_of_neighbours_line_up() -> None:
    cabinet = Cabinet(cabinet_of([("S", "S", "M", "L"), ("L", "M", "S", "S"), ("XL", "M")]))
    places = cabinet.draw(80, 17, marks=MARKS).rectangles
    heights = [places[str(number)].height for number in range(1, 11)]
    assert heights == [2, 2, 4, 8, 8, 4, 2, 2, 12, 4]
    assert places["3"].y == places["1"].y + 4
    assert places["6"].y == places["4"].y


def test_a_column_that_lacks_rows_has_its_gap_where_the_rows_jump() -> None:
    around_display = [box("1", 1, 1), box("2", 1, 4), *(box(str(n), 2, n - 2) for n in range(3, 7))]
    places = Cabinet(around_display).draw(60, 9, marks=MARKS).rectangles
    assert places["1"].y == 0
    assert places["2"].y == places["6"].y
    drawing = Cabinet(around_display).draw(60, 9, marks=MARKS)
    assert drawing.at(places["1"].x + 1, places["1"].height) is None


def test_a_short_column_stands_on_the_floor() -> None:
    places = Cabinet(cabinet_of([("S", "S", "S", "S"), ("S", "S")])).draw(60, 9, marks=MARKS).rectangles
    assert places["6"].y + places["6"].height == places["4"].y + places["4"].height


def test_wider_columns_are_drawn_wider() -> None:
    boxes = [box("1", 1, width_mm=300), box("2", 2, width_mm=600)]
    places = Cabinet(boxes).draw(80, 10, marks=MARKS).rectangles
    assert 1.7 <= places["2"].width / places["1"].width <= 2.1
    assert places["1"].width <= WIDEST_CELLS


@pytest.mark.parametrize(
    ("size", "banks", "at_once"), [((79, 16), 14, 72), ((119, 32), 9, 224), ((199, 52), 6, 576)]
)
def test_a_thousand_boxes_stand_in_banks_so_that_many_are_seen_at_once(
    size: tuple[int, int], banks: int, at_once: int
) -> None:
    drawing = Cabinet(thousand()).draw(*size, marks=MARKS)
    assert len(drawing.banks) == banks
    in_sight = [place for place in drawing.rectangles.values() if place.y + place.height < size[1]]
    assert len(in_sight) >= at_once


def test_an_automat_without_compartments_is_an_empty_drawing() -> None:
    cabinet = Cabinet([])
    assert cabinet.draw(80, 20, marks=MARKS).at(1, 1) is None
    assert cabinet.order == []
