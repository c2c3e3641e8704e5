"""domain.md section 4: which parcel a courier leaves, by label, by digits, or announced by nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from locker.domain.codes import Code
from locker.domain.commands import (
    AnnounceParcel,
    BlockCompartment,
    Cause,
    Mode,
    RevokePerson,
    SetMode,
    WithdrawParcel,
)
from locker.domain.compartments import Condition
from locker.domain.events import LabelScanned
from locker.domain.journal import EntryKind
from locker.domain.keypad import ChoosingSize, Delivering, Depositing, Idle
from locker.domain.messages import Text, say
from locker.domain.parcels import ParcelState, Role
from tests.unit.domain.stand import CODE_KEY, Stand, fixtures

PARCEL = "JJFI65432110000070773"
SECOND = "JJFI65432110000070781"
S10 = "CC123456785FI"
TAG = CODE_KEY.tag(Code("024204"))


def scan(stand: Stand, text: str = PARCEL, keypad: str = "front") -> None:
    stand.do(LabelScanned(keypad, text))


def signed_in(stand: Stand | None = None) -> Stand:
    stand = stand or Stand()
    stand.sign_in_courier()
    return stand


def reason(stand: Stand) -> object:
    return stand.last(EntryKind.DEPOSIT_REFUSED).data["reason"]


@pytest.mark.parametrize(
    "label", [PARCEL, PARCEL.lower(), " JJFI 6543 2110000070773\r", S10, "cc 123456785 fi"]
)
def test_a_scanned_label_opens_for_its_parcel(label: str) -> None:
    stand = Stand()
    stand.announce(S10 if "785" in label else PARCEL)
    signed_in(stand)
    scan(stand, label)
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.count(EntryKind.PARCEL_STORED) == 1
    assert "unannounced" not in stand.last(EntryKind.PARCEL_STORED).data


def test_a_label_of_any_form_is_right_if_the_back_office_announced_it() -> None:
    stand = Stand()
    stand.announce("ABC-1".replace("-", ""))
    signed_in(stand)
    scan(stand, "abc1")
    assert isinstance(stand.automat.keypads["front"].flow, Depositing)


@pytest.mark.parametrize("label", ["", "ABC1", "CC123456784FI", "JJFI1234", "\u017dJFI", "x" * 500])
def test_a_label_that_is_none_is_said_and_opens_nothing(label: str) -> None:
    stand = signed_in()
    scan(stand, label)
    assert stand.says(Text.BAD_LABEL)
    assert not stand.unlocks


def test_a_scan_means_nothing_where_nobody_is_signed_in() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    scan(stand)
    assert not stand.unlocks
    assert isinstance(stand.automat.keypads["front"].flow, Idle)


def test_all_seventeen_digits_name_a_parcel_like_its_label() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    signed_in(stand).press(f"{PARCEL[4:]} OK")
    assert stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED


@pytest.mark.parametrize(
    "digits", ["3", "11", "0070773", "100070773", "6543211000007077", "654321100000707731"]
)
def test_any_other_number_of_digits_is_refused(digits: str) -> None:
    stand = Stand()
    stand.announce(PARCEL)
    signed_in(stand).press(f"{digits} OK")
    assert stand.says(Text.TRACKING_LENGTH)
    assert not stand.unlocks


def test_digits_of_a_parcel_that_nobody_announced_ask_for_the_label() -> None:
    stand = signed_in()
    stand.press("00070773 OK")
    assert stand.shown[-1] == say(Text.PARCEL_UNKNOWN, typed="00070773")


def test_what_a_sender_is_expected_to_leave_is_not_for_a_courier() -> None:
    stand = Stand()
    stand.expect_drop_off(PARCEL)
    signed_in(stand).press("00070773 OK")
    assert stand.says(Text.PARCEL_UNKNOWN)
    scan(stand)
    assert stand.says(Text.REFUSED_OTHER)
    assert reason(stand) == "not-for-delivery"


# -- the parcel nobody announced


def test_a_parcel_nobody_announced_is_stored_in_the_size_that_the_courier_names_and_waits_for_its_code() -> (
    None
):
    stand = signed_in()
    scan(stand)
    assert stand.shown[-1] == say(Text.CHOOSE_SIZE, sizes="1=S 2=L")
    stand.press("2")
    assert stand.opens_and_shuts() == "5"
    stand.press("OK")
    entry = stand.last(EntryKind.PARCEL_STORED)
    assert (entry.data["unannounced"], entry.data["size"], entry.data["courier"]) == (True, "L", "c-1")
    assert (stand.parcel().state, stand.parcel().code_tag) == (ParcelState.STORED, None)
    assert stand.command(AnnounceParcel(PARCEL, "L", TAG)) is None
    stand.press("C")
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == "5"
    assert stand.parcel().state is ParcelState.COLLECTED


def test_an_unannounced_parcel_survives_a_restart_in_front_of_its_open_door() -> None:
    stand = signed_in()
    scan(stand)
    stand.press("1")
    label = stand.opens()
    stand.power_cut()
    stand.door(label, stand.box("6").door)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED
    assert stand.last(EntryKind.PARCEL_STORED).data["unannounced"] is True


def test_an_announcement_during_the_deposit_is_the_one_that_counts() -> None:
    stand = signed_in()
    scan(stand)
    stand.press("1")
    stand.opens()
    assert stand.announce(PARCEL, size="L") is None
    stand.door("1", stand.box("6").door)
    stand.press("OK")
    assert (stand.parcel().state, stand.parcel().code_tag) == (ParcelState.STORED, TAG)
    assert "unannounced" not in stand.last(EntryKind.PARCEL_STORED).data


def test_an_announcement_while_the_size_is_asked_decides_the_size() -> None:
    stand = signed_in()
    scan(stand)
    stand.announce(PARCEL, size="L")
    stand.press("1")
    assert stand.unlocks[-1].compartment == "5"


def test_a_refused_announcement_during_the_deposit_gives_the_parcel_back() -> None:
    stand = signed_in()
    scan(stand)
    stand.press("1")
    label = stand.opens_and_shuts()
    stand.command(AnnounceParcel(PARCEL, "S", TAG, services=frozenset({"registered"})))
    stand.press("OK")
    assert stand.says(Text.REFUSED_REGISTERED)
    assert stand.opens_and_shuts() == label
    assert stand.box(label).condition is Condition.SUSPECT  # nobody said that it was taken out
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    assert isinstance(stand.automat.keypads["front"].flow, Delivering)


def test_a_scan_while_the_size_is_asked_starts_anew() -> None:
    stand = Stand()
    stand.announce(SECOND)
    signed_in(stand)
    scan(stand)
    scan(stand, SECOND)
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.automat.parcels[SECOND].state is ParcelState.STORED
    assert PARCEL not in stand.automat.parcels


@pytest.mark.parametrize("key", ["0", "3", "9", "OK"])
def test_a_key_that_names_no_size_asks_again(key: str) -> None:
    stand = signed_in()
    scan(stand)
    stand.press(key)
    assert stand.says(Text.CHOOSE_SIZE)
    assert not stand.unlocks
    stand.press("C")
    assert isinstance(stand.automat.keypads["front"].flow, Delivering)


def test_nobody_naming_a_size_ends_the_session() -> None:
    stand = signed_in()
    scan(stand)
    stand.wait(61)
    assert stand.count(EntryKind.COURIER_SIGNED_OUT) == 1
    assert not stand.unlocks


def test_only_sizes_with_a_free_compartment_are_offered() -> None:
    stand = Stand()
    for label in ("1", "2", "3", "4"):
        stand.command(BlockCompartment(label, "o-1", "painted"))
    signed_in(stand)
    scan(stand)
    assert stand.shown[-1] == say(Text.CHOOSE_SIZE, sizes="1=L")
    for label in ("5", "6"):
        stand.command(BlockCompartment(label, "o-1", "painted"))
    stand.press("1")
    assert reason(stand) == "no-compartment"
    scan(stand)
    assert stand.says(Text.NO_COMPARTMENT)
    assert isinstance(stand.automat.keypads["front"].flow, Delivering)


def test_long_names_of_sizes_are_cut_until_all_sizes_are_offered() -> None:
    names = ("XXS-1234", "XS-12345", "S-123456", "M-123456", "L-123456", "XL-12345")
    boxes = [
        replace(box, size=name, height_mm=50 * number)
        for number, (box, name) in enumerate(zip(fixtures(), names, strict=True), start=1)
    ]
    stand = signed_in(Stand(boxes=boxes))
    scan(stand)
    flow = stand.automat.keypads["front"].flow
    assert isinstance(flow, ChoosingSize)
    assert flow.sizes == names
    assert stand.shown[-1] == say(Text.CHOOSE_SIZE, sizes="1=XXS 2=XS- 3=S-1 4=M-1 5=L-1 6=XL-")


# -- parcels that may not be left


def test_a_parcel_that_is_inside_already_is_said_with_its_compartment() -> None:
    stand = Stand()
    label = stand.deliver()
    signed_in(stand)
    scan(stand)
    assert stand.shown[-1] == say(Text.ALREADY_INSIDE, label=label)
    assert reason(stand) == "already-inside"


def test_a_parcel_that_was_handed_over_may_not_come_back() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    signed_in(stand)
    scan(stand)
    assert stand.says(Text.SEEN_BEFORE)
    stand.wait(200)
    signed_in(stand)
    scan(stand)
    assert stand.says(Text.SEEN_BEFORE)


def test_a_parcel_withdrawn_on_its_way_is_said_to_be_withdrawn() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.command(WithdrawParcel(PARCEL, Cause.CANCEL, "cancelled"))
    signed_in(stand)
    scan(stand)
    assert stand.says(Text.PARCEL_WITHDRAWN)
    assert reason(stand) == "withdrawn"


@pytest.mark.parametrize(
    ("mode", "text"),
    [(Mode.DRAIN, Text.NO_DEPOSITS), (Mode.EVACUATE, Text.NO_DEPOSITS), (Mode.FROZEN, Text.FROZEN)],
)
@pytest.mark.parametrize("announced", [True, False])
def test_nothing_may_be_left_in_modes_that_refuse_deposits(
    mode: Mode, text: Text, *, announced: bool
) -> None:
    stand = signed_in()
    if announced:
        stand.announce(PARCEL)
    stand.command(SetMode(mode, "o-1", "moving"))
    scan(stand)
    assert stand.says(text)
    assert reason(stand) == str(mode)
    assert not stand.unlocks


def test_a_parcel_that_is_on_its_way_into_a_compartment_is_not_taken_a_second_time() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.sign_in_courier(keypad="side")
    scan(stand)
    label = stand.opens()
    for _ in ("in front of the open door", "before the confirmation"):
        scan(stand, keypad="side")
        assert reason(stand) == "being-deposited"
        stand.door(label, stand.box("6").door)
    stand.press("OK")
    assert stand.parcel().compartment == label
    assert len(stand.unlocks) == 1


# -- the session around it


def test_many_parcels_go_in_one_after_another_in_one_session() -> None:
    stand = signed_in()
    for number in range(5):
        tracking_id = f"JJFI6543211000007{number:04d}"
        stand.announce(tracking_id, f"55550{number}")
        scan(stand, tracking_id)
        stand.opens_and_shuts()
        stand.press("OK")
        assert stand.says(Text.STORED)
    assert stand.count(EntryKind.PARCEL_STORED) == 5
    assert stand.count(EntryKind.COURIER_SIGNED_IN) == 1


def test_the_menu_counts_what_there_is_to_collect_and_to_look_into() -> None:
    stand = signed_in()
    assert stand.shown[-1] == say(Text.COURIER_WELCOME)
    stand.press("C")
    stand.deliver()
    stand.command(WithdrawParcel(PARCEL, Cause.REFUSAL, "refused"))
    signed_in(stand)
    assert stand.shown[-1] == say(Text.COURIER_COLLECT, collect=1)
    stand.announce(SECOND, "5555")
    scan(stand, SECOND)
    stand.opens_and_shuts()
    stand.wait(200)
    signed_in(stand)
    assert stand.shown[-1] == say(Text.COURIER_MENU, collect=1, check=1)


@pytest.mark.parametrize(("digit", "purpose"), [("1", "collect"), ("2", "inspect")])
def test_one_and_two_before_ok_choose_from_the_menu_between_deposits(digit: str, purpose: str) -> None:
    stand = Stand()
    stand.deliver()
    stand.command(WithdrawParcel(PARCEL, Cause.REFUSAL, "refused"))
    stand.announce(SECOND, "5555")
    signed_in(stand)
    scan(stand, SECOND)
    suspect = stand.opens_and_shuts()
    stand.press("2")
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.box(suspect).condition is Condition.SUSPECT
    stand.press(f"{digit} OK")
    assert stand.last(EntryKind.PULSE_INTENDED).data["purpose"] == purpose


def test_a_revoked_courier_loses_the_next_scan() -> None:
    stand = signed_in()
    stand.announce(PARCEL)
    stand.command(RevokePerson("c-1", Role.COURIER))
    scan(stand)
    assert stand.last(EntryKind.COURIER_SIGNED_OUT).data["why"] == "no longer authorised"
    assert not stand.unlocks


@pytest.mark.parametrize("key", ["1", "9", "C", "OK"])
def test_a_revoked_courier_loses_the_question_for_the_size(key: str) -> None:
    stand = signed_in()
    scan(stand)
    stand.command(RevokePerson("c-1", Role.COURIER))
    stand.press(key)
    assert stand.count(EntryKind.COURIER_SIGNED_OUT) == 1
    assert not stand.unlocks


def test_an_accessible_request_and_dimensions_lead_to_their_compartments() -> None:
    boxes = [replace(box, accessible=box.label in ("1", "5")) for box in fixtures()]
    stand = signed_in(Stand(boxes=boxes))
    stand.command(AnnounceParcel(PARCEL, "S", TAG, "r", accessible=True))
    stand.command(AnnounceParcel(SECOND, "S", TAG, "r"))
    large = "JJFI65432110000070799"
    stand.command(AnnounceParcel(large, None, TAG, "r", dimensions_mm=(600, 400, 100)))
    labels = []
    for tracking_id in (PARCEL, SECOND, large):
        scan(stand, tracking_id)
        labels.append(stand.opens_and_shuts())
        stand.press("OK")
    assert labels == ["1", "2", "6"]


def test_the_deadline_runs_from_the_deposit_of_an_unannounced_parcel_too() -> None:
    stand = signed_in()
    scan(stand)
    stand.press("1")
    stand.opens_and_shuts()
    stand.press("OK")
    deadline_at = stand.parcel().deadline_at
    assert deadline_at is not None
    assert deadline_at - stand.now.wall_at > timedelta(days=7)
