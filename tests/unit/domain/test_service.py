"""The technician at the keypad: personal, expiring, revocable, journalled, no default (domain.md "Words")."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locker.domain.automat import Automat
from locker.domain.commands import Mode, OpenCompartment, RevokePerson, SetMode
from locker.domain.compartments import Compartment, Condition, Fixture
from locker.domain.draft import restore
from locker.domain.events import Door, Key
from locker.domain.flows.service import find_door
from locker.domain.incidents import IncidentKind
from locker.domain.intents import LampTest, Show, Sound, Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import (
    Answering,
    ChoosingDoor,
    Idle,
    Inspecting,
    Judging,
    Serving,
    TryingKeys,
    Typed,
)
from locker.domain.messages import Text
from locker.domain.parcels import Role
from locker.domain.times import NEVER_BEFORE, LastSeen, Trust
from tests.unit.domain.cuts import cut_after_each_event
from tests.unit.domain.stand import Stand, guarded, value_shown

LOCKER = Path(__file__).parents[3] / "locker"
TECHNICIAN = {"technician": "t-1"}


@pytest.fixture
def stand() -> Stand:
    stand = Stand()
    stand.sign_in_technician()
    return stand


def flow(stand: Stand, keypad: str = "front") -> object:
    return stand.automat.keypads[keypad].flow


def tones(stand: Stand) -> list[Tone]:
    return [intent.tone for intent in stand.intents if isinstance(intent, Sound)]


def labelled(*labels: str) -> Automat:
    boxes = [Compartment(Fixture(label, "S", 350, 110, 600, row=row)) for row, label in enumerate(labels)]
    return restore(
        Stand().blank,
        compartments=boxes,
        parcels=[],
        credentials=[],
        attempts=[],
        openings=[],
        incidents=[],
        commands=[],
        parked=[],
        seen=[],
        facts=Stand().blank.facts,
        last_seen=LastSeen(NEVER_BEFORE, trusted=False, powered_s=0.0),
    )


# -- a fresh install


@given(digits=st.text(alphabet="0123456789", min_size=1, max_size=16))
@settings(max_examples=300, deadline=None)
def test_a_fresh_install_opens_no_menu_for_any_code(digits: str) -> None:
    stand = Stand()
    stand.press(f"C {digits} OK")
    assert isinstance(flow(stand), Answering)
    assert stand.shown[-1].text in (Text.NOT_RECOGNISED, Text.WRONG_LENGTH)
    assert stand.unlocks == []


def test_nothing_but_a_command_of_the_back_office_or_the_database_makes_a_credential() -> None:
    makers = {
        file.relative_to(LOCKER).as_posix()
        for file in LOCKER.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Credential"
    }
    assert makers <= {"domain/flows/steering.py", "db/records.py", "db/loading.py"}


def test_nothing_in_the_tree_makes_a_code_but_what_was_typed() -> None:
    makers = {
        file.relative_to(LOCKER).as_posix()
        for file in LOCKER.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Code"
    }
    assert makers == {"domain/flows/keys.py"}


# -- signing in and out


def test_a_technician_signs_in_with_his_own_code_and_sees_the_menu(stand: Stand) -> None:
    assert stand.says(Text.SERVICE_MENU)
    assert flow(stand) == Serving("t-1")
    assert stand.last(EntryKind.TECHNICIAN_SIGNED_IN).data == {"keypad": "front", **TECHNICIAN}
    assert tones(stand)[-1] is Tone.RIGHT


def test_c_signs_out(stand: Stand) -> None:
    stand.press("C")
    assert stand.says(Text.SIGNED_OUT)
    assert stand.last(EntryKind.TECHNICIAN_SIGNED_OUT).data["why"] == "C pressed"
    stand.press("1")
    assert stand.says(Text.PRESS_C_FIRST)


@pytest.mark.parametrize("keys", ["", "1", "1 4", "2", "2 7", "4"])
def test_a_session_in_which_nothing_happens_ends_wherever_it_stands(keys: str) -> None:
    stand = Stand()
    stand.sign_in_technician()
    stand.press(keys)
    idle_s = stand.automat.rules.service_idle_s
    stand.wait(idle_s - 1)
    assert stand.count(EntryKind.TECHNICIAN_SIGNED_OUT) == 0
    stand.wait(2)
    assert stand.last(EntryKind.TECHNICIAN_SIGNED_OUT).data == {
        "keypad": "front",
        "why": "nothing typed",
        **TECHNICIAN,
    }
    stand.wait(31)
    assert flow(stand) == Idle()


def test_every_key_keeps_the_session_alive(stand: Stand) -> None:
    for _ in range(5):
        stand.wait(stand.automat.rules.service_idle_s - 1)
        stand.press("9")
    assert stand.says(Text.SERVICE_MENU)
    assert flow(stand) == Serving("t-1")


MENU_KEYS = {"": "9", "1": "7", "1 7": "OK", "2": "5", "4": "1", "3": "3"}


@pytest.mark.parametrize("where", MENU_KEYS)
@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_right_that_ends_ends_the_session_at_the_next_key(where: str, end: str) -> None:
    stand = Stand()
    stand.sign_in_technician(lasts=timedelta(seconds=60))
    stand.door("6", Door.OPEN)  # an incident to read
    stand.press(where.replace("7", "3"))
    if end == "revoked":
        assert stand.command(RevokePerson("t-1", Role.TECHNICIAN)) is None
    else:
        stand.wait(61)
    before = len(stand.unlocks)
    stand.press(MENU_KEYS[where])
    assert stand.says(Text.SIGNED_OUT)
    assert stand.last(EntryKind.TECHNICIAN_SIGNED_OUT).data["why"] == "no longer authorised"
    assert len(stand.unlocks) == before
    stand.press("C 9999 OK")
    assert stand.says(Text.NOT_RECOGNISED)


@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.UNTRUSTED])
def test_an_expired_code_is_an_unknown_one_and_no_false_clock_revives_it(trust: Trust) -> None:
    stand = Stand()
    stand.sign_in_technician(lasts=timedelta(seconds=60))
    stand.press("C")
    stand.wait(60)
    stand.set_clock(
        stand.now.wall_at.replace(year=stand.now.wall_at.year - 10 * (trust is Trust.UNTRUSTED)), trust
    )
    stand.press("C 9999 OK")
    assert stand.says(Text.NOT_RECOGNISED)


def test_a_code_whose_time_has_not_come_is_an_unknown_one() -> None:
    stand = Stand()
    stand.sign_in_technician()
    stand.press("C")
    stand.set_clock(stand.now.wall_at - timedelta(minutes=30))
    stand.press("C 9999 OK")
    assert stand.says(Text.NOT_RECOGNISED)


def test_two_technicians_work_at_two_keypads_each_under_his_own_name() -> None:
    stand = Stand()
    stand.sign_in_technician()
    stand.sign_in_technician("8888", holder="t-2", keypad="side")
    stand.press("2")
    stand.press("1 5 OK", "side")
    assert stand.last(EntryKind.HARDWARE_TESTED).data["technician"] == "t-1"
    assert stand.automat.openings["5"].person == "t-2"
    assert flow(stand) == TryingKeys("t-1")
    stand.press("C C C")
    assert stand.last(EntryKind.TECHNICIAN_SIGNED_OUT).data["technician"] == "t-1"
    assert isinstance(flow(stand, "side"), Inspecting)


def test_two_technicians_cannot_open_the_same_door_at_once() -> None:
    stand = Stand()
    stand.sign_in_technician()
    stand.sign_in_technician("8888", holder="t-2", keypad="side")
    stand.press("1 5 OK")
    before = len(stand.unlocks)
    stand.press("1 5 OK", "side")
    assert stand.says(Text.DOOR_IN_USE, "side")
    assert len(stand.unlocks) == before


# -- 1: open one compartment


def test_one_compartment_is_opened_by_its_number_and_looked_into(stand: Stand) -> None:
    stand.press("1")
    assert stand.says(Text.CHOOSE_DOOR)
    stand.press("3")
    assert stand.says(Text.CONFIRM_DOOR)
    assert value_shown(stand, "label") == "3"
    assert stand.unlocks == []
    stand.press("OK")
    assert stand.unlocks[-1].compartment == "3"
    stand.opens_and_shuts()
    assert stand.last(EntryKind.OPENED_BY_PERSON).data["technician"] == "t-1"
    assert isinstance(flow(stand), Judging)
    assert not stand.box("3").free
    stand.press("1")
    assert stand.last(EntryKind.COMPARTMENT_INSPECTED).data["technician"] == "t-1"
    assert stand.box("3").free
    assert flow(stand) == Serving("t-1")


def test_a_number_that_no_door_has_opens_nothing(stand: Stand) -> None:
    stand.press("1 77")
    assert stand.says(Text.NO_SUCH_DOOR)
    assert value_shown(stand, "typed") == "77"
    stand.press("OK")
    assert stand.says(Text.NO_SUCH_DOOR)
    assert tones(stand)[-1] is Tone.WRONG
    assert stand.unlocks == []


def test_c_clears_the_number_and_then_leads_back_to_the_menu(stand: Stand) -> None:
    stand.press("1 3 C")
    assert flow(stand) == ChoosingDoor("t-1")
    assert stand.says(Text.CHOOSE_DOOR)
    stand.press("OK")
    assert stand.unlocks == []
    stand.press("C")
    assert stand.says(Text.SERVICE_MENU)


def test_more_digits_than_any_door_has_are_never_cut_to_a_door() -> None:
    typed = Typed()
    for _ in range(9):
        typed = typed.with_digit(Key.D1, 8)
    assert find_door(labelled("11111111"), typed) is None


@pytest.mark.parametrize(
    ("labels", "typed", "found"),
    [
        (("7", "12"), "12", "12"),
        (("7", "12"), "1", None),
        (("7", "12"), "2", None),  # a door with a number is named by it alone
        (("07",), "07", "07"),
        (("07",), "7", None),
        (("3R1", "3R2"), "2", "3R2"),
        (("3R1", "3R2"), "3", None),
        (("3R1", "3R2"), "0", None),
        (("3R1", "1"), "1", "1"),
        (("3R1", "1"), "01", "3R1"),
    ],
)
def test_a_door_is_named_by_the_digits_of_its_label_or_its_place_on_the_walk(
    labels: tuple[str, ...], typed: str, found: str | None
) -> None:
    assert find_door(labelled(*labels), Typed(typed)) == found


def test_a_blocked_or_faulty_door_may_be_opened_by_a_technician(stand: Stand) -> None:
    stand.press("1 3 OK")
    stand.pulse_sent()
    stand.wait(16)
    assert stand.box("3").condition is Condition.FAULTY
    assert stand.says(Text.REMOTE_NOT_OPENED)
    assert value_shown(stand, "incident") == "1"
    stand.press("1 3 OK")
    stand.opens_and_shuts()
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "3") is None


def test_a_door_that_a_technician_opened_is_suspect_if_he_leaves_without_a_word(stand: Stand) -> None:
    stand.press("1 3 OK")
    stand.opens_and_shuts()
    stand.wait(300)
    assert stand.box("3").condition is Condition.SUSPECT
    assert stand.count(EntryKind.TECHNICIAN_SIGNED_OUT) == 1


# -- 2: lamps and keys


def test_lamps_are_tested_and_recorded(stand: Stand) -> None:
    stand.press("2")
    assert stand.last(EntryKind.HARDWARE_TESTED).data == {"keypad": "front", **TECHNICIAN}
    assert [intent for intent in stand.intents if isinstance(intent, LampTest)] == [LampTest("front")]
    assert stand.says(Text.TRY_KEYS)


@pytest.mark.parametrize("key", Key)
def test_each_key_shows_its_name(key: Key) -> None:
    stand = Stand()
    stand.sign_in_technician()
    stand.press(f"2 {key}")
    assert stand.says(Text.KEY_TRIED)
    assert value_shown(stand, "key") == key.value


def test_c_twice_in_a_row_ends_the_test_and_c_between_others_does_not(stand: Stand) -> None:
    stand.press("2 C 1 C OK C")
    assert stand.says(Text.KEY_TRIED)
    stand.press("C")
    assert stand.says(Text.SERVICE_MENU)
    assert stand.unlocks == []


# -- 3: guard mode (test_closed_keypads.py has the rest)


def test_with_nothing_to_release_nothing_is_recorded(stand: Stand) -> None:
    before = len(stand.entries)
    stand.press("3")
    assert value_shown(stand, "count") == "0"
    assert len(stand.entries) == before
    stand.press("1")
    assert stand.says(Text.CHOOSE_DOOR)


# -- 4: incidents


def test_open_incidents_are_read_latest_first_and_then_anew(stand: Stand) -> None:
    for label in ("2", "5", "4"):
        stand.door(label, Door.OPEN)
    stand.press("4")
    read = []
    for _ in range(4):
        assert stand.says(Text.INCIDENT_DOOR_OPENED_UNASKED)
        read.append((value_shown(stand, "number"), value_shown(stand, "about")))
        stand.press("OK")
    assert read == [("3", "4"), ("2", "5"), ("1", "2"), ("3", "4")]
    stand.press("C")
    assert stand.says(Text.SERVICE_MENU)


def test_turning_the_pages_never_reaches_into_the_menu(stand: Stand) -> None:
    stand.door("2", Door.OPEN)
    before = len(stand.entries)
    stand.press("4 1 2 3 4 5")
    assert stand.says(Text.INCIDENT_DOOR_OPENED_UNASKED)
    assert len(stand.entries) == before


def test_cleared_incidents_are_not_read() -> None:
    stand = guarded("front")
    stand.sign_in_technician()
    stand.press("3 4")
    assert len(stand.automat.incidents) == 1
    assert stand.says(Text.NO_INCIDENTS)
    assert flow(stand) == Serving("t-1")


def test_an_incident_that_is_cleared_while_it_is_read_is_passed_over() -> None:
    stand = guarded("front", "side")
    stand.door("2", Door.OPEN)
    stand.sign_in_technician()
    stand.sign_in_technician("8888", holder="t-2", keypad="side")
    stand.press("4")
    assert stand.says(Text.INCIDENT_DOOR_OPENED_UNASKED)
    stand.press("3", "side")
    stand.press("OK")
    assert stand.says(Text.INCIDENT_DOOR_OPENED_UNASKED)


@pytest.mark.parametrize("kind", IncidentKind)
def test_every_kind_of_incident_can_be_read(kind: IncidentKind) -> None:
    assert Text(f"incident-{kind}")


# -- 5: suspect compartments


def test_a_round_through_the_suspect_compartments_begins_from_the_menu(stand: Stand) -> None:
    stand.door("2", Door.OPEN)
    stand.door("2", Door.SHUT)
    assert stand.box("2").condition is Condition.SUSPECT
    stand.press("5")
    assert stand.opens_and_shuts() == "2"
    stand.press("1")
    assert stand.box("2").free


# -- frozen and remote


def test_freezing_does_not_end_a_technicians_session(stand: Stand) -> None:
    stand.press("1 3")
    assert stand.command(SetMode(Mode.FROZEN, "Desk 4", "fire")) is None
    stand.press("OK")
    assert stand.unlocks[-1].compartment == "3"


def test_what_happens_elsewhere_leaves_the_technicians_display_alone(stand: Stand) -> None:
    stand.press("1 3")
    shown = len(stand.shown)
    assert stand.command(OpenCompartment("6", "Desk 4", "check")) is None
    stand.opens_and_shuts()
    assert len(stand.shown) == shown
    assert flow(stand) == ChoosingDoor("t-1", Typed("3"), "3")


# -- the power


def work(stand: Stand) -> None:
    stand.sign_in_technician()
    stand.press("2 5 C C 3 4 1 3 OK")
    stand.opens_and_shuts()
    stand.press("1 C")


def test_a_power_cut_at_any_step_ends_the_session_and_hides_no_door_that_was_opened() -> None:
    for step, stand in cut_after_each_event(Stand, work):
        assert not isinstance(flow(stand), Serving | ChoosingDoor | TryingKeys | Judging), step
        pulsed = any(unlock.compartment == "3" for unlock in stand.unlocks)
        judged = stand.count(EntryKind.COMPARTMENT_INSPECTED) == 1
        if stand.doors["3"] is Door.OPEN:
            stand.door("3", Door.SHUT)
        assert stand.box("3").free is (judged or not pulsed), step


# -- tones


def test_every_accepted_key_sounds(stand: Stand) -> None:
    stand.door("2", Door.OPEN)
    for keys in ("1", "3", "C", "C", "2", "7", "C", "C", "4", "OK", "C", "3", "9"):
        before = len(tones(stand))
        stand.press(keys)
        assert tones(stand)[before] is Tone.KEY
        assert any(isinstance(intent, Show) for intent in stand.intents[-3:])
