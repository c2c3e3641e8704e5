"""T16: a captured back office with a thousand valid commands opens no more doors than the automat lets it."""

import itertools
from collections import deque

from locker.domain.commands import OpenCompartment
from locker.domain.events import Door
from locker.domain.journal import EntryKind
from tests.unit.domain.stand import Stand

COMMANDS = 1_000


def opened_at_s(stand: Stand, every_s: float, *, shut: bool) -> list[float]:
    """Ask for one door after another, a thousand times, and let each pulse open its door; when they did."""
    opened: list[float] = []
    labels = itertools.cycle(stand.doors)
    for _, label in zip(range(COMMANDS), labels, strict=False):
        pulses = len(stand.unlocks)
        stand.command(OpenCompartment(label, "desk 4", "a thousand reasons"))
        if len(stand.unlocks) > pulses:
            opened.append(stand.now.powered_s)
            stand.opens()
            if shut:
                stand.door(label, Door.SHUT)
        stand.wait(every_s)
    return opened


def most_within(instants_s: list[float], window_s: float) -> int:
    """Count the most instants in any window of that length."""
    most, window = 0, deque[float]()
    for at_s in instants_s:
        window.append(at_s)
        while at_s - window[0] >= window_s:
            window.popleft()
        most = max(most, len(window))
    return most


def test_a_thousand_commands_at_once_open_three_doors() -> None:
    stand = Stand()
    assert len(opened_at_s(stand, 0.0, shut=True)) == stand.automat.rules.remote_openings_short == 3


def test_a_thousand_commands_over_days_open_no_more_than_the_two_limits() -> None:
    stand = Stand()
    rules = stand.automat.rules
    opened = opened_at_s(stand, 433.0, shut=True)
    assert most_within(opened, rules.remote_short_s) <= rules.remote_openings_short
    assert most_within(opened, rules.remote_long_s) == rules.remote_openings_long == 10
    assert len(opened) <= 10 * (1 + COMMANDS * 433.0 / rules.remote_long_s)


def test_power_cuts_between_a_thousand_commands_give_none_of_them_back() -> None:
    stand = Stand()
    opened = 0
    for label in itertools.islice(itertools.cycle(stand.doors), COMMANDS // 10):
        pulses = len(stand.unlocks)
        stand.command(OpenCompartment(label, "desk 4", "again"))
        if len(stand.unlocks) > pulses:
            opened += 1
            stand.opens_and_shuts()
        stand.power_cut(off_s=3_600)
    assert opened == stand.automat.rules.remote_openings_short


def test_no_second_door_opens_while_one_stands_open_and_may_yet_be_shut() -> None:
    stand = Stand()
    opened = opened_at_s(stand, 1.0, shut=False)
    assert len(opened) == len(stand.doors)
    pauses_s = [later - sooner for sooner, later in itertools.pairwise(opened)]
    assert min(pauses_s) >= stand.automat.rules.left_open_alarm_s


def test_each_of_a_thousand_commands_has_its_outcome_in_the_journal() -> None:
    stand = Stand()
    opened_at_s(stand, 0.0, shut=True)
    outcomes = stand.count(EntryKind.COMMAND_APPLIED) + stand.count(EntryKind.COMMAND_REFUSED)
    assert outcomes == COMMANDS
