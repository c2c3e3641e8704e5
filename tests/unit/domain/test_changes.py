"""Changes on the way (domain.md 7): withdrawal, another code, cash on delivery, a longer storage time."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from locker.domain.codes import Code, CodeTag
from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    Cause,
    LengthenDeadline,
    RegisterParcel,
    ReleaseParcel,
    ReplaceCode,
    WithdrawParcel,
)
from locker.domain.events import Door
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState, Role
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.unit.domain.stand import CODE_KEY, MONDAY, Stand

PARCEL = "JJFI65432110000070773"
SENT = "JJFI65432110000070774"
GENEROUS = Rules(back_office_may_lengthen=True)
DAY = timedelta(days=1)


def tag(code: str) -> CodeTag:
    return CODE_KEY.tag(Code(code))


def withdrawn(cause: Cause = Cause.REDIRECT, tracking_id: str = PARCEL) -> WithdrawParcel:
    return WithdrawParcel(tracking_id, cause, "asked by phone")


def overdue(rules: Rules = GENEROUS) -> Stand:
    """An automat in which a parcel has just become overdue."""
    stand = Stand(rules)
    stand.deliver()
    stand.wait(8 * 86_400)
    assert stand.parcel().state is ParcelState.OVERDUE
    return stand


# -- withdrawal


@pytest.mark.parametrize("cause", Cause)
def test_a_withdrawn_parcel_s_code_is_dead_and_it_waits_for_a_courier(cause: Cause) -> None:
    stand = Stand()
    label = stand.deliver()
    assert stand.command(withdrawn(cause)) is None
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_RECOGNISED)
    assert stand.parcel().state is ParcelState.WITHDRAWN
    assert dict(stand.automat.to_collect) == {PARCEL: label}
    applied = stand.last(EntryKind.COMMAND_APPLIED)
    assert (applied.subject, applied.data["cause"], applied.data["why"]) == (PARCEL, cause, "asked by phone")


def test_a_parcel_is_redirected_at_most_once() -> None:
    stand = Stand()
    assert stand.command(AnnounceParcel(PARCEL, "S", tag("024204"), redirected=True)) is None
    before = stand.automat.parcels
    assert stand.command(withdrawn()) == "already-redirected"
    assert stand.automat.parcels == before
    assert stand.command(withdrawn(Cause.REFUSAL)) is None


@pytest.mark.parametrize("inside", [True, False])
def test_a_second_redirection_of_the_same_parcel_is_refused(inside: bool) -> None:  # noqa: FBT001  (a case)
    stand = Stand()
    if inside:
        stand.deliver()
    else:
        stand.announce(PARCEL)
    assert stand.command(withdrawn()) is None
    stand.power_cut()
    assert stand.command(withdrawn()) == "already-redirected"


def test_a_withdrawal_for_another_cause_does_not_use_the_redirection_up() -> None:
    stand = Stand()
    stand.deliver()
    assert stand.command(withdrawn(Cause.CANCEL)) is None
    assert not stand.parcel().redirected


def test_withdrawing_an_expected_drop_off_ends_its_code() -> None:
    stand = Stand()
    stand.expect_drop_off()
    assert stand.command(withdrawn(Cause.CANCEL, SENT)) is None
    stand.press("C 515151 OK")
    assert stand.says(Text.NOT_RECOGNISED)
    assert not stand.unlocks
    assert stand.parcel(SENT).state is ParcelState.CLOSED


def test_withdrawing_a_drop_off_whose_sender_stands_at_the_door_stores_nothing() -> None:
    stand = Stand()
    stand.expect_drop_off()
    stand.press("C 515151 OK")
    label = stand.opens()
    assert stand.command(withdrawn(Cause.CANCEL, SENT)) is None
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert stand.count(EntryKind.PARCEL_DROPPED_OFF) == 0
    assert not stand.box(label).free, "nobody knows whether the parcel lies there"


@pytest.mark.parametrize("state", ["withdrawn", "collected", "dropped off"])
def test_what_is_no_recipient_s_any_more_cannot_be_withdrawn(state: str) -> None:
    stand = Stand()
    body = withdrawn(Cause.REFUSAL)
    if state == "dropped off":
        stand.drop_off()
        body = withdrawn(Cause.REFUSAL, SENT)
    else:
        stand.deliver()
    if state == "withdrawn":
        stand.command(body)
    elif state == "collected":
        stand.press("C 024204 OK")
        stand.opens_and_shuts()
    assert stand.command(body) == "not-in-a-state-to-withdraw"


def test_a_waiting_parcel_that_is_withdrawn_meanwhile_is_left_out() -> None:
    stand = Stand()
    stand.deliver(recipient="r")
    stand.deliver(SENT, recipient="r")
    stand.press("C 024204 OK")
    stand.opens()
    stand.command(withdrawn(tracking_id=SENT))
    opened = len(stand.unlocks)
    stand.door(stand.unlocks[-1].compartment, Door.SHUT)
    assert len(stand.unlocks) == opened
    assert stand.parcel(SENT).state is ParcelState.WITHDRAWN


# -- another code


def test_the_old_code_dies_at_once_and_the_new_one_opens() -> None:
    stand = Stand()
    label = stand.deliver()
    assert stand.command(ReplaceCode(PARCEL, tag("313131"))) is None
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_RECOGNISED)
    stand.press("C 313131 OK")
    assert stand.opens() == label


def test_a_door_under_way_finishes_though_its_code_was_replaced() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.opens()
    assert stand.command(ReplaceCode(PARCEL, tag("313131"))) is None
    stand.door(label, Door.SHUT)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_RECOGNISED)


def test_a_door_that_waits_for_the_old_code_s_next_turn_stays_shut() -> None:
    stand = Stand()
    stand.deliver(recipient="r")
    stand.deliver(SENT, recipient="r")
    stand.press("C 024204 OK")
    first = stand.opens()
    assert stand.command(ReplaceCode(SENT, tag("313131"))) is None
    opened = len(stand.unlocks)
    stand.door(first, Door.SHUT)
    assert len(stand.unlocks) == opened
    assert stand.says(Text.THANK_YOU)


def test_a_parcel_on_its_way_gets_its_code_replaced_too() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    assert stand.command(ReplaceCode(PARCEL, tag("313131"), "r-2")) is None
    assert (stand.parcel().code_tag, stand.parcel().recipient) == (tag("313131"), "r-2")


def test_a_new_code_may_be_shared_by_the_parcels_of_one_recipient_only() -> None:
    stand = Stand()
    stand.announce(PARCEL, "024204", recipient="r-1")
    stand.announce(SENT, "313131", recipient="r-1")
    stand.announce("JJFI65432110000070775", "414141", recipient="r-2")
    assert stand.command(ReplaceCode(PARCEL, tag("414141"))) == "code-in-use"
    assert stand.command(ReplaceCode(PARCEL, tag("313131"), "r-2")) == "code-in-use"
    assert stand.command(ReplaceCode(PARCEL, tag("024204"))) == "code-in-use"
    assert stand.command(ReplaceCode(PARCEL, tag("313131"))) is None


def test_a_person_s_code_cannot_become_a_parcel_s() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.command(AuthorisePerson("t-1", Role.TECHNICIAN, tag("8888"), MONDAY, MONDAY + DAY))
    assert stand.command(ReplaceCode(PARCEL, tag("8888"))) == "code-in-use"


@pytest.mark.parametrize("state", ["overdue", "withdrawn", "collected", "drop-off", "unknown"])
def test_no_new_code_brings_back_what_no_code_may_open(state: str) -> None:
    stand = overdue() if state == "overdue" else Stand()
    body, reason = ReplaceCode(PARCEL, tag("313131")), "not-in-a-state-to-replace"
    if state in ("withdrawn", "collected"):
        stand.deliver()
    if state == "withdrawn":
        stand.command(withdrawn())
    elif state == "collected":
        stand.press("C 024204 OK")
        stand.opens_and_shuts()
    elif state == "drop-off":
        stand.expect_drop_off()
        body = ReplaceCode(SENT, tag("313131"))
    elif state == "unknown":
        reason = "unknown-parcel"
    before = stand.automat.parcels
    assert stand.command(body) == reason
    assert stand.automat.parcels == before


# -- cash on delivery


def cash_on_delivery() -> Stand:
    stand = Stand()
    body = AnnounceParcel(PARCEL, "S", tag("024204"), services=frozenset({"cash-on-delivery"}))
    assert stand.command(body) is None
    stand.sign_in_courier()
    stand.press(f"{PARCEL[-8:]} OK")
    stand.opens_and_shuts()
    stand.press("OK C")
    stand.wait(31)
    return stand


def test_an_unpaid_parcel_opens_only_once_it_is_released() -> None:
    stand = cash_on_delivery()
    stand.press("C 024204 OK")
    assert stand.says(Text.UNPAID)
    assert stand.command(ReleaseParcel(PARCEL)) is None
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.parcel().state is ParcelState.COLLECTED


def test_a_release_survives_a_power_cut() -> None:
    stand = cash_on_delivery()
    stand.command(ReleaseParcel(PARCEL))
    stand.power_cut()
    assert not stand.parcel().unpaid


def test_what_is_not_unpaid_or_not_waiting_is_not_released() -> None:
    stand = Stand()
    assert stand.command(ReleaseParcel(PARCEL)) == "unknown-parcel"
    stand.announce(PARCEL)
    assert stand.command(ReleaseParcel(PARCEL)) == "not-unpaid"
    other = cash_on_delivery()
    other.command(withdrawn())
    assert other.command(ReleaseParcel(PARCEL)) == "not-in-a-state-to-release"


# -- a longer storage time


def deadline_of(stand: Stand) -> datetime:
    at = stand.parcel().deadline_at
    assert at is not None
    return at


def test_the_back_office_may_not_lengthen_unless_the_operator_s_terms_allow_it() -> None:
    stand = Stand()
    stand.deliver()
    before = deadline_of(stand)
    assert stand.command(LengthenDeadline(PARCEL, before + DAY)) == "not-allowed-here"
    assert deadline_of(stand) == before


def test_a_longer_deadline_is_the_end_of_its_local_day_and_journalled() -> None:
    stand = Stand(GENEROUS)
    stand.deliver()
    before = deadline_of(stand)
    assert stand.command(LengthenDeadline(PARCEL, before + 2 * DAY + timedelta(hours=5))) is None
    assert deadline_of(stand) == before + 3 * DAY
    entry = stand.last(EntryKind.DEADLINE_LENGTHENED)
    assert (entry.subject, entry.data["lastpickupdate"]) == (PARCEL, "2026-03-12")
    stand.wait(9 * 86_400)
    assert stand.parcel().state is ParcelState.STORED
    stand.wait(2 * 86_400)
    assert stand.parcel().state is ParcelState.OVERDUE


@pytest.mark.parametrize("by", [-DAY, timedelta(0)])
def test_a_deadline_is_never_shortened(by: timedelta) -> None:
    stand = Stand(GENEROUS)
    stand.deliver()
    before = deadline_of(stand)
    assert stand.command(LengthenDeadline(PARCEL, before + by)) == "would-shorten"
    assert deadline_of(stand) == before


def test_an_overdue_parcel_that_may_wait_longer_can_be_collected_again() -> None:
    stand = overdue()
    assert stand.command(LengthenDeadline(PARCEL, stand.now.wall_at + 2 * DAY)) is None
    assert stand.parcel().state is ParcelState.STORED
    assert not stand.automat.to_collect
    assert stand.last(EntryKind.DEADLINE_LENGTHENED).data["wasoverdue"] is True
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.parcel().state is ParcelState.COLLECTED


def test_a_lengthened_parcel_is_reminded_of_again() -> None:
    stand = Stand(GENEROUS)
    stand.deliver()
    stand.wait(7 * 86_400)
    assert stand.count(EntryKind.PARCEL_REMINDER) == 2
    stand.command(LengthenDeadline(PARCEL, deadline_of(stand) + 7 * DAY))
    stand.wait(7 * 86_400)
    assert stand.count(EntryKind.PARCEL_REMINDER) == 4


@pytest.mark.parametrize(
    ("later", "reason"),
    [(timedelta(minutes=1), "already-passed"), (timedelta(days=400), "too-long")],
)
def test_a_date_that_helps_nobody_is_refused(later: timedelta, reason: str) -> None:
    stand = overdue()
    stand.wait(2 * 86_400)
    before = stand.automat.parcels
    assert stand.command(LengthenDeadline(PARCEL, deadline_of(stand) + later)) == reason
    assert stand.automat.parcels == before


def test_the_last_day_of_the_calendar_is_no_way_to_break_an_automat() -> None:
    stand = Stand(GENEROUS)
    stand.deliver()
    last = datetime.max.replace(tzinfo=MONDAY.tzinfo)
    assert stand.command(LengthenDeadline(PARCEL, last)) == "too-long"


def test_only_a_parcel_with_a_running_deadline_can_wait_longer() -> None:
    stand = Stand(GENEROUS)
    until = MONDAY + 30 * DAY
    assert stand.command(LengthenDeadline(PARCEL, until)) == "unknown-parcel"
    stand.announce(PARCEL)
    assert stand.command(LengthenDeadline(PARCEL, until)) == "not-in-a-state-to-lengthen"
    stand.drop_off()
    assert stand.command(LengthenDeadline(SENT, until)) == "not-in-a-state-to-lengthen"


def test_a_parcel_stored_while_the_time_was_unknown_has_no_deadline_to_lengthen() -> None:
    stand = Stand(GENEROUS)
    stand.now = replace(stand.now, trust=Trust.UNTRUSTED)
    stand.deliver()
    assert stand.parcel().deadline_at is None
    assert stand.command(LengthenDeadline(PARCEL, MONDAY + 30 * DAY)) == "no-deadline-yet"


# -- what senders leave


def test_a_registration_is_applied_once() -> None:
    stand = Stand()
    assert stand.command(RegisterParcel(SENT)) == "unknown-parcel"
    stand.drop_off()
    assert stand.command(RegisterParcel(SENT)) is None
    assert stand.parcel(SENT).state is ParcelState.REGISTERED
    assert stand.command(RegisterParcel(SENT)) == "already-registered"
