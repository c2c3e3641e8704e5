"""The agenda keeps its lines in order, whatever is entered and struck, and copies little."""

import random

from hypothesis import given
from hypothesis import strategies as st

from locker.domain.agenda import PAGE_MOST, Agenda

EMPTY: Agenda[float] = Agenda()
CHANGES = st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(0, 50).map(float)), max_size=300)


@given(CHANGES)
def test_it_is_a_sorted_list_of_its_names(changes: list[tuple[int, float | None]]) -> None:
    agenda, plain = EMPTY, dict[tuple[str, str], float]()
    for number, due in changes:
        name = ("parcel", str(number))
        agenda = agenda.with_due(name, due)
        plain.pop(name, None)
        if due is not None:
            plain[name] = due
    lines = sorted((due, name) for name, due in plain.items())
    assert [line for page in agenda.pages for line in page] == lines
    assert dict(agenda.due_of) == plain
    assert agenda.earliest == (lines[0][0] if lines else None)
    assert agenda.due_by(25.0) == tuple(name for due, name in lines if due <= 25.0)
    assert all(0 < len(page) <= PAGE_MOST for page in agenda.pages)


def test_two_agendas_of_the_same_lines_are_equal_however_they_came_about() -> None:
    names = [("parcel", str(number)) for number in range(200)]
    one, other = EMPTY, EMPTY
    for name in names:
        one = one.with_due(name, float(name[1]))
    for name in reversed(names):
        other = other.with_due(name, 0.0).with_due(name, float(name[1]))
    assert one == other


def test_a_change_keeps_all_pages_but_a_few() -> None:
    dice, agenda = random.Random(1), EMPTY
    for number in range(1_000):
        agenda = agenda.with_due(("parcel", str(number)), dice.random())
    changed = agenda.with_due(("parcel", "500"), 0.5)
    kept = {id(page) for page in agenda.pages} & {id(page) for page in changed.pages}
    assert len(kept) >= len(agenda.pages) - 4
    assert len(agenda.pages) < 100
