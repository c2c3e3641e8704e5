"""domain.md section 8: what is over is forgotten in its time; section 4: a tracking id rests 12 months."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from locker.domain.automat import Pruned
from locker.domain.codes import Code, tracking_tag
from locker.domain.commands import AuthorisePerson, Cause, WithdrawParcel
from locker.domain.deadlines import months_after
from locker.domain.events import Door, ForkReported, JournalAcknowledged, Started, Woke
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.parcels import Parcel, ParcelState, Role
from locker.domain.rules import Rules
from locker.domain.times import Trust
from tests.unit.domain.stand import CODE_KEY, MONDAY, Stand

ID = "JJFI65432110000070773"
DAY_S = 86_400.0
QUIET = Rules(heartbeat_s=DAY_S)
HELSINKI = QUIET.time_zone


def collected() -> Stand:
    """An automat whose one parcel was collected on Monday."""
    stand = Stand(QUIET)
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(300)
    return stand


def put(stand: Stand, parcel: Parcel) -> None:
    """Let a parcel be in a state, as if some flow had brought it there and restarted."""
    stand.stored[Parcel, parcel.tracking_id] = parcel
    stand.automat = stand.reloaded()
    stand.do(Started(dict(stand.doors)))


def acknowledge(stand: Stand) -> None:
    """Let the back office hold all there is."""
    stand.do(JournalAcknowledged(0, stand.automat.journal_end))


@pytest.mark.parametrize("state", [ParcelState.CLOSED, ParcelState.MISSING, ParcelState.REFUSED])
def test_what_is_over_is_forgotten_after_the_retention_time(state: ParcelState) -> None:
    stand = Stand(QUIET)
    put(stand, Parcel(ID, "S", state, closed_at=stand.now.wall_at))
    stand.wait(90 * DAY_S - 1)
    assert ID in stand.automat.parcels
    stand.wait(2)
    assert ID not in stand.automat.parcels
    assert stand.reloaded().parcels == stand.automat.parcels


@pytest.mark.parametrize("state", [ParcelState.CLOSED, ParcelState.MISSING, ParcelState.REFUSED])
def test_a_parcel_that_ended_under_an_unknown_time_is_dated_when_the_time_is_known(
    state: ParcelState,
) -> None:
    stand = Stand(QUIET)
    put(stand, Parcel(ID, "S", state))
    assert stand.parcel(ID).closed_at == stand.now.wall_at


def test_what_is_announced_or_found_again_is_no_longer_over() -> None:
    stand = Stand(QUIET)
    put(stand, Parcel(ID, "S", ParcelState.ANNOUNCED, closed_at=stand.now.wall_at))
    assert stand.parcel(ID).closed_at is None
    stand.wait(80 * DAY_S)
    assert ID in stand.automat.parcels


def test_a_tracking_id_rests_twelve_calendar_months_from_closing_first_as_a_parcel_then_as_a_tag() -> None:
    stand = collected()
    closed_at = stand.parcel().closed_at
    assert closed_at is not None
    until = months_after(closed_at, 12, HELSINKI)
    assert stand.announce(ID, "1111") == "tracking-id-seen-before"
    stand.wait(91 * DAY_S)
    assert not stand.automat.parcels
    assert list(stand.automat.seen) == [tracking_tag(CODE_KEY, ID)]
    assert stand.automat.seen[tracking_tag(CODE_KEY, ID)].until == until
    stand.wait((until - stand.now.wall_at).total_seconds() - 1)
    assert stand.announce(ID, "1111") == "tracking-id-seen-before"
    stand.wait(2)
    assert not stand.automat.seen
    assert stand.announce(ID, "1111") is None


def test_a_withdrawn_announcement_rests_as_well_and_a_refused_one_does_not() -> None:
    stand = Stand(QUIET)
    assert stand.announce(ID, "1111") is None
    assert stand.command(WithdrawParcel(ID, Cause.CANCEL, "sender")) is None
    put(stand, Parcel("JJFI1", "S", ParcelState.REFUSED, closed_at=stand.now.wall_at))
    stand.wait(91 * DAY_S)
    assert not stand.automat.parcels
    assert list(stand.automat.seen) == [tracking_tag(CODE_KEY, ID)]


@pytest.mark.parametrize(
    ("at", "months", "later"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), 12, datetime(2027, 3, 2, 9, tzinfo=UTC)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), 12, datetime(2029, 2, 28, 12, tzinfo=UTC)),
        (datetime(2026, 12, 31, 22, 30, tzinfo=UTC), 12, datetime(2027, 12, 31, 22, 30, tzinfo=UTC)),
        (datetime(2026, 8, 31, 12, tzinfo=UTC), 6, datetime(2027, 2, 28, 13, tzinfo=UTC)),
    ],
)
def test_months_are_those_of_the_calendar_where_the_automat_stands(
    at: datetime, months: int, later: datetime
) -> None:
    assert months_after(at, months, HELSINKI) == later


def test_a_drop_off_that_nobody_made_is_forgotten_and_its_code_is_free_again() -> None:
    stand = Stand(QUIET)
    tag = CODE_KEY.tag(Code("5555"))
    until = stand.now.wall_at + timedelta(days=3)
    put(stand, Parcel(ID, "S", code_tag=tag, valid_from=stand.now.wall_at, valid_until=until))
    stand.wait(94 * DAY_S)
    assert not stand.automat.parcels
    assert not stand.automat.seen
    assert stand.announce("JJFI2", "5555") is None


def test_a_person_whose_right_has_ended_is_forgotten_and_the_code_is_free_again() -> None:
    stand = Stand(QUIET)
    tag, at = CODE_KEY.tag(Code("7777")), stand.now.wall_at
    body = AuthorisePerson("c-1", Role.COURIER, tag, at, at + timedelta(days=1))
    assert stand.command(body) is None
    stand.wait(90 * DAY_S)
    assert stand.announce(ID, "7777") == "code-in-use"
    stand.wait(2 * DAY_S)
    assert not stand.automat.credentials
    assert stand.announce(ID, "7777") is None


def test_a_right_that_is_renewed_is_kept_and_one_without_end_never_ends() -> None:
    stand = Stand(QUIET)
    tag, at = CODE_KEY.tag(Code("7777")), stand.now.wall_at
    for holder, days in (("c-1", 1), ("c-1", 365)):
        assert (
            stand.command(AuthorisePerson(holder, Role.COURIER, tag, at, at + timedelta(days=days))) is None
        )
    eternal = AuthorisePerson(
        "c-2", Role.COURIER, CODE_KEY.tag(Code("8888")), at, datetime.max.replace(tzinfo=UTC)
    )
    assert stand.command(eternal) is None
    stand.wait(200 * DAY_S)
    assert set(stand.automat.credentials) == {"c-1", "c-2"}


def test_a_compartment_that_still_names_a_missing_parcel_lets_go_of_it() -> None:
    stand = Stand(QUIET)
    put(stand, Parcel(ID, "S", ParcelState.MISSING, compartment="1", closed_at=stand.now.wall_at))
    stand.automat = replace(
        stand.automat,
        compartments=stand.automat.compartments.set("1", replace(stand.box("1"), tracking_id=ID)),
    )
    stand.wait(91 * DAY_S)
    assert stand.box("1").tracking_id is None


def test_nothing_is_forgotten_under_an_untrusted_clock() -> None:
    stand = collected()
    acknowledge(stand)
    stand.set_clock(MONDAY + timedelta(days=4_000), Trust.UNTRUSTED)
    stand.do(Woke())
    stand.wait(100 * DAY_S)
    assert ID in stand.automat.parcels
    assert stand.count(EntryKind.JOURNAL_PRUNED) == 0


# -- the journal


def pruned(stand: Stand) -> list[Pruned]:
    """What was to be deleted of the journal last."""
    return [change for change in stand.stored.values() if isinstance(change, Pruned)]


def test_the_beginning_of_the_journal_is_pruned_a_day_after_its_retention_time() -> None:
    stand = collected()
    stand.wait(2 * DAY_S)
    told = stand.automat.journal_end
    acknowledge(stand)
    stand.wait(87 * DAY_S)
    assert not pruned(stand)
    stand.wait(4 * DAY_S)
    assert pruned(stand) == [Pruned(0, told)]
    assert stand.automat.facts.pruned_through == told
    assert stand.last(EntryKind.JOURNAL_PRUNED).data == {"through": told}
    assert stand.reloaded().facts == stand.automat.facts
    assert stand.reloaded().checkpoints == stand.automat.checkpoints


def test_what_the_back_office_does_not_hold_is_never_pruned() -> None:
    stand = collected()
    stand.wait(400 * DAY_S)
    assert not pruned(stand)
    acknowledge(stand)
    stand.wait(DAY_S)
    assert pruned(stand)


def test_no_entry_younger_than_the_retention_time_is_pruned() -> None:
    stand = collected()
    written: list[tuple[datetime, int]] = [(stand.now.wall_at, stand.automat.journal_end)]
    for number in range(40):
        stand.wait(7 * DAY_S)
        assert stand.announce(f"JJFI{number}", f"44{number:02d}") is None
        acknowledge(stand)
        written.append((stand.now.wall_at, stand.automat.journal_end))
        young_at = stand.now.wall_at - timedelta(days=90)
        oldest_young = next(end for at, end in written if at > young_at)
        assert stand.automat.facts.pruned_through < oldest_young
    assert stand.automat.facts.pruned_through > 0
    assert len(stand.automat.checkpoints) < 100


@pytest.mark.parametrize("why", ["refused", "fork"])
def test_an_entry_that_somebody_has_to_look_at_holds_the_pruning_back(why: str) -> None:
    stand = collected()
    if why == "refused":
        stand.do(JournalAcknowledged(0, stand.automat.journal_end, refused=((7, "bad size"),)))
    else:
        acknowledge(stand)
        stand.do(ForkReported(0, 7))
    stand.wait(200 * DAY_S)
    acknowledge(stand)
    stand.wait(200 * DAY_S)
    limit = 6 if why == "refused" else 0
    assert stand.automat.facts.pruned_through <= limit
    kind = IncidentKind.ENTRY_REFUSED if why == "refused" else IncidentKind.JOURNAL_FORKED
    assert stand.automat.open_incident(kind, "epoch 0") is not None


def test_pruning_goes_on_across_restarts_that_come_more_often_than_days() -> None:
    stand = collected()
    acknowledge(stand)
    for _ in range(140):
        stand.wait(DAY_S * 0.7)
        stand.power_cut()
        acknowledge(stand)
    assert pruned(stand)
    assert len(stand.automat.checkpoints) < 95


def test_a_new_epoch_forgets_where_the_earlier_journal_stood() -> None:
    stand = collected()
    assert stand.automat.checkpoints
    stand.do(Started(dict(stand.doors), "1", new_epoch=True))
    assert len(stand.automat.checkpoints) == 1
    assert stand.automat.facts.pruned_through == 0


def test_a_parcel_under_an_open_door_is_forgotten_only_when_the_door_is_shut() -> None:
    stand = Stand(QUIET)
    stand.deliver()
    stand.press("C 024204 OK")
    label = stand.opens()
    stand.wait(120)
    assert stand.parcel().state is ParcelState.COLLECTED
    stand.wait(120 * DAY_S)
    assert ID in stand.automat.parcels
    stand.door(label, Door.SHUT)
    stand.wait(2 * DAY_S)
    assert ID not in stand.automat.parcels
