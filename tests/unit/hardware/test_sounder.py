"""Tones and ticks in time that passes by hand."""

import pytest

from locker.domain.intents import Tone
from locker.hardware.sounder import TICKS_LIMIT, Sounder
from locker.hardware.wiring import Pattern
from tests.unit.hardware.timers import HandTimers

TONES: dict[Tone, Pattern] = {
    Tone.RIGHT: ("bell",),
    Tone.WRONG: ("bell", "bell"),
    Tone.REMIND: ("bell", "bell", "bell"),
    Tone.TICK: ("bell",),
}


class Rung:
    """A sounder, and when its bell rang."""

    def __init__(self, tones: dict[Tone, Pattern] | None = None, *, has_bell: bool = True) -> None:
        self.timers = HandTimers()
        self.at_s: list[float] = []
        voices = {"bell": lambda: self.at_s.append(round(self.timers.now_s, 3))} if has_bell else {}
        self.sounder = Sounder(voices, TONES if tones is None else tones, self.timers)  # type: ignore[arg-type]  # a dict of one Literal key


@pytest.mark.parametrize(
    ("tone", "at_s"),
    [(Tone.RIGHT, [0.0]), (Tone.WRONG, [0.0, 0.2]), (Tone.REMIND, [0.0, 0.2, 0.4]), (Tone.KEY, [])],
)
def test_a_tone_begins_at_once_and_has_gaps_between_its_beeps(tone: Tone, at_s: list[float]) -> None:
    rung = Rung()
    rung.sounder.play(tone)
    rung.timers.pass_(10)
    assert rung.at_s == at_s
    assert rung.timers.pending == []


def test_a_new_tone_replaces_the_one_that_sounds() -> None:
    rung = Rung()
    rung.sounder.play(Tone.REMIND)
    rung.timers.pass_(0.1)
    rung.sounder.play(Tone.WRONG)
    rung.timers.pass_(10)
    assert rung.at_s == [0.0, 0.1, 0.3]


def test_a_silent_tone_cuts_no_other_short() -> None:
    rung = Rung()
    rung.sounder.play(Tone.WRONG)
    rung.sounder.play(Tone.KEY)
    rung.timers.pass_(10)
    assert rung.at_s == [0.0, 0.2]


def test_ticking_beats_each_second_until_it_is_ended() -> None:
    rung = Rung()
    rung.sounder.tick(on=True)
    rung.timers.pass_(3.5)
    rung.sounder.tick(on=False)
    rung.timers.pass_(10)
    assert rung.at_s == [1.0, 2.0, 3.0]
    assert rung.timers.pending == []


def test_ticking_ends_by_itself_when_nobody_ends_it() -> None:
    rung = Rung()
    rung.sounder.tick(on=True)
    rung.timers.pass_(86_400)
    assert len(rung.at_s) == TICKS_LIMIT
    assert rung.at_s[-1] <= 120
    assert rung.timers.pending == []


def test_ticking_twice_does_not_double_the_beat_and_begins_the_limit_anew() -> None:
    rung = Rung()
    rung.sounder.tick(on=True)
    rung.timers.pass_(100)
    rung.sounder.tick(on=True)
    rung.timers.pass_(1000)
    assert len(rung.at_s) == len(set(rung.at_s)) == 100 + TICKS_LIMIT


def test_ticking_can_begin_again_after_it_ended_by_itself() -> None:
    rung = Rung()
    rung.sounder.tick(on=True)
    rung.timers.pass_(1000)
    rung.sounder.tick(on=True)
    rung.timers.pass_(1)
    assert len(rung.at_s) == TICKS_LIMIT + 1


def test_a_tick_waits_for_a_tone_that_sounds_and_goes_on_after_it() -> None:
    rung = Rung()
    rung.sounder.tick(on=True)
    rung.timers.pass_(0.9)
    rung.sounder.play(Tone.REMIND)
    rung.timers.pass_(1.1)
    assert rung.at_s == [0.9, 1.1, 1.3, 2.0]


def test_ending_the_ticks_ends_no_tone() -> None:
    rung = Rung()
    rung.sounder.tick(on=True)
    rung.sounder.play(Tone.REMIND)
    rung.sounder.tick(on=False)
    rung.timers.pass_(10)
    assert rung.at_s == [0.0, 0.2, 0.4]


def test_every_tone_once_tells_how_long_it_takes() -> None:
    rung = Rung()
    assert rung.sounder.play_each() == pytest.approx(3.2)
    rung.timers.pass_(10)
    assert rung.at_s == [0.0, 0.8, 1.0, 1.8, 2.0, 2.2, 3.0]


def test_without_tones_or_without_a_bell_all_is_silent_and_nothing_fails() -> None:
    for rung in (Rung({}), Rung(has_bell=False)):
        rung.sounder.play(Tone.WRONG)
        rung.sounder.play_each()
        rung.sounder.tick(on=True)
        rung.timers.pass_(500)
        assert rung.at_s == []
        assert rung.timers.pending == []


def test_after_stop_nothing_sounds() -> None:
    rung = Rung()
    rung.sounder.tick(on=True)
    rung.sounder.play(Tone.REMIND)
    rung.sounder.stop()
    rung.timers.pass_(10)
    assert rung.at_s == [0.0]
    assert rung.timers.pending == []
