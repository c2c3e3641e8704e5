"""Rare turns of events: each must leave nobody without an answer and nothing stuck or wrongly freed."""

from datetime import UTC, datetime, timedelta

import pytest

from locker.domain.codes import Code
from locker.domain.commands import AnnounceParcel, Cause, RevokePerson, WithdrawParcel
from locker.domain.compartments import Compartment, Condition
from locker.domain.events import (
    Door,
    ForkReported,
    GoodsSeen,
    JournalAcknowledged,
    PulseNotSent,
    Stopping,
    Woke,
)
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, Idle
from locker.domain.messages import Text
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState, Role
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.unit.domain.stand import CODE_KEY, MONDAY, Stand

PARCEL = "JJFI65432110000070773"
OTHER = "JJFI65432110000070781"


def stand_with_parcel(**more: str) -> tuple[Stand, str]:
    stand = Stand()
    return stand, stand.deliver(code="024204", **more)


def stand_with_two_parcels() -> tuple[Stand, str, str]:
    stand = Stand()
    first = stand.deliver(code="024204", recipient="r1")
    return stand, first, stand.deliver(OTHER, code="024204", recipient="r1")


def jam(stand: Stand) -> None:
    """Let the pulses leave and move nothing."""
    for _ in range(3):
        stand.pulse_sent()
        stand.wait(5.1)


# -- the configuration changed


@pytest.mark.parametrize("door", Door)
@pytest.mark.parametrize("opened", [False, True])
def test_an_opening_outlives_its_keypad(door: Door, *, opened: bool) -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    if opened:
        stand.door(label, Door.OPEN)
    stand.doors[label] = door
    stand.reconfigured(without_keypad="front")
    for seen in (Door.OPEN, Door.SHUT, Door.UNKNOWN):
        stand.door(label, seen)
        stand.wait(200)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1
    stand.wait(3_600)
    assert not stand.automat.openings


@pytest.mark.parametrize("door", [Door.OPEN, Door.SHUT])
def test_a_deposit_outlives_its_keypad(door: Door) -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.opens()
    stand.doors[label] = door
    stand.reconfigured(without_keypad="front")
    stand.wait(100)
    stand.door(label, Door.SHUT)
    assert not stand.automat.openings
    assert stand.box(label).condition is Condition.SUSPECT


def test_a_parcel_in_a_box_that_is_gone_does_not_keep_the_next_one_from_its_recipient() -> None:
    stand, first, second = stand_with_two_parcels()
    stand.reconfigured(without_box=first)
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_OPENED)
    stand.wait(8.1)
    assert stand.opens_and_shuts() == second
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).subject == OTHER


def test_a_box_that_is_back_in_the_configuration_clears_its_incident() -> None:
    stand, label = stand_with_parcel()
    stand.reconfigured(without_box=label)
    assert stand.automat.open_incident(IncidentKind.CONFIGURATION_MISMATCH, label) is not None
    stand.reconfigured()
    assert stand.automat.open_incident(IncidentKind.CONFIGURATION_MISMATCH, label) is None
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == label


def test_an_empty_box_taken_out_of_the_configuration_is_no_incident() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(181)
    stand.reconfigured(without_box=label)
    assert stand.automat.open_incident(IncidentKind.CONFIGURATION_MISMATCH, label) is None


@pytest.mark.parametrize("left_open", [False, True])
def test_a_box_that_was_gone_when_the_reopening_time_ended_is_no_longer_held_by_its_parcel(
    *, left_open: bool
) -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.opens()
    if left_open:
        stand.wait(61)
    else:
        stand.door(label, Door.SHUT)
    stand.reconfigured(without_box=label)
    stand.wait(181)
    assert stand.parcel().state is ParcelState.CLOSED
    # The database lets nobody delete a parcel to which a compartment's row still points.
    assert all(box.tracking_id is None for box in stand.stored.values() if isinstance(box, Compartment))
    stand.doors[label] = Door.SHUT
    stand.reconfigured()
    assert stand.box(label).free


def test_a_goods_sensor_taken_out_of_the_configuration_says_nothing_any_more() -> None:
    stand, label = stand_with_parcel()
    stand.do(GoodsSeen(label, present=True))
    stand.power_cut()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1
    stand.wait(181)
    assert stand.box(label).free


# -- several parcels of one recipient


def test_a_goods_sensor_stuck_at_the_first_door_does_not_keep_the_second_shut() -> None:
    stand, first, second = stand_with_two_parcels()
    stand.do(GoodsSeen(first, present=True))
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == first
    assert stand.says(Text.STILL_INSIDE)
    stand.wait(8.1)
    assert stand.opens_and_shuts() == second
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).subject == OTHER
    stand.wait(31)
    assert isinstance(stand.automat.keypads["front"].flow, Idle)


def test_a_first_door_that_frees_itself_while_its_bad_news_is_shown_holds_the_second_back() -> None:
    stand, first, second = stand_with_two_parcels()
    stand.press("C 024204 OK")
    jam(stand)
    assert stand.says(Text.NOT_OPENED)
    stand.door(first, Door.OPEN)
    assert stand.says(Text.TAKE_PARCEL)
    stand.wait(10)
    assert stand.unlocks[-1].compartment == first
    stand.door(first, Door.SHUT)
    assert stand.opens_and_shuts() == second
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 2


# -- a lock that has opened is no longer at fault


def test_a_jammed_lock_that_then_opens_and_is_left_open_is_sound_once_the_door_is_shut() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    jam(stand)
    stand.press("C 024204 OK")
    stand.opens()
    stand.wait(61)
    stand.door(label, Door.SHUT)
    stand.wait(181)
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, label) is None
    assert stand.box(label).free


def test_a_lock_that_jams_at_a_reopening_and_then_works_is_sound_again() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.press("C 024204 OK")
    jam(stand)
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(181)
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, label) is None
    assert stand.box(label).free


@pytest.mark.parametrize("blind", [[], ["1"]])
def test_a_dead_line_is_not_held_against_the_lock(blind: list[str]) -> None:
    stand = Stand(blind=blind)
    label = stand.deliver(code="024204")
    stand.press("C 024204 OK")
    for _ in range(3):
        stand.do(PulseNotSent(label, stand.unlocks[-1].number, "the line is down"))
        stand.wait(5.1)
    assert stand.says(Text.NOT_OPENED)
    assert stand.box(label).condition is Condition.SOUND
    stand.press("C 024204 OK")
    if blind:
        stand.pulse_sent()
        stand.press("OK")
    else:
        stand.opens_and_shuts()
    stand.wait(181)
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, label) is None
    assert stand.box(label).free


def test_a_box_that_a_dead_line_did_not_open_for_a_courier_is_offered_again() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.unlocks[-1].compartment
    for other in stand.doors:
        stand.door(other, Door.UNKNOWN)
    stand.wait(15.1)
    assert stand.says(Text.NO_COMPARTMENT)
    for other in stand.doors:
        stand.door(other, Door.SHUT)
    stand.wait(181)
    assert stand.box(label).free


def test_a_box_that_was_spared_and_opens_late_for_a_courier_is_suspect() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.unlocks[-1].compartment
    stand.wait(15.1)
    stand.door(label, Door.OPEN)
    stand.door(label, Door.SHUT)
    assert stand.box(label).condition is Condition.SUSPECT


def test_a_contact_taken_out_of_use_ends_an_opening_that_waited_for_it() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.opens()
    stand.wait(61)
    boxes = Stand(blind=[label]).boxes
    stand.all_boxes = boxes
    del stand.doors[label]
    stand.stored = {
        key: Compartment(boxes[int(label) - 1], tracking_id=PARCEL)
        if isinstance(value, Compartment) and value.label == label
        else value
        for key, value in stand.stored.items()
    }
    stand.reconfigured()
    assert not stand.automat.openings
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, label) is None
    stand.wait(181)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1
    assert stand.box(label).free


# -- doors that nobody asked to open


@pytest.mark.parametrize("before", [Door.SHUT, Door.UNKNOWN])
def test_a_free_box_found_open_at_start_is_an_incident_and_suspect_until_somebody_has_looked(
    before: Door,
) -> None:
    stand = Stand()
    stand.door("3", before)
    stand.doors["3"] = Door.OPEN
    stand.power_cut(off_s=60)
    assert stand.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, "3") is not None
    stand.door("3", Door.SHUT)
    assert not stand.box("3").free


# -- couriers


def test_nothing_is_stored_behind_a_door_that_sprang_open_again() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.opens_and_shuts()
    stand.door(label, Door.OPEN)
    stand.press("OK")
    assert stand.says(Text.CLOSE_DOOR)
    assert stand.parcel().state is ParcelState.ANNOUNCED
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED
    assert not stand.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, label)


def test_a_courier_revoked_while_signed_in_opens_nothing_more() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    assert stand.command(RevokePerson("c-1", Role.COURIER)) is None
    stand.press("00070773 OK")
    assert not stand.unlocks
    assert stand.last(EntryKind.COURIER_SIGNED_OUT).data["why"] == "no longer authorised"


def test_a_courier_revoked_with_a_parcel_in_hand_may_still_confirm_it() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    stand.opens_and_shuts()
    assert stand.command(RevokePerson("c-1", Role.COURIER)) is None
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED


def test_a_box_that_opens_after_its_courier_has_left_lets_no_passer_by_confirm() -> None:
    stand = Stand(Rules(courier_idle_s=5.0, answer_shown_s=5.0))
    stand.announce(PARCEL)
    for label in ("2", "3", "4", "5", "6"):
        stand.door(label, Door.UNKNOWN)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    jam(stand)
    stand.wait(20)
    assert isinstance(stand.automat.keypads["front"].flow, Idle)
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.ANNOUNCED
    assert not stand.box("1").free


def test_a_tracking_number_typed_too_long_is_never_cut_to_another_one() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("000707731 OK")
    assert stand.says(Text.TRACKING_LENGTH)
    assert not stand.unlocks


def test_a_deposit_confirmed_after_an_interruption_clears_what_the_interruption_raised() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.opens()
    stand.power_cut()
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert all(incident.cleared_at is not None for incident in stand.automat.incidents.values())


# -- the back office


def test_entries_refused_for_ever_do_not_breed_more_entries_to_be_refused() -> None:
    stand = Stand()
    stand.deliver()
    for _ in range(6):
        end = stand.automat.journal_end
        refused = tuple((n, "unknown kind") for n in range(1, end + 1) if n not in stand.automat.parked)
        if not refused:
            break
        stand.do(JournalAcknowledged(0, end, refused))
    assert set(stand.automat.parked) == set(range(1, stand.automat.journal_end + 1))
    assert stand.count(EntryKind.ENTRY_PARKED) == 1


def test_forks_do_not_breed_more_forks() -> None:
    stand = Stand()
    told = 0
    for _ in range(6):
        end = stand.automat.journal_end
        for number in range(told + 1, end + 1):
            stand.do(ForkReported(0, number))
        told = end
    assert stand.automat.journal_end == told
    assert stand.count(EntryKind.FORK_ALARM) == 1


@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.UNTRUSTED])
def test_a_command_that_lasts_to_the_end_of_the_calendar_is_answered(trust: Trust) -> None:
    stand = Stand()
    stand.set_clock(stand.now.wall_at, trust)
    last_at = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    body = AnnounceParcel(PARCEL, "S", CODE_KEY.tag(Code("024204")))
    assert stand.command(body, not_after=last_at) == "bad-lifetime"
    stand.command(body, not_after=last_at, issued_at=last_at - timedelta(days=1))
    assert stand.reloaded().commands == stand.automat.commands


# -- time


def test_a_parcel_closed_under_an_unknown_time_is_kept_for_the_whole_retention_time() -> None:
    stand, _ = stand_with_parcel()
    stand.set_clock(datetime(1970, 1, 1, tzinfo=UTC), Trust.UNTRUSTED)
    stand.do(Woke())
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(600)
    stand.set_clock(MONDAY + timedelta(hours=1))
    stand.do(Woke())
    stand.wait(60)
    assert stand.parcel().state is ParcelState.CLOSED
    stand.wait(91 * 86_400)
    assert PARCEL not in stand.automat.parcels


def test_a_clock_set_back_by_years_across_a_restart_is_doubted() -> None:
    stand, _ = stand_with_parcel()
    last_at = stand.now.wall_at
    stand.set_clock(MONDAY.replace(year=2016))
    stand.power_cut()
    old = {"issued_at": stand.now.wall_at, "not_after": stand.now.wall_at + timedelta(hours=1)}
    assert stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "replayed"), **old) == "late"
    stand.set_clock(last_at + timedelta(hours=1))
    stand.do(Woke())
    stand.do(JournalAcknowledged(0, 1, sent_at=stand.now.wall_at))
    assert stand.automat.judges_time(stand.now)


def test_nothing_is_pulsed_once_the_daemon_was_asked_to_end() -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    before = len(stand.unlocks)
    stand._run(5.1)
    stand.do(Stopping())
    assert len(stand.unlocks) == before
    assert stand.automat.openings[label].stage is Stage.WAITING


# -- a line that fails and comes back is no movement of a door


@pytest.mark.parametrize("seen", [(Door.UNKNOWN, Door.SHUT), (Door.UNKNOWN, Door.SHUT, Door.UNKNOWN)])
@pytest.mark.parametrize("late", [False, True])
def test_a_line_that_comes_back_under_a_shut_door_hands_nothing_over(
    seen: tuple[Door, ...], *, late: bool
) -> None:
    stand, label = stand_with_parcel()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    if late:
        stand.wait(16)
    for door in seen:
        stand.door(label, door)
    stand.wait(300)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    assert stand.parcel().state is ParcelState.STORED


# -- every flow ends


def test_a_keypad_is_at_rest_again_after_bad_news() -> None:
    stand, _ = stand_with_parcel()
    stand.press("C 024204 OK")
    jam(stand)
    assert isinstance(stand.automat.keypads["front"].flow, Answering)
    stand.wait(31)
    assert isinstance(stand.automat.keypads["front"].flow, Idle)
