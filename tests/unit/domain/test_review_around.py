"""What a review of everything around the parcels found: frozen mode, restarts, what is forgotten."""

from datetime import timedelta

import pytest

from locker.domain.codes import Code
from locker.domain.commands import AnnounceParcel, Mode, OpenCompartment, ReplaceCode, SetMode
from locker.domain.compartments import Condition
from locker.domain.events import Door, JournalAcknowledged, PartLost, PartRestored, PulseSent, Woke
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import ConfirmingRemote, PickingUp
from locker.domain.messages import Text
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState
from locker.domain.rules import Rules
from locker.domain.times import NEVER_BEFORE, Trust
from tests.unit.domain.stand import CODE_KEY, Stand

PARCEL = "JJFI65432110000070773"

ID = "JJFI65432110000070773"
DAY_S = 86_400.0
QUIET = Rules(heartbeat_s=DAY_S)
WHO = ("desk 4", "smoke was seen")


def freeze(stand: Stand) -> None:
    assert stand.command(SetMode(Mode.FROZEN, *WHO)) is None


def frozen_before_the_door_moved(how: str) -> Stand:
    """An automat that was frozen after the first pulse of a door that has not moved yet."""
    stand = Stand()
    if how == "pickup":
        stand.deliver()
        stand.press("C 024204 OK")
    elif how == "deposit":
        stand.announce("JJFI65432110000070773")
        stand.sign_in_courier()
        stand.press("00070773 OK")
    elif how == "drop-off":
        stand.expect_drop_off()
        stand.press("C 515151 OK")
    elif how == "remote":
        assert stand.command(OpenCompartment("5", *WHO)) is None
    else:
        stand.deliver()
        stand.command(SetMode(Mode.EVACUATE, *WHO))
        stand.sign_in_courier()
        stand.press("1 OK")
    stand.pulse_sent()
    freeze(stand)
    return stand


HOW = ("pickup", "deposit", "drop-off", "remote", "collect")


# -- frozen mode (domain.md 7): nothing opens but by a technician


@pytest.mark.parametrize("how", HOW)
def test_a_door_that_has_not_moved_is_pulsed_no_more_once_the_automat_is_frozen(how: str) -> None:
    stand = frozen_before_the_door_moved(how)
    pulses = len(stand.unlocks)
    label = stand.unlocks[-1].compartment
    stand.wait(300)
    assert len(stand.unlocks) == pulses
    assert label not in stand.automat.openings
    assert not isinstance(stand.automat.keypads["front"].flow, PickingUp)
    assert stand.automat.keypads["front"].due_s is None, "the keypad is at rest again"
    assert stand.box(label).condition is not Condition.FAULTY, "one pulse is no proof against a lock"


@pytest.mark.parametrize("how", HOW)
def test_a_door_that_the_pulse_before_the_freeze_has_opened_finishes(how: str) -> None:
    stand = frozen_before_the_door_moved(how)
    label = stand.unlocks[-1].compartment
    stand.door(label, Door.OPEN)
    assert stand.automat.openings[label].stage is Stage.OPEN
    stand.door(label, Door.SHUT)
    assert label not in stand.automat.openings
    if how == "pickup":
        assert stand.parcel().state is ParcelState.COLLECTED


def test_a_recipient_whose_door_is_pulsed_no_more_keeps_the_code_and_is_told() -> None:
    stand = frozen_before_the_door_moved("pickup")
    stand.wait(6)
    assert stand.says(Text.NOT_OPENED)
    assert stand.count(EntryKind.PARCEL_ATTEMPTED) == 1
    stand.wait(200)
    assert stand.command(SetMode(Mode.NORMAL, *WHO)) is None
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.parcel().state is ParcelState.COLLECTED


def test_a_technician_s_door_is_pulsed_as_often_as_ever_in_frozen_mode() -> None:
    stand = Stand()
    stand.sign_in_technician()
    stand.press("1 5 OK")
    stand.pulse_sent()
    freeze(stand)
    stand.wait(5)
    stand.pulse_sent()
    stand.wait(5)
    stand.pulse_sent()
    stand.wait(20)
    assert [unlock.number for unlock in stand.unlocks if unlock.compartment == "5"] == [1, 2, 3]
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "5") is not None
    assert stand.box("5").condition is Condition.FAULTY


# -- what waits for a word on the spot (domain.md 7)


def asked_on_the_spot() -> Stand:
    stand = Stand(Rules(remote_openings_short=0))
    assert stand.command(OpenCompartment("5", *WHO)) is None
    assert isinstance(stand.automat.keypads["front"].flow, ConfirmingRemote)
    return stand


def test_a_restart_does_not_leave_the_journal_without_the_end_of_what_was_asked_on_the_spot() -> None:
    stand = asked_on_the_spot()
    stand.power_cut()
    entry = stand.last(EntryKind.OPENING_LAPSED)
    assert (entry.data["compartment"], entry.data["operator"]) == ("5", "desk 4")
    stand.power_cut()
    assert stand.count(EntryKind.OPENING_LAPSED) == 1
    assert not stand.unlocks


@pytest.mark.parametrize("keys", ["OK", "C", ""])
def test_what_was_answered_on_the_spot_does_not_lapse_again_at_the_next_start(keys: str) -> None:
    stand = asked_on_the_spot()
    stand.press(keys)
    stand.wait(150)
    lapsed = stand.count(EntryKind.OPENING_LAPSED)
    stand.power_cut()
    assert stand.count(EntryKind.OPENING_LAPSED) == lapsed
    assert not stand.automat.facts.word_awaited


def test_what_was_asked_for_a_box_that_the_configuration_no_longer_has_lapses_too() -> None:
    stand = asked_on_the_spot()
    stand.reconfigured(without_box="5")
    assert stand.last(EntryKind.OPENING_LAPSED).data["compartment"] == "5"


# -- announcements of parcels that never arrive (domain.md 8)


def test_an_announced_parcel_that_never_comes_is_forgotten_and_its_code_is_free_again() -> None:
    stand = Stand(QUIET)
    assert stand.announce(ID, "5555") is None
    stand.wait(90 * DAY_S - 60)
    assert ID in stand.automat.parcels
    stand.wait(120)
    assert not stand.automat.parcels
    assert not stand.reloaded().parcels
    assert not stand.automat.seen, "it was never here: it may be announced again"
    assert stand.announce("JJFI2", "5555") is None


@pytest.mark.parametrize("how", ["code", "replaced"])
def test_an_announcement_that_is_renewed_begins_its_time_anew(how: str) -> None:
    stand = Stand(QUIET)
    assert stand.announce(ID, None if how == "code" else "5555") is None
    stand.wait(80 * DAY_S)
    if how == "code":
        assert stand.announce(ID, "5555") is None
    else:
        assert stand.command(ReplaceCode(ID, CODE_KEY.tag(Code("6666")))) is None
    stand.wait(80 * DAY_S)
    assert ID in stand.automat.parcels
    stand.wait(11 * DAY_S)
    assert ID not in stand.automat.parcels


def test_a_parcel_announced_while_the_time_was_unknown_is_dated_when_it_is_known() -> None:
    stand = Stand(QUIET)
    at = stand.now.wall_at
    stand.set_clock(NEVER_BEFORE, Trust.UNTRUSTED)
    stand.do(Woke())
    body = AnnounceParcel(ID, "S", CODE_KEY.tag(Code("5555")))
    assert stand.command(body, issued_at=at) is None
    stand.wait(100 * DAY_S)
    assert stand.parcel(ID).announced_at is None
    stand.set_clock(at + timedelta(days=100))
    stand.power_cut()
    assert stand.parcel(ID).announced_at == stand.now.wall_at
    stand.wait(91 * DAY_S)
    assert ID not in stand.automat.parcels


def test_a_parcel_in_a_courier_s_hands_is_not_forgotten() -> None:
    stand = Stand(QUIET)
    assert stand.announce(ID, "5555") is None
    stand.wait(90 * DAY_S - 20)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    stand.opens_and_shuts()
    stand.wait(30)
    stand.press("OK")
    assert stand.parcel(ID).state is ParcelState.STORED
    assert stand.parcel(ID).code_tag is not None
    stand.wait(3 * DAY_S)
    assert ID in stand.automat.parcels


# -- the journal's beginning (domain.md 8): after years without a back office it goes in small steps


def test_a_beginning_that_could_not_be_pruned_for_long_is_pruned_a_day_s_worth_at_a_time() -> None:
    stand = Stand(QUIET)
    for _ in range(100):
        stand.wait(DAY_S)
        stand.press("C OK 1234 OK")
    stand.wait(100 * DAY_S)
    stand.do(JournalAcknowledged(0, stand.automat.journal_end))
    reached, longest = 0, 0
    for _ in range(1000):
        stand.wait(120)
        longest = max(longest, stand.automat.facts.pruned_through - reached)
        reached = stand.automat.facts.pruned_through
    assert reached > 100
    assert 0 < longest <= 12, "a few days' entries at most within two minutes"
    assert stand.reloaded().checkpoints == stand.automat.checkpoints


# -- incidents (domain.md 8): what is over is forgotten, whatever the clock said when it ended


def test_a_matter_that_ended_under_a_false_future_is_forgotten_in_its_time() -> None:
    stand = Stand(QUIET)
    at = stand.now.wall_at
    stand.do(PartLost("board A", "silent"))
    stand.set_clock(at + timedelta(days=30_000), Trust.UNTRUSTED)
    stand.do(PartRestored("board A"))
    stand.set_clock(at)
    stand.do(Woke())
    (incident,) = stand.automat.incidents.values()
    assert incident.cleared_at == at
    stand.wait(91 * DAY_S)
    assert not stand.automat.incidents


def test_a_pulse_that_leaves_late_where_no_contact_sees_the_door_makes_the_box_suspect() -> None:
    stand = Stand(blind=["1"])
    assert stand.announce(PARCEL) is None
    stand.sign_in_courier()
    stand.press(f"{PARCEL[-8:]} OK")
    stand.wait(16)
    late = next(unlock for unlock in reversed(stand.unlocks) if unlock.compartment == "1")
    assert stand.box("1").condition is Condition.SOUND
    stand.do(PulseSent(late.compartment, late.number))
    assert stand.box("1").condition is Condition.SUSPECT


def test_a_word_on_a_door_that_sprang_open_counts_only_once_it_is_seen_shut_again() -> None:
    stand = Stand()
    assert stand.announce(PARCEL) is None
    stand.sign_in_courier()
    stand.press(f"{PARCEL[-8:]} OK")
    label = stand.opens_and_shuts()
    stand.door(label, Door.OPEN)
    stand.door(label, Door.UNKNOWN)
    stand.press("OK")
    assert stand.says(Text.CLOSE_DOOR)
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert stand.parcel(PARCEL).state is ParcelState.STORED
