"""Doors in characters: every state has a shape of its own, and the wall stands like the cabinet."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.events import DoorState
from simulator.front.drawing import DoorLook, columns, draw, heights
from simulator.plan import demo_plan

STATES: tuple[DoorState, ...] = ("shut", "unlatched", "ajar", "open")
PARCEL = "JJFI64312000000000017"


def without_words(rows: Iterable[str]) -> str:
    """The picture without any letter, so that only its shape is left."""
    return "\n".join("".join("?" if c.isalpha() else c for c in row) for row in rows)


@given(
    state=st.sampled_from(STATES),
    jammed=st.booleans(),
    pulsed=st.booleans(),
    selected=st.booleans(),
    contents=st.lists(st.sampled_from([PARCEL, "RR123456785FI"]), max_size=3),
    label=st.sampled_from(["1", "12", "3R1"]),
    extra=st.integers(0, 9),
    height=st.integers(1, 12),
)
def test_a_picture_fills_its_room_exactly(
    state: DoorState,
    jammed: bool,  # noqa: FBT001 - hypothesis passes by name
    pulsed: bool,  # noqa: FBT001 - hypothesis passes by name
    selected: bool,  # noqa: FBT001 - hypothesis passes by name
    contents: list[str],
    label: str,
    extra: int,
    height: int,
) -> None:
    width = 9 + len(label) + extra
    rows = draw(DoorLook(label, state, jammed, pulsed, selected, tuple(contents)), width, height)
    assert [len(row) for row in rows] == [width] * height
    assert label in rows[0]


@pytest.mark.parametrize("height", [1, 2, 4])
def test_states_differ_in_shape_and_not_only_in_words_or_colour(height: int) -> None:
    shapes = {without_words(draw(DoorLook("3", state), 11, height)) for state in STATES}
    jammed = "\n".join(draw(DoorLook("3", jammed=True), 11, height))
    assert len(shapes) == len(STATES)
    assert "JAM" in jammed


@pytest.mark.parametrize("height", [1, 2, 4])
def test_a_parcel_shows_in_an_open_and_in_a_shut_compartment(height: int) -> None:
    for state in STATES:
        assert "▣" in "".join(draw(DoorLook("3", state, contents=(PARCEL,)), 11, height))
        assert "▣" not in "".join(draw(DoorLook("3", state), 11, height))


def test_a_higher_door_names_its_parcel_by_the_digits_that_are_typed() -> None:
    assert "▣00000017" in "".join(draw(DoorLook("5", contents=(PARCEL,)), 11, 2))


def test_the_wall_has_the_cabinets_columns_and_relative_heights() -> None:
    plan = demo_plan()
    high = heights(plan.compartments)
    drawn = [[(box.label, high[box.label]) for box in column] for column in columns(plan.compartments)]
    assert drawn == [
        [("1", 1), ("2", 1), ("3", 1), ("4", 1), ("5", 2), ("6", 4)],
        [("7", 2), ("8", 4), ("9", 2), ("10", 2)],
        [("11", 6), ("12", 1), ("13", 1), ("14", 2)],
    ]
