"""Every attack, fault and invariant is shown by something that exists; no sabotage belongs to none."""

import re

import pytest

from tests.faults.catalogue import PAGE, Row, page, rows
from tests.references import exists, planned
from tests.sabotage.twins import TWINS

ATTACKS = ("T1", "T2", "T3", "T4", "T5", "T6", "T7", "T9", "T10", *(f"T{number}" for number in range(12, 21)))
FAULTS = tuple(f"F{number}" for number in range(1, 24))
INVARIANTS = tuple(f"I{number}" for number in range(1, 9))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_row_is_shown_by_what_exists(row: Row) -> None:
    assert row.shown_by or row.missing, "nothing shows this row, and it does not say so"
    absent = [reference for reference in row.shown_by if not exists(reference)]
    assert [reference for reference in absent if not (row.missing and planned(reference))] == []
    assert len(set(row.shown_by)) == len(row.shown_by)


def test_a_reference_to_nothing_would_be_noticed() -> None:
    for nothing in ("proof:nothing", "story:nothing", "faults/test_catalogue.py::test_nobody_wrote_this"):
        assert not exists(nothing)
        assert not planned(nothing)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_row_has_a_sabotage_or_says_why_not(row: Row) -> None:
    assert row.twins or row.untwinned


def test_every_row_there_must_be_is_there_once_and_in_order() -> None:
    assert [row.name for row in rows()] == [*ATTACKS, *FAULTS, *INVARIANTS]


def test_no_sabotage_is_an_orphan() -> None:
    known = {row.name for row in rows()}
    assert [twin.name for twin in TWINS if not twin.rows or set(twin.rows) - known] == []


def test_the_page_is_drawn_from_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_what_nothing_shows_stands_loudly_at_the_head_of_the_page() -> None:
    unshown = [row for row in rows() if row.missing]
    head = page().split("## Attacks")[0]
    assert [re.search(rf"\*\*{row.name}: ", head) is not None for row in unshown] == [True] * len(unshown)
    assert ("NOT SHOWN" in head) is bool(unshown)
