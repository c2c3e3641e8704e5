"""domain.md section 3: pick-up, evidence, pulses, doors left open, reopening."""

from locker.domain.compartments import Condition
from locker.domain.events import Door, GoodsSeen, PulseNotSent, PulseSent
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState
from tests.unit.domain.stand import Stand

OTHER = "JJFI65432110000070781"


def stand_with_parcel() -> tuple[Stand, str]:
    stand = Stand()
    return stand, stand.deliver(code="024204")


def test_grade_a_needs_code_pulse_open_and_shut() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    assert stand.entries[-1].kind is EntryKind.PULSE_INTENDED
    assert stand.opens() == label
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    stand.door(label, Door.SHUT)
    receipt = stand.last(EntryKind.PARCEL_HANDED_OVER)
    assert receipt.data["grade"] == "A"
    assert receipt.data["pulsessent"] == 1
    assert {"codeaccepted", "dooropened", "doorclosed"} <= receipt.data.keys()
    assert stand.says(Text.THANK_YOU)


def test_every_pulse_has_its_own_intent_in_the_same_decision() -> None:
    stand, _ = stand_with_parcel()
    before = len(stand.unlocks)
    stand.press("C 024204 OK")
    stand.wait(30)
    pulses = stand.unlocks[before:]
    intents = [e for e in stand.entries if e.kind is EntryKind.PULSE_INTENDED][-len(pulses) :]
    assert [pulse.number for pulse in pulses] == [1, 2, 3]
    assert [entry.data["number"] for entry in intents] == [1, 2, 3]


def test_a_door_that_does_not_open_is_pulsed_three_times_then_reported_and_the_code_stays_valid() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.wait(4.9)
    assert len(stand.unlocks) == 2
    stand.wait(0.2)
    assert stand.says(Text.PRESS_DOOR)
    assert len(stand.unlocks) == 3
    stand.wait(10)
    assert stand.says(Text.NOT_OPENED)
    attempt = stand.last(EntryKind.PARCEL_ATTEMPTED)
    assert attempt.data["reason"] == "door-did-not-open"
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    assert stand.parcel().state is ParcelState.STORED
    assert stand.box(label).condition is Condition.FAULTY
    assert stand.box(label).tracking_id is not None
    number = dict(stand.shown[-1].values)["incident"]
    assert stand.automat.incidents[int(number)].kind is IncidentKind.DOOR_DID_NOT_OPEN
    stand.wait(10)
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"
    assert stand.box(label).condition is Condition.SOUND


def test_a_jammed_door_that_frees_itself_late_still_gives_evidence() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.wait(40)
    assert stand.count(EntryKind.PARCEL_ATTEMPTED) == 1
    stand.door(label, Door.OPEN)
    stand.door(label, Door.SHUT)
    assert stand.last(EntryKind.DOOR_OPENED).data["late"] is True
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"
    assert stand.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, label) is None


def test_pulses_that_never_left_the_port_open_nothing_and_hand_over_nothing() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    for _ in range(3):
        last = stand.unlocks[-1]
        stand.do(PulseNotSent(last.compartment, last.number, "the line is down"))
        stand.wait(5.1)
    assert stand.last(EntryKind.PARCEL_ATTEMPTED).data["pulsessent"] == 0
    assert stand.parcel().state is ParcelState.STORED
    assert stand.box(label).tracking_id is not None


def test_a_pulse_of_which_nobody_waits_to_hear_is_no_evidence() -> None:
    stand, label = stand_with_parcel()
    before = stand.automat
    assert not stand.do(PulseSent(label, 1)).durable
    assert stand.automat.openings == before.openings
    stand.press("C 024204 OK")
    for number in (2, 1, 1):  # not yet intended, ours, told twice
        stand.do(PulseSent(label, number))
    assert stand.automat.openings[label].pulses_sent == 1
    stand.wait(5.1)
    assert stand.unlocks[-1].number == 2
    for number in (1, 3, 2, 2):
        stand.do(PulseSent(label, number))
    assert stand.automat.openings[label].pulses_sent == 2


def test_grade_b_where_no_contact_is_fitted_and_only_after_a_pulse_was_sent() -> None:
    stand = Stand(blind=["1"])
    assert stand.deliver() == "1"
    stand.press("C 024204 OK")
    stand.press("OK")
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    stand.pulse_sent()
    stand.press("OK")
    receipt = stand.last(EntryKind.PARCEL_HANDED_OVER)
    assert receipt.data["grade"] == "B"
    assert "dooropened" not in receipt.data


def test_grade_b_ends_by_itself_after_a_minute() -> None:
    stand = Stand(blind=["1"])
    stand.deliver()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.wait(61)
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "B"


def test_a_dead_line_is_no_grade_b() -> None:
    stand, label = stand_with_parcel()
    stand.door(label, Door.UNKNOWN)
    stand.press("C 024204 OK")
    stand.press("OK")
    stand.wait(30)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0


def test_a_door_left_open_reminds_then_alarms_then_ends_as_grade_c_and_is_never_dropped() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.opens()
    stand.wait(20.1)
    assert stand.says(Text.CLOSE_DOOR)
    stand.wait(40)
    assert stand.says(Text.LEFT_OPEN)
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "C"
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, label) is not None
    stand.wait(3_600)
    assert not stand.box(label).free
    stand.door(label, Door.SHUT)
    assert stand.last(EntryKind.DOOR_CLOSED).data["compartment"] == label
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, label) is None
    stand.wait(181)
    assert stand.box(label).free
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1


def test_the_same_code_reopens_for_three_minutes_after_closing_then_it_is_dead() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(170)
    stand.press("C 024204 OK")
    assert stand.last(EntryKind.PARCEL_REOPENED).data["compartment"] == label
    stand.opens_and_shuts()
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1
    assert not stand.box(label).free
    stand.wait(11)
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_RECOGNISED)
    assert stand.box(label).free


def test_several_parcels_under_one_code_open_one_after_another() -> None:
    stand = Stand()
    first = stand.deliver(code="024204", recipient="r1")
    second = stand.deliver(OTHER, code="024204", recipient="r1")
    before = len(stand.unlocks)
    stand.press("C 024204 OK")
    assert [pulse.compartment for pulse in stand.unlocks[before:]] == [first]
    stand.opens_and_shuts()
    assert [pulse.compartment for pulse in stand.unlocks[before:]] == [first, second]
    stand.opens_and_shuts()
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 2
    assert stand.says(Text.THANK_YOU)


def test_a_jam_at_the_first_door_does_not_keep_the_second_shut() -> None:
    stand = Stand()
    stand.deliver(code="024204", recipient="r1")
    second = stand.deliver(OTHER, code="024204", recipient="r1")
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.wait(15.1)
    assert stand.says(Text.NOT_OPENED)
    stand.wait(8.1)
    assert stand.unlocks[-1].compartment == second
    stand.opens_and_shuts()
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).subject == OTHER


def test_an_overdue_parcel_says_so_and_opens_nothing() -> None:
    stand, _ = stand_with_parcel()
    stand.wait(8 * 86_400)
    before = len(stand.unlocks)
    stand.press("C 024204 OK")
    assert stand.says(Text.OVERDUE)
    assert len(stand.unlocks) == before
    assert stand.count(EntryKind.CODE_MISSED) == 0


def test_a_goods_sensor_that_still_sees_something_keeps_the_parcel_in_our_custody() -> None:
    stand, label = stand_with_parcel()
    stand.do(GoodsSeen(label, present=True))
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.says(Text.STILL_INSIDE)
    assert stand.last(EntryKind.PARCEL_ATTEMPTED).data["reason"] == "goods-still-inside"
    assert not stand.box(label).free
    stand.press("C 024204 OK")
    stand.opens()
    stand.do(GoodsSeen(label, present=False))
    stand.door(label, Door.SHUT)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1


def test_a_door_already_opening_at_the_deadline_finishes() -> None:
    stand, label = stand_with_parcel()
    deadline_at = stand.parcel().deadline_at
    assert deadline_at is not None
    stand.wait((deadline_at - stand.now.wall_at).total_seconds() - 30)
    stand.press("C 024204 OK")
    assert stand.opens() == label
    stand.wait(19)
    stand.door(label, Door.SHUT)
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"


def test_a_door_that_opens_unasked_is_an_incident_and_a_free_box_becomes_suspect() -> None:
    stand = Stand()
    stand.door("3", Door.OPEN)
    assert stand.last(EntryKind.DOOR_OPENED).data["unasked"] is True
    assert stand.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, "3") is not None
    stand.door("3", Door.SHUT)
    assert stand.box("3").condition is Condition.SUSPECT


def test_keys_pressed_while_a_door_is_open_only_repeat_what_to_do() -> None:
    stand, _ = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.opens()
    before = len(stand.unlocks)
    stand.press("C 024204 OK C 1111 OK")
    assert len(stand.unlocks) == before
    assert stand.says(Text.CLOSE_DOOR)
    assert stand.count(EntryKind.CODE_MISSED) == 0


def test_a_door_that_opens_unasked_after_a_pick_up_leaves_its_box_in_doubt() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.door(label, Door.OPEN)
    stand.door(label, Door.SHUT)
    stand.wait(stand.automat.rules.reopen_window_s + 1)
    assert stand.box(label).tracking_id is None
    assert not stand.box(label).free
