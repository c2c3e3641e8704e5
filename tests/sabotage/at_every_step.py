"""Safeguards of what must hold at every step (rows I.. of the catalogue), beside those of single faults.

Some are rules of the core as well: the state machine finds them in minutes, a test of the rule at once.
"""

from dataclasses import replace

from tests.sabotage.rules import RULES
from tests.sabotage.twin import Twin

PICKUP = "tests/unit/domain/test_pickup.py"
DELIVERY = "tests/unit/domain/test_delivery.py"


def _rule(name: str, catcher: str, *rows: str) -> Twin:
    """Return a rule of the core as a twin that one test has to catch."""
    return replace(next(rule for rule in RULES if rule.name == name), catchers=(catcher,), rows=rows)


AT_EVERY_STEP = (
    _rule("no receipt is written", f"{PICKUP}::test_grade_a_needs_code_pulse_open_and_shut", "I3"),
    _rule(
        "a deposit is recorded twice",
        f"{DELIVERY}::test_a_deposit_starts_the_storage_time",
        "I3",
    ),
    _rule(
        "a box that holds a parcel is offered",
        f"{DELIVERY}::test_the_smallest_free_compartment_of_the_size_is_chosen_then_a_larger_one",
        "I4",
    ),
    Twin(
        "two parcels may lie in one compartment",
        "locker/db/migrations/versions/revision_0002.py",
        '["compartment"], unique=True, sqlite_where',
        '["compartment"], unique=False, sqlite_where',
        ("tests/unit/db/test_session.py::test_two_parcels_cannot_lie_in_one_compartment",),
        ("I4",),
    ),
    _rule(
        "two doors at one keypad",
        f"{PICKUP}::test_several_parcels_under_one_code_open_one_after_another",
        "I6",
    ),
    _rule(
        "a door is opened while it is under way",
        "tests/unit/domain/test_door_events.py"
        "::test_a_door_that_is_under_way_is_not_pulsed_for_the_same_code_at_another_keypad",
        "I6",
        "F6",
    ),
    Twin(
        "an opening is not written down",
        "locker/domain/draft.py",
        "        self._change(opening, label)\n        self.automat = changed(",
        "        self.automat = changed(",
        ("tests/unit/domain/test_restart.py::test_what_was_committed_is_what_a_restart_finds",),
        ("I7", "F6"),
    ),
    Twin(
        "a parcel's fate is not written down",
        "locker/domain/draft.py",
        "        self._change(parcel, key)\n",
        "",
        ("tests/unit/domain/test_restart.py::test_what_was_committed_is_what_a_restart_finds",),
        ("I7",),
    ),
)
