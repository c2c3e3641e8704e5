"""Whoever has the broker cannot fill the journal: refusals are told, then counted, and never forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from locker.domain.codes import Code
from locker.domain.commands import AnnounceParcel, RefusedCommand
from locker.domain.events import CommandUnreadable, Stopping
from locker.domain.journal import Entry, EntryKind
from locker.domain.rules import Rules
from tests.unit.domain.stand import CODE_KEY, MONDAY, Stand

DAY_S = 86_400
PARCEL = "JJFI65432110000070773"
BODY = AnnounceParcel(PARCEL, "S", CODE_KEY.tag(Code("024204")))
NOISE = CommandUnreadable(RefusedCommand("bad-signature", "the signature is not the back office's", "0" * 64))
LONG_AGO = {
    "issued_at": MONDAY - timedelta(days=40),
    "not_after": MONDAY - timedelta(days=39),
}


def refused(stand: Stand) -> list[Entry]:
    return [entry for entry in stand.entries if entry.kind is EntryKind.COMMAND_REFUSED]


def counted(stand: Stand, reason: str) -> int:
    """Return how many refusals the journal accounts for, each by itself or as a number."""
    return sum(int(str(e.data.get("more", 1))) for e in refused(stand) if e.data["reason"] == reason)


def flood(stand: Stand, messages: int) -> None:
    for _ in range(messages):
        stand.do(NOISE)


def test_a_day_of_noise_fills_no_journal_and_every_message_is_counted() -> None:
    stand, rules = Stand(), Rules()
    for _ in range(24):
        flood(stand, 500)
        stand.wait(3_600)
    stand.wait(3_600)
    assert counted(stand, "bad-signature") == 24 * 500
    assert len(refused(stand)) <= rules.refusals_told + DAY_S / rules.refusal_told_again_s + 1


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        ({"automat_id": "fi-0002"}, "foreign"),
        ({"retained": True}, "retained"),
        (LONG_AGO, "late"),
        ({"digest": "1" * 64}, "repeated"),
        ({"digest": "2" * 64}, "id-reused"),
    ],
)
def test_a_signed_command_replayed_for_ever_is_told_a_few_times_and_changes_nothing(
    envelope: dict[str, object], reason: str
) -> None:
    stand, rules = Stand(), Rules()
    used = {"command_id": "a"} if "digest" in envelope else {}
    assert stand.command(BODY, command_id="a", digest="1" * 64) is None
    before = stand.automat.parcels
    for _ in range(200):
        stand.command(BODY, **{**used, **envelope})
    assert stand.automat.parcels is before
    assert len(refused(stand)) == rules.refusals_told
    stand.wait(rules.refusal_told_again_s)
    assert counted(stand, reason) == 200


def test_a_late_command_of_today_is_remembered_and_told() -> None:
    stand = Stand()
    ended = {"issued_at": MONDAY - timedelta(hours=2), "not_after": MONDAY - timedelta(hours=1)}
    for number in range(30):
        assert stand.command(BODY, command_id=f"late-{number}", **ended) == "late"


def test_what_is_only_counted_costs_no_transaction() -> None:
    stand = Stand()
    flood(stand, Rules().refusals_told - 1)
    assert stand.do(NOISE).durable
    assert not stand.do(NOISE).durable


def test_noise_silences_no_other_reason() -> None:
    stand = Stand()
    flood(stand, 100)
    assert stand.command(BODY, automat_id="fi-0002") == "foreign"


@pytest.mark.parametrize(("quiet_s", "told"), [(0, 0), (3_600, 1), (7_200.5, 2), (DAY_S, 20)])
def test_what_may_be_told_comes_back_with_time(quiet_s: float, told: int) -> None:
    stand = Stand()
    flood(stand, 20)
    stand.wait(quiet_s)
    flood(stand, 21)
    assert len(refused(stand)) == 20 + told


def test_who_sends_before_the_automat_wakes_does_not_keep_the_number_back() -> None:
    stand = Stand()
    flood(stand, 30)
    stand.now = replace(stand.now, powered_s=stand.now.powered_s + 3_601)
    flood(stand, 1)
    assert stand.last(EntryKind.COMMAND_REFUSED).data == {"reason": "bad-signature", "more": 11}


def test_what_was_counted_is_told_before_the_service_ends() -> None:
    stand = Stand()
    flood(stand, 25)
    stand.do(Stopping())
    assert counted(stand, "bad-signature") == 25
    assert [entry.kind for entry in stand.entries[-2:]] == [EntryKind.COMMAND_REFUSED, EntryKind.STOPPED]
