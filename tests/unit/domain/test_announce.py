"""domain.md sections 4 and 6: what may be announced, what is refused, and what is remembered of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from locker.domain.codes import Code, tracking_tag
from locker.domain.commands import AnnounceParcel, AuthorisePerson, Cause, ExpectDropOff, WithdrawParcel
from locker.domain.draft import Draft
from locker.domain.events import LabelScanned
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import Direction, ParcelState, Role, Seen
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.unit.domain.stand import CODE_KEY, MONDAY, Stand

PARCEL = "JJFI65432110000070773"
TAG = CODE_KEY.tag(Code("024204"))
OTHER_TAG = CODE_KEY.tag(Code("5555"))
GOOD = AnnounceParcel(PARCEL, "S", TAG)
DROP_OFF = ExpectDropOff(PARCEL, TAG, MONDAY, MONDAY + timedelta(days=7), "S")

FAULTS = [
    ({"tracking_id": "with space"}, "bad-tracking-id"),
    ({"tracking_id": ""}, "bad-tracking-id"),
    ({"tracking_id": "A" * 36}, "bad-tracking-id"),
    ({"size": "HUGE"}, "unknown-size"),
    ({"size": "HUGE", "dimensions_mm": (10, 10, 10)}, "unknown-size"),
    ({"size": None}, "no-size"),
    ({"dimensions_mm": (0, 10, 10)}, "bad-dimensions"),
    ({"weight_g": 0}, "bad-weight"),
    ({"product": "letter"}, "unknown-product"),
    ({"services": frozenset({"magic"})}, "unknown-service"),
]
JUDGED = [
    ({"services": frozenset({"oversize"})}, "service-oversize"),
    ({"services": frozenset({"storage-extension"})}, "service-storage-extension"),
    ({"services": frozenset({"letter-reminder"})}, "service-letter-reminder"),
    ({"services": frozenset({"personal-handover"})}, "service-personal-handover"),
    ({"services": frozenset({"registered", "fragile"})}, "service-registered"),
    ({"dimensions_mm": (350, 401, 600)}, "too-large-for-this-automat"),
    ({"product": "postipaketti", "dimensions_mm": (1_001, 200, 200)}, "larger-than-its-product"),
    ({"product": "postipaketti", "dimensions_mm": (100, 100, 100)}, "smaller-than-its-product"),
    ({"product": "pikkupaketti", "weight_g": 2_001}, "heavier-than-its-product"),
    ({"product": "kotipaketti", "weight_g": 99}, "lighter-than-its-product"),
]


@pytest.mark.parametrize(("said", "reason"), FAULTS)
@pytest.mark.parametrize("body", [GOOD, DROP_OFF], ids=["announce", "expect"])
def test_what_makes_no_sense_is_refused_and_nothing_is_remembered(
    body: AnnounceParcel | ExpectDropOff, said: dict[str, object], reason: str
) -> None:
    stand = Stand()
    assert stand.command(replace(body, **said)) == reason  # type: ignore[arg-type]  # names of both bodies
    assert not stand.automat.parcels


@pytest.mark.parametrize(("said", "reason"), JUDGED)
def test_what_an_automat_may_not_take_is_refused_and_remembered_without_its_code(
    said: dict[str, object], reason: str
) -> None:
    stand = Stand()
    assert stand.command(replace(GOOD, **said)) == reason  # type: ignore[arg-type]  # its own names
    parcel = stand.parcel()
    assert (parcel.state, parcel.refusal) == (ParcelState.REFUSED, reason)
    assert (parcel.code_tag, parcel.recipient) == (None, None)
    assert parcel.closed_at == MONDAY
    assert TAG not in stand.automat.parcels_of_tag


@pytest.mark.parametrize(("said", "reason"), JUDGED)
def test_a_drop_off_that_an_automat_may_not_take_is_refused(said: dict[str, object], reason: str) -> None:
    stand = Stand()
    assert stand.command(replace(DROP_OFF, **said)) == reason  # type: ignore[arg-type]  # its own names
    assert not stand.automat.parcels


@pytest.mark.parametrize(("said", "reason"), JUDGED)
def test_the_door_says_why_an_announcement_was_refused(said: dict[str, object], reason: str) -> None:
    stand = Stand()
    stand.command(replace(GOOD, **said))  # type: ignore[arg-type]  # its own names
    stand.sign_in_courier()
    stand.press("00070773 OK")
    assert stand.last(EntryKind.DEPOSIT_REFUSED).data["reason"] == reason
    assert stand.shown[-1].text.startswith("refused-")
    assert stand.shown[-1].text is not Text.REFUSED_OTHER
    assert not stand.unlocks


def test_a_later_right_announcement_takes_the_place_of_a_refused_one() -> None:
    stand = Stand()
    assert stand.command(replace(GOOD, services=frozenset({"oversize"}))) == "service-oversize"
    assert stand.command(GOOD) is None
    parcel = stand.parcel()
    assert (parcel.state, parcel.refusal, parcel.closed_at) == (ParcelState.ANNOUNCED, None, None)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED


def test_a_refused_announcement_changes_nothing_of_what_is_announced_already() -> None:
    stand = Stand()
    stand.command(replace(GOOD, code_tag=None))
    before = stand.automat.parcels
    assert stand.command(replace(GOOD, services=frozenset({"oversize"}))) == "service-oversize"
    assert stand.automat.parcels == before


def test_fragile_is_taken_and_cash_on_delivery_waits_for_its_payment() -> None:
    stand = Stand()
    assert stand.command(replace(GOOD, services=frozenset({"fragile", "cash-on-delivery"}))) is None
    assert stand.parcel().unpaid


def test_what_is_said_of_a_parcel_is_kept() -> None:
    stand = Stand()
    body = replace(
        GOOD, size=None, dimensions_mm=(600, 350, 110), accessible=True, redirected=True, recipient="r-1"
    )
    assert stand.command(body) is None
    parcel = stand.parcel()
    assert (parcel.dimensions_mm, parcel.accessible, parcel.redirected) == ((600, 350, 110), True, True)
    assert (parcel.size, parcel.code_tag, parcel.recipient) == (None, TAG, "r-1")


def test_a_parcel_that_stands_here_unannounced_gets_its_code_and_its_payment() -> None:
    stand = Stand()
    stand.sign_in_courier()
    stand.do(LabelScanned("front", PARCEL))
    stand.press("1")
    stand.opens_and_shuts()
    stand.press("OK C")
    assert stand.parcel().code_tag is None
    assert stand.command(replace(GOOD, size=None, services=frozenset({"cash-on-delivery"}))) is None
    parcel = stand.parcel()
    assert (parcel.state, parcel.code_tag, parcel.unpaid) == (ParcelState.STORED, TAG, True)
    assert parcel.size == "S"
    stand.press("C 024204 OK")
    assert stand.says(Text.UNPAID)


def test_a_code_of_a_person_or_of_another_recipient_is_in_use() -> None:
    stand = Stand()
    person = AuthorisePerson("c-1", Role.COURIER, OTHER_TAG, MONDAY, MONDAY + timedelta(days=1))
    stand.command(person)
    stand.command(replace(GOOD, recipient="r-1"))
    another = "JJFI65432110000070781"
    assert stand.command(replace(GOOD, tracking_id=another, code_tag=OTHER_TAG)) == "code-in-use"
    assert stand.command(replace(GOOD, tracking_id=another, recipient="r-2")) == "code-in-use"
    assert stand.command(replace(DROP_OFF, tracking_id=another)) == "code-in-use"
    assert stand.command(replace(GOOD, tracking_id=another, recipient="r-1")) is None


def test_a_drop_off_code_is_shared_with_nobody() -> None:
    stand = Stand()
    assert stand.command(DROP_OFF) is None
    other = replace(GOOD, tracking_id="JJFI65432110000070781", recipient="r-1")
    assert stand.command(other) == "code-in-use"
    assert stand.command(replace(DROP_OFF, tracking_id="JJFI65432110000070781")) == "code-in-use"


def test_a_drop_off_is_expected_with_its_validity() -> None:
    stand = Stand()
    assert stand.command(replace(DROP_OFF, accessible=True)) is None
    parcel = stand.parcel()
    assert (parcel.direction, parcel.state) == (Direction.OUTBOUND, ParcelState.ANNOUNCED)
    assert (parcel.valid_from, parcel.valid_until) == (MONDAY, MONDAY + timedelta(days=7))
    assert parcel.accessible


def test_a_drop_off_whose_time_ends_before_it_begins_is_refused() -> None:
    assert Stand().command(replace(DROP_OFF, valid_until=MONDAY)) == "bad-validity"


def test_what_is_announced_one_way_is_not_announced_the_other_way() -> None:
    stand = Stand()
    stand.command(DROP_OFF)
    assert stand.command(replace(GOOD, code_tag=OTHER_TAG)) == "already-announced"
    assert stand.command(replace(DROP_OFF, code_tag=OTHER_TAG)) == "already-announced"


def test_a_tracking_id_must_not_come_back_within_twelve_months() -> None:
    stand = Stand(Rules(heartbeat_s=864_000.0))
    tag = tracking_tag(CODE_KEY, PARCEL)
    draft = Draft(stand.automat, stand.now)
    draft.put_seen(Seen(tag, MONDAY + timedelta(days=200)))
    stand.automat = draft.automat
    assert stand.command(GOOD) == "tracking-id-seen-before"
    assert stand.command(DROP_OFF) == "tracking-id-seen-before"
    stand.sign_in_courier()
    stand.do(LabelScanned("front", PARCEL))
    assert stand.says(Text.SEEN_BEFORE)
    stand.press("C")
    stand.wait(201 * 86_400)
    assert stand.command(GOOD) is None


def test_a_parcel_that_was_here_or_was_withdrawn_on_its_way_does_not_come_back() -> None:
    stand = Stand()
    stand.command(GOOD)
    stand.command(WithdrawParcel(PARCEL, Cause.CANCEL, "sent back"))
    assert stand.command(GOOD) == "tracking-id-seen-before"


def test_a_tracking_id_of_no_known_form_is_accepted_and_flagged() -> None:
    stand = Stand()
    assert stand.command(replace(GOOD, tracking_id="ABC123")) is None
    assert stand.last(EntryKind.COMMAND_APPLIED).data["form"] == "other"
    assert stand.command(replace(GOOD, code_tag=OTHER_TAG)) is None
    assert "form" not in stand.last(EntryKind.COMMAND_APPLIED).data


def test_a_refusal_under_an_unknown_time_is_dated_later_and_forgotten_in_time() -> None:
    stand = Stand(Rules(heartbeat_s=864_000.0))
    stand.set_clock(MONDAY, Trust.UNTRUSTED)
    assert stand.command(replace(GOOD, services=frozenset({"oversize"}))) == "service-oversize"
    stand.set_clock(MONDAY, Trust.TRUSTED)
    stand.wait(91 * 86_400)
    assert PARCEL not in stand.automat.parcels


def test_tags_of_tracking_ids_need_the_key_and_are_no_tags_of_codes() -> None:
    assert tracking_tag(CODE_KEY, "024204") != CODE_KEY.tag(Code("024204"))
    assert tracking_tag(CODE_KEY, PARCEL) != tracking_tag(replace(CODE_KEY, secret=bytes(32)), PARCEL)
