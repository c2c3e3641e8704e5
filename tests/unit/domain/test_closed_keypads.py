"""Keypads at which only a technician may type: guarded (domain.md 2) and frozen (domain.md 7)."""

from datetime import timedelta

import pytest

from locker.domain.commands import Mode, SetMode
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from tests.unit.domain.stand import Stand, guarded, value_shown

TECHNICIAN = {"technician": "t-1"}


def test_guard_mode_is_released_at_every_keypad_and_its_incidents_are_cleared() -> None:
    stand = guarded("front", "side")
    stand.sign_in_technician()
    stand.press("3")
    assert stand.says(Text.GUARD_RELEASED)
    assert value_shown(stand, "count") == "2"
    released = [entry for entry in stand.entries if entry.kind is EntryKind.GUARD_RELEASED]
    assert [entry.data for entry in released] == [
        {"keypad": "front", **TECHNICIAN},
        {"keypad": "side", **TECHNICIAN},
    ]
    assert not any(kind is IncidentKind.GUARD_MODE for kind, _ in stand.automat.open_matters)
    stand.press("C 024204 OK", "side")
    assert stand.count(EntryKind.CODE_ACCEPTED) == 1
    stand.power_cut()
    assert not any(attempts.guarded for attempts in stand.automat.attempts.values())


def test_a_release_refills_nothing() -> None:
    stand = guarded("front")
    stand.sign_in_technician()
    stand.press("3")
    assert stand.automat.attempts["front"].tokens == 1


def test_an_idle_keypad_says_that_it_is_guarded_and_that_it_is_released() -> None:
    stand = guarded("front")
    stand.wait(31)
    assert stand.says(Text.GUARD_MODE)
    stand.sign_in_technician(keypad="side")
    stand.press("3", "side")
    assert stand.says(Text.IDLE)


def closed(how: str) -> Stand:
    """Return an automat at whose front keypad only a technician may type; the bucket is not empty."""
    if how == "guarded":
        stand = guarded("front")
        stand.wait(4 * 600)
        return stand
    stand = Stand()
    stand.deliver(code="024204")
    assert stand.command(SetMode(Mode.FROZEN, "Desk 4", "fire")) is None
    return stand


CLOSED = pytest.mark.parametrize(("how", "text"), [("guarded", Text.GUARD_MODE), ("frozen", Text.FROZEN)])


@CLOSED
def test_a_technician_works_where_nobody_else_may_and_it_costs_no_token(how: str, text: Text) -> None:
    stand = closed(how)
    before = stand.automat.attempts.get("front")
    stand.sign_in_technician()
    assert stand.says(Text.SERVICE_MENU)
    assert stand.automat.attempts.get("front") == before
    stand.press("1 3 OK")
    stand.opens_and_shuts()
    stand.press("1")
    assert stand.box("3").free
    stand.press("C")
    stand.wait(31)
    assert stand.says(text)


@CLOSED
@pytest.mark.parametrize("keys", ["5", "OK", "C", "C 123 OK", "C 1234567890123 OK", "C 1111 OK"])
def test_everybody_else_reads_the_same_words_whatever_is_typed(how: str, text: Text, keys: str) -> None:
    stand = closed(how)
    stand.press(keys)
    assert stand.says(text)


@CLOSED
@pytest.mark.parametrize("code", ["024204", "7777", "55555", "4242"])
def test_nobody_can_tell_a_right_code_from_a_wrong_one_there(how: str, text: Text, code: str) -> None:
    """A recipient's, a courier's, a sender's and an expired technician's code against an unknown one."""
    told = []
    for typed in (code, "8" * len(code)):
        stand = closed(how)
        stand.expect_drop_off("RR287043775FI", "55555")
        stand.sign_in_technician("4242", holder="t-0", lasts=timedelta(seconds=60))
        stand.press("C")
        stand.wait(61)
        intents, entries, unlocks = len(stand.intents), len(stand.entries), len(stand.unlocks)
        before = stand.automat.attempts.get("front")
        stand.press(f"C {typed} OK")
        after = stand.automat.attempts["front"]
        told.append((stand.intents[intents:], stand.entries[entries:], after.tokens))
        assert stand.says(text)
        assert len(stand.unlocks) == unlocks
        assert after.misses_s == (before.misses_s if before else ())
        assert stand.last(EntryKind.CODE_REFUSED).data == {"keypad": "front", "reason": str(text)}
    assert told[0] == told[1]


@CLOSED
def test_each_refused_code_costs_a_token_and_no_miss_is_counted(how: str, text: Text) -> None:
    stand = closed(how)
    tokens, misses = stand.automat.rules.tokens, stand.count(EntryKind.CODE_MISSED)
    for number in range(tokens):
        assert stand.says(text) or number == 0
        stand.press(f"C {900000 + number} OK")
    assert stand.automat.attempts["front"].tokens == 0
    assert stand.count(EntryKind.CODE_MISSED) == misses
    assert stand.last(EntryKind.KEYPAD_LOCKED).data == {"keypad": "front", "seconds": 600}


@CLOSED
def test_an_empty_bucket_evaluates_nothing_not_even_a_technicians_code(how: str, text: Text) -> None:
    stand = closed(how)
    stand.sign_in_technician()
    stand.press("C")
    for number in range(stand.automat.rules.tokens):
        stand.press(f"C {900000 + number} OK")
    assert stand.says(text)
    entries = len(stand.entries)
    stand.press("C 9999 OK")
    assert stand.says(Text.LOCKED_OUT)
    assert len(stand.entries) == entries
    stand.wait(601)
    stand.press("C 9999 OK")
    assert stand.says(Text.SERVICE_MENU)


def test_a_robot_at_a_guarded_keypad_tries_no_more_codes_than_the_bucket_gives() -> None:
    stand = closed("guarded")
    for number in range(24 * 60):
        stand.press(f"C {700000 + number} OK")
        stand.wait(60)
    assert stand.count(EntryKind.CODE_REFUSED) <= stand.automat.rules.tokens + 86_400 / 600
