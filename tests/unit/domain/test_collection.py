"""domain.md section 5: the courier takes overdue, withdrawn and dropped-off parcels away, one by one."""

from locker.domain.commands import Mode
from locker.domain.compartments import Condition
from locker.domain.events import Door, GoodsSeen, LabelScanned
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Delivering
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState
from tests.unit.domain.rounds import (
    OTHER,
    PARCEL,
    THIRD,
    assert_nothing_assumed,
    flow,
    set_mode,
    stand_in_collection,
    stand_with_withdrawn,
)
from tests.unit.domain.stand import Stand

# -- the good way


def test_a_parcel_is_removed_only_after_the_door_and_the_courier_have_both_spoken() -> None:
    stand = stand_in_collection()
    assert stand.says(Text.COLLECT_OPENING)
    assert stand.opens() == "1"
    assert stand.says(Text.COLLECT_TAKE)
    assert dict(stand.shown[-1].values) == {"label": "1", "typed": "00070773"}
    stand.door("1", Door.SHUT)
    assert stand.says(Text.CONFIRM_REMOVAL)
    assert stand.count(EntryKind.PARCEL_REMOVED) == 0
    stand.press("OK")
    entry = stand.last(EntryKind.PARCEL_REMOVED)
    assert entry.subject == PARCEL
    assert {name: entry.data[name] for name in ("grade", "courier", "why", "compartment", "pulsessent")} == {
        "grade": "A",
        "courier": "c-1",
        "why": "withdrawn",
        "compartment": "1",
        "pulsessent": 1,
    }
    assert {"dooropened", "doorclosed"} <= entry.data.keys()
    assert stand.says(Text.COLLECT_DONE)
    assert dict(stand.shown[-1].values) == {"taken": "1", "left": "0"}
    assert isinstance(flow(stand), Delivering)


def test_a_removed_parcel_is_closed_its_code_dead_and_its_box_free_at_once() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    stand.press("OK")
    parcel = stand.parcel()
    assert parcel.state is ParcelState.CLOSED
    assert parcel.compartment is None
    assert parcel.code_tag is None
    assert parcel.closed_at == stand.now.wall_at
    assert stand.box("1").free
    assert not stand.automat.to_collect
    assert stand.reloaded().compartments["1"].free


def test_the_removal_is_durable_before_the_next_door_opens() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.opens_and_shuts()
    pulses = len(stand.unlocks)
    stand.press("OK")
    assert stand.kinds()[-2:] == [EntryKind.PARCEL_REMOVED, EntryKind.PULSE_INTENDED]
    assert len(stand.unlocks) == pulses + 1


def test_the_round_goes_in_walking_order_one_door_at_a_time() -> None:
    stand = stand_with_withdrawn(PARCEL, OTHER, THIRD)
    stand.sign_in_courier()
    before = len(stand.unlocks)
    stand.press("1 OK")
    for done in range(3):
        assert [pulse.compartment for pulse in stand.unlocks[before:]] == ["1", "2", "3"][: done + 1]
        stand.opens_and_shuts()
        stand.press("OK")
    assert dict(stand.shown[-1].values) == {"taken": "3", "left": "0"}
    assert len(stand.unlocks) == before + 3


def test_overdue_and_dropped_off_parcels_are_collected_and_stored_ones_are_not() -> None:
    stand = Stand()
    stand.deliver()
    stand.wait(8 * 86_400)
    stand.drop_off()
    stand.wait(31)
    stand.deliver(OTHER, code="5555")
    stand.sign_in_courier()
    stand.press("1 OK")
    reasons = []
    for _ in range(2):
        stand.opens_and_shuts()
        stand.press("OK")
        reasons.append(stand.last(EntryKind.PARCEL_REMOVED).data["why"])
    assert reasons == ["overdue", "dropped-off"]
    assert stand.parcel(OTHER).state is ParcelState.STORED
    assert stand.says(Text.COLLECT_DONE)


def test_an_automat_that_is_evacuated_gives_its_stored_parcels_to_the_courier() -> None:
    stand = Stand()
    stand.deliver()
    set_mode(stand, Mode.EVACUATE)
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.last(EntryKind.PARCEL_REMOVED).data["why"] == "evacuated"
    assert stand.parcel().code_tag is None
    stand.press("C")
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_RECOGNISED)


def test_nothing_to_collect_is_said_and_opens_nothing() -> None:
    stand = Stand()
    stand.deliver()
    stand.sign_in_courier()
    before = len(stand.unlocks)
    stand.press("1 OK")
    assert len(stand.unlocks) == before
    assert stand.count(EntryKind.PARCEL_REMOVED) == 0


def test_scanning_the_parcel_at_the_confirmation_counts_as_ok() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    stand.do(LabelScanned("front", " jjfi 6543 2110000070773\r"))
    assert stand.last(EntryKind.PARCEL_REMOVED).data["scanned"] is True
    assert stand.parcel().state is ParcelState.CLOSED


def test_scanning_another_parcel_is_said_and_changes_nothing() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    stand.do(LabelScanned("front", OTHER))
    assert stand.says(Text.ANOTHER_PARCEL)
    assert stand.parcel().state is ParcelState.WITHDRAWN
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED


def test_other_keys_at_the_confirmation_only_repeat_the_question() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    entries = len(stand.entries)
    stand.press("3456789 0")
    assert stand.says(Text.CONFIRM_REMOVAL)
    assert len(stand.entries) == entries


# -- what else a courier may find


def test_an_empty_compartment_is_an_incident_and_free_for_somebody_has_looked() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    stand.press("1")
    assert stand.last(EntryKind.PARCEL_MISSING).data["courier"] == "c-1"
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_EMPTY, "1") is not None
    assert stand.parcel().state is ParcelState.MISSING
    assert stand.parcel().compartment is None
    assert stand.box("1").free
    assert stand.count(EntryKind.PARCEL_REMOVED) == 0


def test_a_stuck_parcel_stays_on_the_list_but_this_round_leaves_it() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.opens_and_shuts()
    stand.press("2")
    assert stand.last(EntryKind.PARCEL_STUCK).subject == PARCEL
    assert stand.automat.open_incident(IncidentKind.PARCEL_STUCK, "1") is not None
    assert stand.unlocks[-1].compartment == "2"
    stand.opens_and_shuts()
    stand.press("OK")
    assert dict(stand.shown[-1].values) == {"taken": "1", "left": "1"}
    stand.press("1 OK")
    assert stand.opens_and_shuts() == "1"
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED
    assert stand.automat.open_incident(IncidentKind.PARCEL_STUCK, "1") is None


def test_a_stuck_parcel_that_its_recipient_could_take_is_stuck_no_longer() -> None:
    stand = Stand()
    stand.deliver()
    set_mode(stand, Mode.EVACUATE)
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("2 C")
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(181)
    assert not stand.automat.open_matters
    assert stand.box("1").free


def test_a_goods_sensor_that_still_sees_something_makes_the_box_suspect() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.opens()
    stand.do(GoodsSeen("1", present=True))
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.says(Text.STILL_INSIDE)
    assert stand.parcel().state is ParcelState.CLOSED
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_OCCUPIED, "1") is not None
    assert stand.unlocks[-1].compartment == "1"
    stand.wait(8.1)  # time to read it
    assert stand.unlocks[-1].compartment == "2"


def test_a_key_goes_on_at_once_after_the_warning() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.do(GoodsSeen("1", present=True))
    stand.opens_and_shuts()
    stand.press("OK OK")
    assert stand.unlocks[-1].compartment == "2"
    assert stand.opens_and_shuts() == "2"
    stand.press("OK")
    assert dict(stand.shown[-1].values) == {"taken": "2", "left": "0"}


def test_nobody_can_call_a_box_empty_in_which_the_sensor_sees_something() -> None:
    stand = stand_in_collection()
    stand.do(GoodsSeen("1", present=True))
    stand.opens_and_shuts()
    stand.press("1")
    assert stand.says(Text.STILL_INSIDE)
    assert stand.parcel().state is ParcelState.WITHDRAWN
    assert stand.count(EntryKind.PARCEL_MISSING) == 0


def test_a_dirty_box_stays_suspect_when_its_parcel_is_taken() -> None:
    stand = stand_with_withdrawn()
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("C")  # the removal was not confirmed: the box is suspect
    stand.press("2 OK")
    stand.opens_and_shuts()
    stand.press("3")
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_DIRTY, "1") is not None
    assert stand.automat.open_incident(IncidentKind.REMOVAL_UNCONFIRMED, "1") is None


# -- stopping, leaving


def test_stopping_at_the_confirmation_assumes_nothing_and_ends_the_round() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.opens_and_shuts()
    pulses = len(stand.unlocks)
    stand.press("C")
    assert_nothing_assumed(stand)
    assert stand.last(EntryKind.REMOVAL_ABANDONED).data["courier"] == "c-1"
    assert len(stand.unlocks) == pulses
    assert isinstance(flow(stand), Delivering)


def test_c_in_front_of_an_open_door_makes_it_the_last_one() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.opens()
    stand.press("C")
    assert stand.says(Text.COLLECT_TAKE)
    stand.door("1", Door.SHUT)
    pulses = len(stand.unlocks)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED
    assert len(stand.unlocks) == pulses
    assert dict(stand.shown[-1].values) == {"taken": "1", "left": "1"}


def test_a_courier_who_leaves_without_a_word_leaves_the_parcel_where_it_was_known() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    stand.wait(60.1)
    assert_nothing_assumed(stand)
    assert stand.count(EntryKind.COURIER_SIGNED_OUT) == 2  # after the deposit, and now
    assert stand.says(Text.SIGNED_OUT)


def test_the_next_round_offers_an_unconfirmed_parcel_again_and_settles_the_matter() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    stand.wait(91)
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED
    assert stand.automat.open_incident(IncidentKind.REMOVAL_UNCONFIRMED, "1") is None
    assert stand.box("1").free


def test_a_door_left_open_ends_the_session_and_is_asked_about_when_it_is_shut_no_more() -> None:
    stand = stand_in_collection()
    stand.opens()
    stand.wait(20.1)
    assert stand.says(Text.CLOSE_DOOR)
    stand.wait(40)
    assert stand.says(Text.LEFT_OPEN)
    assert_nothing_assumed(stand)
    assert stand.last(EntryKind.REMOVAL_ABANDONED).data["reason"] == "door left open"
    stand.door("1", Door.SHUT)
    assert stand.count(EntryKind.REMOVAL_ABANDONED) == 1
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, "1") is None
    assert_nothing_assumed(stand)


def test_no_word_counts_while_the_door_has_sprung_open_again() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    stand.door("1", Door.OPEN)
    stand.press("OK 1 2")
    stand.do(LabelScanned("front", PARCEL))
    assert stand.says(Text.CLOSE_DOOR)
    assert stand.parcel().state is ParcelState.WITHDRAWN
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED
