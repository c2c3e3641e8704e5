"""domain.md section 1: C, code, OK."""

import pytest

from locker.domain.codes import Code, CodeKey
from locker.domain.commands import Mode, SetMode
from locker.domain.events import Door
from locker.domain.intents import Sound, Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import Entering, Idle, Typed
from locker.domain.messages import Text
from tests.unit.domain.stand import Stand


def test_a_code_with_a_leading_zero_opens_its_door() -> None:
    stand = Stand()
    label = stand.deliver(code="024204")
    stand.press("C 024204 OK")
    assert stand.unlocks[-1].compartment == label


def test_the_same_digits_without_the_zero_are_another_code() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    before = len(stand.unlocks)
    stand.press("C 24204 OK")
    assert len(stand.unlocks) == before
    assert stand.says(Text.NOT_RECOGNISED)


def test_c_clears_everything_typed_before_it_at_any_moment() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    stand.press("C 999 C 02 C 024204 OK")
    assert stand.count(EntryKind.CODE_ACCEPTED) == 1
    assert stand.count(EntryKind.CODE_MISSED) == 0


@pytest.mark.parametrize("keys", ["024204 OK", "OK", "5"])
def test_keys_without_c_are_not_evaluated_and_cost_nothing(keys: str) -> None:
    stand = Stand()
    stand.deliver(code="024204")
    stand.press(keys)
    assert stand.says(Text.PRESS_C_FIRST)
    assert stand.count(EntryKind.CODE_ACCEPTED) == 0
    assert "front" not in stand.automat.attempts


@pytest.mark.parametrize("digits", ["1", "123", "1234567890123", "12345678901234567890"])
def test_what_cannot_be_a_code_is_not_evaluated_and_costs_nothing(digits: str) -> None:
    stand = Stand()
    stand.press(f"C {digits} OK")
    assert stand.says(Text.WRONG_LENGTH)
    assert "front" not in stand.automat.attempts


def test_a_long_entry_is_never_cut_to_a_right_code() -> None:
    stand = Stand()
    stand.deliver(code="123456789012")
    stand.press("C 1234567890123 OK")
    assert stand.count(EntryKind.CODE_ACCEPTED) == 0


def test_an_idle_entry_clears_itself_after_15_seconds() -> None:
    stand = Stand()
    stand.press("C 0242")
    stand.wait(14.9)
    assert isinstance(stand.automat.keypads["front"].flow, Entering)
    stand.wait(0.2)
    assert isinstance(stand.automat.keypads["front"].flow, Idle)
    stand.press("04 OK")
    assert stand.says(Text.PRESS_C_FIRST)


def test_the_display_never_shows_the_digits() -> None:
    stand = Stand()
    stand.press("C 0242")
    assert stand.shown[-1].values == (("stars", "****"),)
    assert all("0242" not in repr(keypad) for keypad in stand.automat.keypads.values())


def tones(stand: Stand, keys: str) -> list[Tone]:
    before = len(stand.intents)
    stand.press(keys)
    return [intent.tone for intent in stand.intents[before:] if isinstance(intent, Sound)]


@pytest.mark.parametrize(
    "holder",
    [Code("024204"), CodeKey(b"024204" * 6), Typed("024204"), Entering(Typed("024204"))],
    ids=lambda holder: type(holder).__name__,
)
def test_nothing_that_holds_a_code_shows_it(holder: object) -> None:
    for text in (repr(holder), str(holder), f"{holder}", f"{[holder]}"):
        assert "024204" not in text


def test_every_accepted_key_sounds_and_the_outcome_sounds_after_it() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    assert tones(stand, "5") == [Tone.KEY]
    assert tones(stand, "C 1111") == [Tone.KEY] * 5
    assert tones(stand, "OK") == [Tone.KEY, Tone.WRONG]
    assert tones(stand, "C 1 OK") == [Tone.KEY, Tone.KEY, Tone.KEY, Tone.WRONG]
    assert tones(stand, "C 024204")[-1] is Tone.KEY
    assert tones(stand, "OK") == [Tone.KEY, Tone.RIGHT]


def test_a_recipient_hears_each_key_and_that_all_is_done() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    stand.press("C 024204 OK")
    stand.opens()
    assert tones(stand, "7 OK") == [Tone.KEY, Tone.KEY]
    before = len(stand.intents)
    stand.door(stand.unlocks[-1].compartment, Door.SHUT)
    assert Sound("front", Tone.RIGHT) in stand.intents[before:]
    assert stand.says(Text.THANK_YOU)


def test_a_keypad_that_does_not_listen_is_silent() -> None:
    stand = Stand()
    for number in range(10):
        stand.press(f"C {900000 + number} OK")
    assert tones(stand, "C 1234 OK") == []
    assert stand.says(Text.LOCKED_OUT)


def test_in_frozen_mode_no_hint_invites_anybody_to_type() -> None:
    stand = Stand()
    assert stand.command(SetMode(Mode.FROZEN, "Desk 4", "fire")) is None
    shown = len(stand.shown)
    stand.press("5 OK C")
    assert {message.text for message in stand.shown[shown:]} == {Text.FROZEN}


def test_unknown_used_and_withdrawn_codes_get_the_same_answer() -> None:
    answers = []
    for story in ("unknown", "used", "announced"):
        stand = Stand()
        if story == "used":
            stand.deliver(code="024204")
            stand.press("C 024204 OK")
            stand.opens_and_shuts()
            stand.wait(181)
        elif story == "announced":
            stand.announce("JJFI65432110000070773", "024204")
        stand.press("C 024204 OK")
        answers.append((stand.shown[-1], stand.entries[-1].kind, stand.entries[-1].data))
    assert answers[0][0].text is Text.NOT_RECOGNISED
    assert answers[0] == answers[1] == answers[2]


def test_the_second_miss_names_customer_service() -> None:
    stand = Stand()
    stand.press("C 1111 OK C 2222 OK")
    assert stand.says(Text.NOT_RECOGNISED_CALL)
    assert ("phone", "0200 71000") in stand.shown[-1].values


@pytest.mark.parametrize(("bound_to", "opened"), [("1", True), ("2", False)])
def test_a_keypad_bound_to_one_door_matches_only_its_code(bound_to: str, *, opened: bool) -> None:
    stand = Stand(bound_to=bound_to)
    assert stand.deliver(code="024204", keypad="side") == "1"
    stand.press("C 024204 OK")
    assert (stand.count(EntryKind.CODE_ACCEPTED) == 1) is opened
