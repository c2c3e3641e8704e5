"""An automat is waited for until it serves, and what is lacking has a name."""

from typing import Any

import pytest

from simulator.plan import CabinetPlan
from simulator.serving import lacking
from simulator.stories.plans import small_plan

PLAN = small_plan("1", "2")
STATUS = {"started": True, "lost_parts": [], "faulty_keypads": []}
LINES = {
    "lines": [{"name": "locks", "open": True, "problem": None, "boards": [{"name": "A1", "lost": False}]}],
    "peripherals": [{"what": "keypad", "name": "front", "open": True, "problem": None}],
}
BOXES = {"compartments": [{"label": "1", "door": "shut"}, {"label": "2", "door": "shut"}]}


def said(status: Any = None, lines: Any = None, boxes: Any = None, plan: CabinetPlan = PLAN) -> list[str]:
    return lacking(plan, STATUS | (status or {}), LINES | (lines or {}), boxes or BOXES)


def test_an_automat_whose_parts_all_work_lacks_nothing() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({"status": {"started": False}}, "the daemon has not started"),
        ({"status": {"lost_parts": ["line locks"]}}, "line locks is lost"),
        ({"status": {"faulty_keypads": ["front"]}}, "keypad front is out of order"),
        (
            {"lines": {"lines": [{"name": "locks", "open": False, "problem": "no device", "boards": []}]}},
            "line locks: no device",
        ),
        (
            {"lines": {"lines": [LINES["lines"][0] | {"boards": [{"name": "A1", "lost": None}]}]}},
            "board A1 does not answer",
        ),
        (
            {"lines": {"peripherals": [LINES["peripherals"][0] | {"open": False, "problem": "opening"}]}},
            "keypad front: opening",
        ),
        (
            {"boxes": {"compartments": [{"label": "1", "door": "open"}, {"label": "2", "door": "unknown"}]}},
            "door 2 was not read",
        ),
    ],
)
def test_what_does_not_work_yet_is_named(changed: dict[str, Any], lacks: str) -> None:
    assert said(**changed) == [lacks]
