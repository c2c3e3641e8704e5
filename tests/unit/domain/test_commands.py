"""Commands of the back office: at most once, or refused with a reason; always journalled (T15)."""

from datetime import UTC, datetime, timedelta

import pytest

from locker.domain.codes import Code
from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    Cause,
    ReleaseGuard,
    RevokePerson,
    WithdrawParcel,
)
from locker.domain.events import Woke
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState, Role
from locker.domain.times import Trust
from tests.unit.domain.stand import CODE_KEY, MONDAY, Stand

PARCEL = "JJFI65432110000070773"
TAG = CODE_KEY.tag(Code("024204"))
BODY = AnnounceParcel(PARCEL, "S", TAG)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        ({"automat_id": "fi-0002"}, "foreign"),
        ({"retained": True}, "retained"),
        ({"issued_at": MONDAY - 3 * HOUR, "not_after": MONDAY - 2 * HOUR}, "late"),
        ({"issued_at": MONDAY + HOUR, "not_after": MONDAY + 2 * HOUR}, "from-the-future"),
        ({"not_after": MONDAY + timedelta(days=31)}, "bad-lifetime"),
        (
            {"issued_at": MONDAY + timedelta(minutes=4), "not_after": MONDAY + timedelta(minutes=1)},
            "bad-lifetime",
        ),
    ],
)
def test_a_bad_envelope_is_refused_and_changes_nothing(envelope: dict[str, object], reason: str) -> None:
    stand = Stand()
    assert stand.command(BODY, **envelope) == reason
    assert not stand.automat.parcels
    assert stand.last(EntryKind.COMMAND_REFUSED).data["reason"] == reason


def test_a_repeated_command_is_applied_once_and_its_repetition_journalled() -> None:
    stand = Stand()
    assert stand.command(BODY, command_id="a", digest="1" * 64) is None
    assert stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "x"), command_id="b") is None
    assert stand.command(BODY, command_id="a", digest="1" * 64) == "repeated"
    assert stand.parcel().state is ParcelState.CLOSED


def test_the_same_id_with_another_content_is_refused() -> None:
    stand = Stand()
    assert stand.command(BODY, command_id="a", digest="1" * 64) is None
    assert (
        stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "x"), command_id="a", digest="2" * 64)
        == "id-reused"
    )
    assert stand.parcel().state is ParcelState.ANNOUNCED


def test_used_ids_survive_a_restart() -> None:
    stand = Stand()
    stand.command(BODY, command_id="a", digest="1" * 64)
    stand.power_cut()
    assert stand.command(BODY, command_id="a", digest="1" * 64) == "repeated"


def test_a_foreign_command_does_not_use_its_id_up() -> None:
    stand = Stand()
    assert stand.command(BODY, command_id="a", automat_id="fi-0002") == "foreign"
    assert stand.command(BODY, command_id="a") is None


def test_a_replay_under_a_clock_set_back_is_late_all_the_same() -> None:
    stand = Stand()
    stand.command(BODY, command_id="a", digest="1" * 64)
    stand.wait(3 * 86_400)
    assert "a" not in stand.automat.commands
    stand.set_clock(datetime(1970, 1, 1, tzinfo=UTC), Trust.UNTRUSTED)
    stand.do(Woke())
    old = {"issued_at": MONDAY, "not_after": MONDAY + HOUR}
    assert stand.command(BODY, command_id="a", digest="1" * 64, **old) == "late"
    stand.power_cut(trust=Trust.UNTRUSTED)
    assert stand.command(BODY, command_id="b", **old) == "late"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (AnnounceParcel("JJFI1", "XXL", None), "unknown-size"),
        (AnnounceParcel("JJFI1", "S", TAG), "code-in-use"),
        (AnnounceParcel("JJFI1", "S", TAG, "other"), "code-in-use"),
        (AnnounceParcel("JJFI1", "S", CODE_KEY.tag(Code("7777"))), "code-in-use"),
        (BODY, "code-in-use"),
        (AnnounceParcel(PARCEL, "S", CODE_KEY.tag(Code("5555"))), "already-announced"),
        (WithdrawParcel("JJFI1", Cause.REDIRECT, "x"), "unknown-parcel"),
        (RevokePerson("c-2", Role.COURIER), "unknown-courier"),
        (AuthorisePerson("c-2", Role.COURIER, TAG, MONDAY, MONDAY + HOUR), "code-in-use"),
        (
            AuthorisePerson("c-2", Role.COURIER, CODE_KEY.tag(Code("7777")), MONDAY, MONDAY + HOUR),
            "code-in-use",
        ),
        (AuthorisePerson("c-2", Role.COURIER, CODE_KEY.tag(Code("8888")), MONDAY, MONDAY), "bad-validity"),
        (ReleaseGuard("front", "x"), "not-guarded"),
        (ReleaseGuard("nowhere", "x"), "not-guarded"),
    ],
)
def test_a_command_that_cannot_be_applied_says_why_and_changes_nothing(body: object, reason: str) -> None:
    stand = Stand()
    stand.command(AnnounceParcel(PARCEL, "S", TAG, "somebody"))
    stand.command(AuthorisePerson("c-1", Role.COURIER, CODE_KEY.tag(Code("7777")), MONDAY, MONDAY + HOUR))
    before = stand.automat
    assert stand.command(body) == reason  # type: ignore[arg-type]  # a parametrised body
    assert (stand.automat.parcels, stand.automat.credentials) == (before.parcels, before.credentials)


def test_a_tracking_id_that_was_handed_over_cannot_come_back() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(181)
    assert stand.announce(PARCEL, "5555") == "tracking-id-seen-before"


def test_a_withdrawn_parcels_code_is_dead_at_once() -> None:
    stand = Stand()
    stand.deliver()
    assert stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "redirected")) is None
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_RECOGNISED)
    assert stand.parcel().state is ParcelState.WITHDRAWN


def test_a_parcel_withdrawn_while_its_door_is_open_is_handed_over_all_the_same() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.opens()
    stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "too late"))
    stand.door(label, stand.box("6").door)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1


def test_a_courier_s_new_code_replaces_the_old_one() -> None:
    stand = Stand()
    for code in ("7777", "8888"):
        stand.command(AuthorisePerson("c-1", Role.COURIER, CODE_KEY.tag(Code(code)), MONDAY, MONDAY + HOUR))
    stand.press("C 7777 OK")
    assert stand.says(Text.NOT_RECOGNISED)
    stand.press("C 8888 OK")
    assert stand.count(EntryKind.COURIER_SIGNED_IN) == 1
