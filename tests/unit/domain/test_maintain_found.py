"""What a technician says of a box that was opened for it: only after a look; it settles what it can."""

from collections.abc import Callable

import pytest

from locker.domain.commands import OpenCompartment
from locker.domain.compartments import Condition
from locker.domain.events import CommissionBegun, Door, GoodsSeen, LockTrialAsked
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.maintenance import BeginAudit, CycleLock, OpenDoor
from locker.domain.parcels import ParcelState
from tests.unit.domain.rounds import technician_opens
from tests.unit.domain.stand import Stand
from tests.unit.domain.technician import REASON, WHO, ask, looked, opened, say, seen

PARCEL = "JJFI65432110000070773"
OTHER = "JJFI65432110000070774"
VERDICTS = ["empty", "parcel", "dirty", "damaged"]


def open_matters(stand: Stand) -> set[IncidentKind]:
    return {kind for kind, _ in stand.automat.open_matters}


# -- only after a look


@pytest.mark.parametrize("verdict", VERDICTS)
def test_nobody_is_believed_without_having_looked(verdict: str) -> None:
    assert say(Stand(), "2", verdict) == "not-looked"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_nobody_is_believed_while_the_door_is_open(verdict: str) -> None:
    stand = Stand()
    opened(stand)
    assert say(stand, "2", verdict) == "door-open"


def test_a_word_counts_once() -> None:
    stand = Stand()
    seen(stand, "2", "empty")
    assert say(stand, "2", "empty") == "not-looked"


def springs_open(stand: Stand) -> None:
    stand.door("2", Door.OPEN)
    stand.door("2", Door.SHUT)


def from_afar(stand: Stand) -> None:
    assert stand.command(OpenCompartment("2", "desk 4", "a toy")) is None
    stand.opens_and_shuts()


def at_keypad(stand: Stand) -> None:
    technician_opens(stand, "2", "side")
    stand.opens_and_shuts()
    stand.press("C C", "side")


def asked_again(stand: Stand) -> None:
    ask(stand, OpenDoor("2", REASON))
    stand.pulse_sent()
    stand.wait(200)


def line_lost(stand: Stand) -> None:
    stand.door("2", Door.UNKNOWN)
    stand.door("2", Door.SHUT)


def commission(stand: Stand) -> None:
    assert stand.do(CommissionBegun("root (0)")).refused is None
    assert stand.do(LockTrialAsked("root (0)", "2")).refused is None


@pytest.mark.parametrize(
    "meanwhile", [springs_open, from_afar, at_keypad, asked_again, line_lost, commission]
)
def test_whatever_may_have_opened_the_door_since_ends_the_look(meanwhile: Callable[[Stand], None]) -> None:
    stand = Stand()
    looked(stand)
    meanwhile(stand)
    assert say(stand, "2", "empty") == "not-looked"
    assert stand.box("2").condition is not Condition.SOUND


def test_the_word_itself_ends_an_opening_that_no_contact_sees() -> None:
    stand = Stand(blind=["2"])
    assert ask(stand, OpenDoor("2", REASON)) is None
    assert say(stand, "2", "empty") == "not-looked", "nothing was pulsed yet"
    stand.pulse_sent()
    assert say(stand, "2", "empty") is None
    assert "2" not in stand.automat.openings
    assert stand.last(EntryKind.OPENED_BY_PERSON).data["reason"] == REASON
    assert stand.last(EntryKind.COMPARTMENT_INSPECTED).data["grade"] == "B"
    assert stand.box("2").free


def test_a_refused_word_leaves_an_opening_that_no_contact_sees_under_way() -> None:
    stand = Stand(blind=["2"])
    looked(stand)
    assert say(stand, "2", "parcel", "nonsense") == "unknown-tracking-id"
    assert "2" in stand.automat.openings


def test_a_blind_opening_whose_time_ran_out_still_takes_the_word() -> None:
    stand = Stand(blind=["2"])
    looked(stand)
    stand.wait(61)
    assert say(stand, "2", "empty") is None


def test_a_door_that_stood_open_already_takes_the_word_only_once_it_is_seen_shut() -> None:
    stand = Stand()
    stand.door("2", Door.OPEN)
    looked_at_open = ask(stand, OpenDoor("2", REASON))
    assert looked_at_open is None
    stand.pulse_sent()
    assert say(stand, "2", "empty") == "door-open"
    stand.wait(61)
    assert say(stand, "2", "empty") == "door-open", "its time ran out, and it stands open"
    assert ask(stand, OpenDoor("2", REASON)) is None
    stand.pulse_sent()
    stand.door("2", Door.SHUT)
    assert say(stand, "2", "empty") is None
    assert stand.last(EntryKind.COMPARTMENT_INSPECTED).data["grade"] == "B"


# -- empty


def test_an_empty_box_is_offered_again_and_the_journal_tells_who_saw_it() -> None:
    stand = Stand()
    seen(stand, "2", "empty")
    assert stand.box("2").free
    assert stand.reloaded().compartments["2"].free
    data = stand.last(EntryKind.COMPARTMENT_INSPECTED).data
    assert {**data, **WHO, "verdict": "empty", "grade": "A"} == data
    assert {"dooropened", "doorclosed"} <= data.keys()
    assert "audit" not in data


def test_a_look_settles_every_doubt_about_the_box() -> None:
    stand = Stand()
    springs_open(stand)
    assert open_matters(stand) == {IncidentKind.DOOR_OPENED_UNASKED}
    seen(stand, "2", "empty")
    assert not open_matters(stand)


def test_a_goods_sensor_contradicts_who_says_empty() -> None:
    stand = Stand()
    stand.do(GoodsSeen("2", present=True))
    looked(stand)
    assert say(stand, "2", "empty") == "something-inside"
    assert say(stand, "2", "parcel") is None


def test_a_parcel_that_is_not_where_it_should_be_is_missing() -> None:
    stand = Stand()
    label = stand.deliver()
    seen(stand, label, "empty")
    assert stand.parcel().state is ParcelState.MISSING
    assert stand.last(EntryKind.PARCEL_MISSING).data["technician"] == "t-7"
    assert open_matters(stand) == {IncidentKind.COMPARTMENT_EMPTY}
    assert stand.box(label).free


# -- a parcel


def test_an_expected_parcel_is_seen_and_its_box_sound() -> None:
    stand = Stand()
    label = stand.deliver()
    seen(stand, label, "parcel")
    entry = stand.last(EntryKind.COMPARTMENT_INSPECTED)
    assert (entry.subject, entry.data["verdict"]) == (PARCEL, "as expected")
    assert stand.box(label).condition is Condition.SOUND
    assert stand.parcel().state is ParcelState.STORED


def test_an_expected_parcel_may_be_named_too() -> None:
    stand = Stand()
    label = stand.deliver()
    seen(stand, label, "parcel", PARCEL.lower())
    assert stand.last(EntryKind.COMPARTMENT_INSPECTED).data["verdict"] == "as expected"


def test_an_announced_parcel_that_is_named_is_stored_with_its_door_as_evidence() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    seen(stand, "2", "parcel", PARCEL)
    entry = stand.last(EntryKind.PARCEL_STORED)
    assert {**entry.data, **WHO, "found": True, "grade": "A", "compartment": "2"} == entry.data
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == "2"


def test_something_that_nobody_can_name_leaves_an_incident() -> None:
    stand = Stand()
    seen(stand, "2", "parcel")
    assert stand.box("2").condition is Condition.SUSPECT
    assert open_matters(stand) == {IncidentKind.COMPARTMENT_OCCUPIED}


def test_another_parcel_than_the_expected_one_is_entered_and_the_expected_one_missing() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.announce(OTHER, "515151")
    seen(stand, label, "parcel", OTHER)
    assert stand.parcel(PARCEL).state is ParcelState.MISSING
    assert stand.parcel(OTHER).compartment == stand.box(label).label
    assert stand.box(label).tracking_id == OTHER
    assert stand.box(label).condition is Condition.SOUND
    assert open_matters(stand) == {IncidentKind.COMPARTMENT_EMPTY}, "somebody has to look for the other one"


def test_a_missing_parcel_that_is_named_is_found() -> None:
    stand = Stand()
    label = stand.deliver()
    seen(stand, label, "empty")
    seen(stand, "2", "parcel", PARCEL)
    assert stand.last(EntryKind.PARCEL_FOUND).data["user"] == WHO["user"]
    assert stand.parcel().state is ParcelState.WITHDRAWN
    assert not open_matters(stand)


@pytest.mark.parametrize(
    ("verdict", "named", "reason"),
    [
        ("parcel", "X1", "unknown-tracking-id"),
        ("parcel", PARCEL, "parcel-not-awaited"),
        ("empty", PARCEL, "parcel-named-in-vain"),
        ("damaged", OTHER, "parcel-named-in-vain"),
    ],
)
def test_a_name_that_makes_no_sense_is_refused_and_the_look_stays(
    verdict: str, named: str, reason: str
) -> None:
    stand = Stand()
    label = stand.deliver()
    box = "3" if label != "3" else "4"
    looked(stand, box)
    assert say(stand, box, verdict, named) == reason
    assert say(stand, box, "empty") is None


# -- dirty and damaged


def test_a_dirty_box_stays_out_of_use_until_somebody_says_that_it_is_clean() -> None:
    stand = Stand()
    seen(stand, "2", "dirty")
    assert stand.box("2").condition is Condition.SUSPECT
    assert open_matters(stand) == {IncidentKind.COMPARTMENT_DIRTY}
    seen(stand, "2", "empty")
    assert stand.box("2").free
    assert not open_matters(stand)


def test_a_damaged_box_is_faulty_until_a_technician_has_looked_and_says_that_it_is_in_order() -> None:
    stand = Stand()
    seen(stand, "2", "damaged")
    assert (stand.box("2").condition, stand.box("2").reason) == (Condition.FAULTY, "damaged")
    assert open_matters(stand) == {IncidentKind.COMPARTMENT_DAMAGED}
    looked(stand)
    assert stand.box("2").condition is Condition.FAULTY, "a lock that works mends no damage"
    assert say(stand, "2", "empty") is None
    assert stand.box("2").free
    assert not open_matters(stand)


def test_a_damaged_box_with_its_parcel_stays_damaged_and_the_code_good() -> None:
    stand = Stand()
    label = stand.deliver()
    seen(stand, label, "damaged")
    seen(stand, label, "parcel")
    assert stand.box(label).condition is Condition.FAULTY
    assert open_matters(stand) == {IncidentKind.COMPARTMENT_DAMAGED}
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == label
    assert stand.parcel().state is ParcelState.COLLECTED


def test_a_technician_at_the_keypad_may_say_that_damage_is_mended_too() -> None:
    stand = Stand()
    seen(stand, "2", "damaged")
    technician_opens(stand, "2", "side")
    stand.opens_and_shuts()
    assert stand.box("2").condition is Condition.FAULTY
    stand.press("1", "side")
    assert stand.box("2").free


def test_a_lock_that_fails_is_not_mended_by_who_mends_the_box() -> None:
    stand = Stand()
    seen(stand, "2", "damaged")
    ask(stand, CycleLock("2"))
    for _ in range(3):
        stand.pulse_sent()
        stand.wait(5.1)
    stand.door("2", Door.OPEN)  # somebody pries it open
    assert open_matters(stand) == {IncidentKind.COMPARTMENT_DAMAGED, IncidentKind.DOOR_DID_NOT_OPEN}
    stand.door("2", Door.SHUT)
    assert say(stand, "2", "empty") is None
    assert stand.box("2").free, "its door was seen to open by a pulse, however late"


# -- in a round


def test_a_verdict_counts_for_the_round_under_way() -> None:
    stand = Stand()
    label = stand.deliver()
    assert ask(stand, BeginAudit()) is None
    seen(stand, "3", "dirty")
    seen(stand, label, "parcel")
    seen(stand, "4", "empty")
    findings = stand.automat.findings
    assert {name: (each.verdict, each.differs) for name, each in findings.items()} == {
        "3": ("dirty", True),
        label: ("parcel", False),
        "4": ("empty", False),
    }
    assert findings[label].tracking_id == findings[label].expected == PARCEL
    assert stand.last(EntryKind.COMPARTMENT_INSPECTED).data["audit"] == 1
