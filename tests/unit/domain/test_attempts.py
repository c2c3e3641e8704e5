"""domain.md section 2: attempts."""

import pytest

from locker.domain.commands import ReleaseGuard
from locker.domain.events import Key, KeyPressed
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.rules import Rules
from tests.unit.domain.stand import Stand


def miss(stand: Stand, times: int) -> None:
    for number in range(times):
        stand.press(f"C {900000 + number} OK")


def tokens(stand: Stand) -> int:
    return stand.automat.attempts["front"].refilled(stand.now.powered_s, stand.automat.rules).tokens


def test_ten_misses_empty_the_bucket_and_not_even_the_right_code_is_evaluated() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    miss(stand, 10)
    stand.press("C 024204 OK")
    assert stand.count(EntryKind.CODE_ACCEPTED) == 0
    assert stand.count(EntryKind.KEYPAD_LOCKED) == 1
    assert stand.says(Text.LOCKED_OUT)
    assert stand.shown[-1].values == (("minutes", "10"),)


def test_one_token_comes_back_every_ten_minutes_of_powered_time() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    miss(stand, 10)
    stand.wait(599)
    stand.press("C 024204 OK")
    assert stand.count(EntryKind.CODE_ACCEPTED) == 0
    stand.wait(2)
    stand.press("C 024204 OK")
    assert stand.count(EntryKind.CODE_ACCEPTED) == 1


def test_the_bucket_never_holds_more_than_ten() -> None:
    stand = Stand()
    miss(stand, 1)
    stand.wait(86_400)
    assert tokens(stand) == 10
    miss(stand, 10)
    assert tokens(stand) == 0


def locked_out(stand: Stand) -> bool:
    missed = stand.count(EntryKind.CODE_MISSED)
    miss(stand, 1)
    return stand.count(EntryKind.CODE_MISSED) == missed


def test_the_part_of_a_token_that_was_under_way_is_not_lost_by_a_miss() -> None:
    stand = Stand()
    miss(stand, 10)
    stand.wait(900)
    miss(stand, 1)
    stand.wait(299)
    assert locked_out(stand)
    stand.wait(2)
    assert not locked_out(stand)


def test_no_part_of_a_token_is_under_way_in_a_full_bucket() -> None:
    stand = Stand()
    miss(stand, 1)
    stand.wait(1000)
    miss(stand, 10)
    stand.wait(599)
    assert locked_out(stand)
    stand.wait(2)
    assert not locked_out(stand)


def test_a_hit_gives_back_exactly_its_own_token() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    miss(stand, 4)
    stand.press("C 024204 OK")
    assert tokens(stand) == 6
    stand.opens_and_shuts()
    assert tokens(stand) == 6


def test_time_without_power_refills_nothing() -> None:
    stand = Stand()
    miss(stand, 10)
    stand.power_cut(off_s=7 * 86_400)
    assert tokens(stand) == 0
    stand.press("C 1111 OK")
    assert stand.says(Text.LOCKED_OUT)


@pytest.mark.parametrize("years", [-10, 10])
def test_a_jump_of_the_wall_clock_refills_nothing(years: int) -> None:
    stand = Stand()
    miss(stand, 10)
    stand.set_clock(stand.now.wall_at.replace(year=2026 + years))
    assert tokens(stand) == 0
    stand.press("C 1111 OK")
    assert stand.says(Text.LOCKED_OUT)
    assert stand.count(EntryKind.CODE_MISSED) == 10


def test_the_token_is_spent_in_the_transaction_before_the_answer_is_shown() -> None:
    stand = Stand()
    stand.press("C 999999")
    decision = stand.do(KeyPressed("front", Key.OK))
    assert decision.durable
    assert stand.reloaded().attempts["front"].tokens == 9


@pytest.mark.parametrize("days", [0, 3])
def test_ten_misses_in_a_day_raise_an_alarm_once(days: int) -> None:
    stand = Stand()
    stand.wait(days * 86_400)
    miss(stand, 10)
    stand.wait(601)
    miss(stand, 1)
    assert stand.count(EntryKind.MISSES_ALARM) == 1


def test_thirty_misses_in_a_day_lead_to_guard_mode_until_released() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    while stand.count(EntryKind.CODE_MISSED) < 30:
        miss(stand, 1)
        stand.wait(601)
    assert stand.count(EntryKind.GUARD_MODE) == 1
    stand.wait(86_400)
    stand.power_cut()
    stand.press("C 024204 OK")
    assert stand.says(Text.GUARD_MODE)
    assert stand.command(ReleaseGuard("front", "Desk 4")) is None
    stand.press("C 024204 OK")
    assert stand.count(EntryKind.CODE_ACCEPTED) == 1


def test_misses_older_than_a_day_are_forgotten() -> None:
    stand = Stand()
    for _ in range(12):
        miss(stand, 5)
        stand.wait(86_400)
    assert stand.count(EntryKind.MISSES_ALARM) == 0


def test_a_robot_that_types_for_a_day_never_beats_the_bound() -> None:
    rules = Rules(misses_guard=10_000)
    stand = Stand(rules)
    for _ in range(24 * 60):
        miss(stand, 3)
        stand.wait(60)
    assert stand.count(EntryKind.CODE_MISSED) <= rules.tokens + 86_400 / rules.token_refill_s


def test_guessing_hidden_between_honest_successes_gains_nothing() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    evaluated = 0
    for _ in range(12):
        miss(stand, 1)
        stand.press("C 024204 OK")  # reopens, a hit
        evaluated = stand.count(EntryKind.CODE_MISSED)
        if stand.unlocks[-1].compartment in stand.automat.openings:
            stand.opens_and_shuts()
    assert evaluated == 10


def test_each_keypad_has_its_own_bucket() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    miss(stand, 10)
    stand.press("C 024204 OK", "side")
    assert stand.count(EntryKind.CODE_ACCEPTED) == 1
