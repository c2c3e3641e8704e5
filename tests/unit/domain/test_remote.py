"""Remote openings (domain.md 7): one door, with who and why, limited on the automat itself."""

from collections.abc import Callable

import pytest

from locker.domain.commands import BlockCompartment, Mode, OpenCompartment, SetMode
from locker.domain.compartments import Condition
from locker.domain.events import Door, KeypadFaulted
from locker.domain.intents import Tick
from locker.domain.journal import EntryKind
from locker.domain.keypad import ConfirmingRemote, Idle
from locker.domain.messages import Text
from locker.domain.openings import Purpose
from locker.domain.parcels import ParcelState
from tests.unit.domain.stand import Stand

PARCEL = "JJFI65432110000070773"
OPERATOR, REASON = "Väinö, desk 4", "a child's toy was left behind"


def ask(stand: Stand, label: str = "5") -> str | None:
    """Ask for an opening; return the reason if it was refused."""
    return stand.command(OpenCompartment(label, OPERATOR, REASON))


def opened(stand: Stand, label: str = "5") -> None:
    """Let an opening be asked for, happen and end."""
    assert ask(stand, label) is None
    assert stand.opens_and_shuts() == label


def at_the_limit(**doors: object) -> Stand:
    """An automat that has opened three doors from afar within ten minutes."""
    stand = Stand(**doors)  # type: ignore[arg-type]  # what a stand takes
    for label in ("4", "5", "6"):
        opened(stand, label)
        stand.wait(20)
    return stand


def used(stand: Stand) -> int:
    return len(stand.automat.facts.remote_openings_s)


# -- the good way


def test_a_door_opens_from_afar_and_the_journal_tells_who_and_why() -> None:
    stand = Stand()
    assert ask(stand) is None
    opening = stand.automat.openings["5"]
    assert (opening.purpose, opening.keypad, opening.person) == (Purpose.REMOTE, "", OPERATOR)
    assert stand.count(EntryKind.OPENED_REMOTELY) == 0, "nothing has opened yet"
    stand.opens()
    entry = stand.last(EntryKind.OPENED_REMOTELY)
    assert entry.subject is None
    assert dict(entry.data) == {
        "compartment": "5",
        "operator": OPERATOR,
        "reason": REASON,
        "spot": False,
        "pulsesintended": 1,
        "pulsessent": 1,
    }
    stand.door("5", Door.SHUT)
    assert stand.count(EntryKind.OPENED_REMOTELY) == 1
    assert "5" not in stand.automat.openings


def test_the_request_its_limit_and_the_pulse_are_one_decision() -> None:
    stand = Stand()
    ask(stand)
    stand.power_cut(started=False)
    assert "5" in stand.automat.openings
    assert used(stand) == 1


def test_a_box_that_was_opened_from_afar_is_suspect_until_somebody_has_looked() -> None:
    stand = Stand()
    opened(stand)
    assert stand.box("5").condition is Condition.SUSPECT
    assert stand.last(EntryKind.COMPARTMENT_TO_INSPECT).data["compartment"] == "5"
    assert "5" in stand.automat.suspects


def test_a_stored_parcel_stays_stored_and_its_code_good() -> None:
    stand = Stand()
    label = stand.deliver()
    opened(stand, label)
    assert stand.last(EntryKind.OPENED_REMOTELY).subject == PARCEL
    assert stand.parcel().state is ParcelState.STORED
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == label
    assert stand.parcel().state is ParcelState.COLLECTED
    stand.wait(200)
    assert stand.box(label).condition is Condition.SUSPECT


def test_displays_at_rest_name_the_door_and_go_back_to_rest() -> None:
    stand = Stand()
    stand.press("C 02", "side")
    ask(stand)
    assert stand.says(Text.OPENING)
    assert stand.shown_at["side"][-1].text is Text.TYPING_CODE
    stand.opens_and_shuts()
    stand.wait(30)
    assert stand.says(Text.IDLE)


def test_a_blocked_compartment_can_be_opened_from_afar() -> None:
    stand = Stand()
    stand.command(BlockCompartment("5", "desk 4", "wet paint"))
    opened(stand)


def test_a_remote_opening_ticks_at_no_keypad() -> None:
    stand = Stand()
    opened(stand)
    assert not [intent for intent in stand.intents if isinstance(intent, Tick)]


# -- refusals


def test_an_unknown_compartment_is_refused_and_nothing_opens_all() -> None:
    stand = Stand()
    for label in ("99", "all", "*", "", "1,2"):
        assert ask(stand, label) == "unknown-compartment"
    assert not stand.unlocks
    assert used(stand) == 0
    assert stand.last(EntryKind.COMMAND_REFUSED).data["operator"] == OPERATOR


def test_only_one_door_at_a_time() -> None:
    stand = Stand()
    ask(stand, "5")
    assert ask(stand, "6") == "another-under-way"
    stand.opens()
    assert ask(stand, "6") == "another-under-way"
    assert ask(stand, "5") == "opening-under-way"
    stand.door("5", Door.SHUT)
    assert ask(stand, "6") is None


def test_a_door_that_a_recipient_has_under_way_is_left_alone() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    assert ask(stand, label) == "opening-under-way"
    assert ask(stand, "5") is None, "another door is no matter of this recipient"


def test_a_box_that_opens_from_afar_before_its_courier_has_confirmed_stays_suspect() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press(f"{PARCEL[-8:]} OK")
    label = stand.opens_and_shuts()
    assert ask(stand, label) is None
    stand.press("OK")
    stand.opens_and_shuts()
    assert stand.box(label).condition is Condition.SUSPECT


def test_a_recipient_who_comes_meanwhile_is_asked_to_shut_the_door_first() -> None:
    stand = Stand()
    label = stand.deliver()
    ask(stand, label)
    stand.opens()
    stand.press("C 024204 OK")
    assert stand.says(Text.CLOSE_DOOR)
    assert stand.parcel().state is ParcelState.STORED


def test_a_frozen_automat_opens_nothing_from_afar() -> None:
    stand = Stand()
    stand.command(SetMode(Mode.FROZEN, "desk 4", "x"))
    assert ask(stand) == "frozen"
    assert not stand.unlocks


# -- the limits


def test_three_in_ten_minutes_then_only_at_a_word_on_the_spot() -> None:
    stand = at_the_limit()
    pulses = len(stand.unlocks)
    assert ask(stand, "3") is None
    assert len(stand.unlocks) == pulses
    assert stand.says(Text.CONFIRM_REMOTE)
    entry = stand.last(EntryKind.OPENING_TO_CONFIRM)
    assert (entry.data["compartment"], entry.data["operator"], entry.data["keypad"]) == (
        "3",
        OPERATOR,
        "front",
    )


def test_the_short_limit_ends_with_its_ten_minutes_of_powered_time() -> None:
    stand = at_the_limit()
    stand.wait(500)
    stand.power_cut(off_s=86_400)
    ask(stand, "3")
    assert isinstance(stand.automat.keypads["front"].flow, ConfirmingRemote), "time without power counts not"
    stand.press("C")
    stand.wait(60)
    opened(stand, "3")


def test_ten_a_day_then_only_at_a_word_on_the_spot() -> None:
    stand = Stand()
    for _ in range(10):
        opened(stand)
        stand.wait(601)
    ask(stand)
    assert stand.says(Text.CONFIRM_REMOTE)
    stand.press("C")
    stand.wait(86_400 - 10 * 601)
    opened(stand)


def test_no_more_instants_are_kept_than_the_limits_need() -> None:
    stand = Stand()
    for _ in range(25):
        opened(stand)
        stand.wait(30_000)
    assert used(stand) == 10


@pytest.mark.parametrize("outcome", ["not opened", "cut short"])
def test_an_opening_that_came_to_nothing_counts_all_the_same(outcome: str) -> None:
    stand = Stand()
    ask(stand)
    if outcome == "not opened":
        stand.wait(16)
    else:
        stand.power_cut()
    assert used(stand) == 1


def test_the_limits_survive_a_power_cut() -> None:
    stand = at_the_limit()
    stand.power_cut()
    ask(stand, "3")
    assert stand.says(Text.CONFIRM_REMOTE)


# -- a word on the spot


def test_ok_on_the_spot_opens_and_the_journal_says_so() -> None:
    stand = at_the_limit()
    ask(stand, "3")
    stand.press("OK")
    assert stand.opens() == "3"
    data = stand.last(EntryKind.OPENED_REMOTELY).data
    assert (data["spot"], data["keypad"], data["operator"]) == (True, "front", OPERATOR)
    stand.door("3", Door.SHUT)
    assert used(stand) == 4


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda stand: stand.press("C"), "somebody on the spot said no"),
        (lambda stand: stand.wait(121), "nobody on the spot confirmed it"),
        (lambda stand: stand.command(SetMode(Mode.FROZEN, "desk 4", "x")), "the automat was frozen"),
    ],
    ids=["C", "time-out", "frozen"],
)
def test_without_that_word_the_opening_lapses(answer: Callable[[Stand], object], why: str) -> None:
    stand = at_the_limit()
    pulses = len(stand.unlocks)
    ask(stand, "3")
    answer(stand)
    assert len(stand.unlocks) == pulses
    entry = stand.last(EntryKind.OPENING_LAPSED)
    assert (entry.data["compartment"], entry.data["why"]) == ("3", why)
    assert stand.box("3").condition is Condition.SOUND
    stand.wait(60)
    assert isinstance(stand.automat.keypads["front"].flow, Idle)
    stand.press("OK")
    assert len(stand.unlocks) == pulses


def test_other_keys_only_ask_again() -> None:
    stand = at_the_limit()
    ask(stand, "3")
    pulses = len(stand.unlocks)
    stand.press("1234567890")
    assert stand.says(Text.CONFIRM_REMOTE)
    assert len(stand.unlocks) == pulses


def test_while_one_waits_for_a_word_no_other_is_taken() -> None:
    stand = at_the_limit()
    ask(stand, "3")
    assert ask(stand, "2") == "another-under-way"


def test_a_door_that_came_into_use_meanwhile_is_not_opened_at_the_word() -> None:
    stand = at_the_limit()
    label = stand.deliver()
    ask(stand, label)
    stand.press("C 024204 OK", "side")
    pulses = len(stand.unlocks)
    stand.press("OK")
    assert len(stand.unlocks) == pulses
    assert stand.last(EntryKind.OPENING_LAPSED).data["why"] == "opening-under-way"


def test_only_a_keypad_at_rest_can_ask() -> None:
    stand = at_the_limit()
    stand.press("C 02")
    ask(stand, "3")
    assert isinstance(stand.automat.keypads["side"].flow, ConfirmingRemote)
    busy = at_the_limit()
    busy.press("C 02")
    busy.press("C 02", "side")
    assert ask(busy, "3") == "keypad-busy"
    assert busy.count(EntryKind.OPENING_TO_CONFIRM) == 0


def test_a_door_s_own_keypad_a_faulty_one_and_one_that_does_not_listen_cannot_ask() -> None:
    stand = at_the_limit(bound_to="1")
    stand.do(KeypadFaulted("side", "key 5 is stuck"))
    assert ask(stand, "3") == "keypad-busy"
    emptied = at_the_limit(bound_to="1")
    for _ in range(emptied.automat.rules.tokens):
        emptied.press("C 1234 OK", "side")
    emptied.wait(60)
    assert isinstance(emptied.automat.keypads["side"].flow, Idle)
    assert ask(emptied, "3") == "keypad-busy"


def test_a_restart_ends_what_waited_for_a_word() -> None:
    stand = at_the_limit()
    pulses = len(stand.unlocks)
    ask(stand, "3")
    stand.power_cut()
    stand.press("OK")
    assert len(stand.unlocks) == pulses
    assert not stand.automat.openings
    assert stand.box("3").condition is Condition.SOUND
