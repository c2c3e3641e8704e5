"""domain.md section 4: the smallest free compartment that fits, from an index that is never wrong."""

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from locker.domain.allocation import choose, could_fit, sizes_with_room
from locker.domain.automat import Automat
from locker.domain.compartments import Compartment, Condition, Fixture
from locker.domain.draft import Draft, restore
from locker.domain.events import Door
from locker.domain.layout import Kind, kind_of_box, walking_order
from locker.domain.parcels import Parcel
from locker.domain.rules import Rules
from locker.domain.times import NEVER_BEFORE, LastSeen, Now, Trust
from tests.unit.domain.stand import CODE_KEY, IDENTITY, MONDAY

NOW = Now(MONDAY, Trust.TRUSTED, 1_000.0)
SIDES = st.sampled_from((50, 100, 150, 200, 300))
SIZES = ("XS", "S", "M", "L")


def automat_of(boxes: Iterable[Compartment]) -> Automat:
    return restore(
        Automat(IDENTITY, Rules(), CODE_KEY, Map()),
        compartments=boxes,
        parcels=[],
        credentials=[],
        attempts=[],
        openings=[],
        incidents=[],
        commands=[],
        parked=[],
        seen=[],
        facts=Automat(IDENTITY, Rules(), CODE_KEY, Map()).facts,
        last_seen=LastSeen(NEVER_BEFORE, trusted=False, powered_s=0.0),
    )


def box(label: str, size: str, sides: Sequence[int], *, accessible: bool = False) -> Fixture:
    width, height, depth = sides
    return Fixture(label, size, width, height, depth, row=int(label), accessible=accessible)


def free_automat(*fixtures: Fixture) -> Automat:
    return automat_of(Compartment(fixture, door=Door.SHUT) for fixture in fixtures)


def chosen(automat: Automat, parcel: Parcel, **wishes: Any) -> str | None:
    found = choose(automat, parcel, **wishes)
    return None if found is None else found.label


@st.composite
def automats(draw: st.DrawFn) -> Automat:
    fixtures = [
        Fixture(
            str(number),
            draw(st.sampled_from(SIZES)),
            draw(SIDES),
            draw(SIDES),
            draw(SIDES),
            column=draw(st.integers(0, 2)),
            row=draw(st.integers(0, 2)),
            accessible=draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 8)))
    ]
    return automat_of(
        Compartment(
            fixture,
            draw(st.sampled_from((Condition.SOUND, Condition.SOUND, Condition.SUSPECT))),
            door=draw(st.sampled_from((Door.SHUT, Door.SHUT, Door.UNKNOWN))),
        )
        for fixture in fixtures
    )


PARCELS = st.builds(
    Parcel,
    st.just("X"),
    st.sampled_from(SIZES),
    dimensions_mm=st.one_of(st.none(), st.tuples(SIDES, SIDES, SIDES)),
    accessible=st.booleans(),
)


def goes_in(parcel_mm: tuple[int, int, int], fixture: Fixture) -> bool:
    inner = (fixture.width_mm, fixture.height_mm, fixture.depth_mm)
    return any(all(p <= b for p, b in zip(turned, inner, strict=True)) for turned in permutations(parcel_mm))


def by_brute_force(
    automat: Automat, parcel: Parcel, tried: Iterable[str], larger_than: str | None
) -> str | None:
    """Look at every single box."""
    boxes = automat.compartments

    def fits(fixture: Fixture) -> bool:
        if parcel.dimensions_mm is not None:
            return goes_in(parcel.dimensions_mm, fixture)
        return fixture.size == parcel.size or any(
            goes_in((other.fixture.width_mm, other.fixture.height_mm, other.fixture.depth_mm), fixture)
            for other in boxes.values()
            if other.fixture.size == parcel.size
        )

    more_than = 0 if larger_than is None else boxes[larger_than].fixture.volume_mm3
    fitting = [
        each.fixture
        for each in boxes.values()
        if each.free
        and each.label not in tried
        and each.fixture.volume_mm3 > more_than
        and fits(each.fixture)
    ]
    best = min(
        fitting,
        key=lambda f: (f.accessible is not parcel.accessible, f.volume_mm3, walking_order(f)),
        default=None,
    )
    return None if best is None else best.label


@given(automat=automats(), parcel=PARCELS, data=st.data())
def test_the_choice_is_that_of_looking_at_every_box(
    automat: Automat, parcel: Parcel, data: st.DataObject
) -> None:
    labels = st.sampled_from(sorted(automat.compartments))
    tried = data.draw(st.lists(labels, max_size=3))
    larger_than = data.draw(st.one_of(st.none(), labels))
    assert chosen(automat, parcel, tried=tried, larger_than=larger_than) == by_brute_force(
        automat, parcel, tried, larger_than
    )


CHANGES: Sequence[dict[str, Any]] = (
    {"condition": Condition.SUSPECT},
    {"condition": Condition.SOUND},
    {"blocked": "by hand"},
    {"blocked": None},
    {"door": Door.OPEN},
    {"door": Door.SHUT},
    {"goods": True},
    {"goods": None},
    {"tracking_id": "X"},
    {"tracking_id": None},
    {"opening_ongoing": True},
    {"opening_ongoing": False},
)


@given(automat=automats(), data=st.data())
def test_the_index_of_free_boxes_is_always_what_the_boxes_say(automat: Automat, data: st.DataObject) -> None:
    draft = Draft(automat, NOW)
    for _ in range(data.draw(st.integers(0, 12))):
        label = data.draw(st.sampled_from(sorted(automat.compartments)))
        draft.change_compartment(label, **data.draw(st.sampled_from(CHANGES)))
        recomputed: dict[Kind, set[str]] = {}
        for each in draft.automat.compartments.values():
            if each.free:
                recomputed.setdefault(kind_of_box(each.fixture), set()).add(each.label)
        indexed = {
            kind: {name for place, name in enumerate(automat.layout.labels) if bits >> place & 1}
            for kind, bits in draft.automat.free_boxes.items()
        }
        assert indexed == recomputed
        assert automat_of(draft.automat.compartments.values()).free_boxes == draft.automat.free_boxes


def test_a_parcel_is_turned_until_it_fits() -> None:
    automat = free_automat(box("1", "S", (350, 110, 600)), box("2", "L", (350, 400, 600)))
    assert chosen(automat, Parcel("X", "S", dimensions_mm=(600, 350, 110))) == "1"
    assert chosen(automat, Parcel("X", "S", dimensions_mm=(600, 350, 111))) == "2"
    assert chosen(automat, Parcel("X", "S", dimensions_mm=(601, 10, 10))) is None


def test_a_flat_box_of_greater_volume_does_not_stand_in_for_a_high_one() -> None:
    automat = free_automat(box("1", "M", (300, 300, 300)), box("2", "FLAT", (900, 100, 900)))
    draft = Draft(automat, NOW)
    draft.change_compartment("1", condition=Condition.SUSPECT)
    assert chosen(draft.automat, Parcel("X", "M")) is None


def test_bigger_means_of_greater_volume_than_the_one_tried() -> None:
    automat = free_automat(
        box("1", "S", (100, 100, 100)), box("2", "S", (100, 100, 100)), box("3", "L", (200, 200, 200))
    )
    assert chosen(automat, Parcel("X", "S"), tried=["1"]) == "2"
    assert chosen(automat, Parcel("X", "S"), tried=["1"], larger_than="1") == "3"
    assert chosen(automat, Parcel("X", "S"), tried=["3"], larger_than="3") is None


def test_accessible_boxes_are_for_those_who_need_them_and_for_others_only_at_last() -> None:
    automat = free_automat(
        box("1", "S", (100, 100, 100), accessible=True),
        box("2", "S", (100, 100, 100)),
        box("3", "L", (200, 200, 200)),
        box("4", "L", (200, 200, 200), accessible=True),
    )
    ordinary, flagged = Parcel("X", "S"), Parcel("Y", "S", accessible=True)
    assert [chosen(automat, ordinary, tried=tried) for tried in ([], ["2"], ["2", "3"], ["1", "2", "3"])] == [
        "2",
        "3",
        "1",
        "4",
    ]
    assert [chosen(automat, flagged, tried=tried) for tried in ([], ["1"], ["1", "4"])] == ["1", "4", "2"]


def test_whether_a_parcel_could_ever_fit_does_not_depend_on_what_is_free() -> None:
    automat = automat_of([Compartment(box("1", "S", (100, 200, 300)), Condition.FAULTY)])
    assert could_fit(automat, Parcel("X", dimensions_mm=(300, 100, 200)))
    assert not could_fit(automat, Parcel("X", dimensions_mm=(301, 100, 200)))


def test_sizes_are_offered_from_the_smallest_and_only_where_one_is_free() -> None:
    automat = free_automat(
        box("1", "L", (200, 200, 200)), box("2", "S", (100, 100, 100)), box("3", "M", (150, 150, 150))
    )
    draft = Draft(automat, NOW)
    draft.change_compartment("3", blocked="dirty")
    assert sizes_with_room(automat) == ("S", "M", "L")
    assert sizes_with_room(draft.automat) == ("S", "L")


def test_equal_boxes_are_filled_in_walking_order() -> None:
    fixtures = [
        Fixture("b", "S", 1, 1, 1, column=1, row=0),
        Fixture("c", "S", 1, 1, 1, column=0, row=1),
        Fixture("a", "S", 1, 1, 1, column=0, row=2),
    ]
    automat = free_automat(*fixtures)
    found: list[str] = []
    while (label := chosen(automat, Parcel("X", "S"), tried=found)) is not None:
        found.append(label)
    assert found == ["c", "a", "b"]


@pytest.mark.parametrize("parcel", [Parcel("X", "M"), Parcel("X", "S", dimensions_mm=(150, 20, 30))])
def test_a_choice_and_a_change_take_as_many_steps_among_a_thousand_boxes_as_among_twenty(
    parcel: Parcel,
) -> None:
    small, large = (
        free_automat(*(box(str(n), SIZES[n % 4], (100, 100 + n % 4 * 50, 300)) for n in range(count)))
        for count in (20, 1_000)
    )

    def steps(automat: Automat) -> int:
        draft = Draft(automat, NOW)
        return calls_of(lambda: choose(automat, parcel)) + calls_of(
            lambda: draft.change_compartment("7", blocked="now")
        )

    assert steps(large) <= steps(small)


def calls_of(action: Callable[[], object]) -> int:
    """Count the calls of Python and C functions that an action makes."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(before)
    return calls
