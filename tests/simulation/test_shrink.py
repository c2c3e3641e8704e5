"""A week that breaks a promise is made shorter, told with its trace, and comes again by its command."""

import pytest

from simulator.week import command, witness
from simulator.week.week import Settings, live

pytestmark = pytest.mark.timeout(300)

WEEK = Settings(seed=2, days=2.0, parcels_a_day=1.0)


@pytest.fixture
def _strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody guess at all: the first wrong code breaks the promise."""
    monkeypatch.setattr(witness, "TOKENS", -1_000_000)


@pytest.mark.usefixtures("_strict")
def test_a_broken_week_is_made_shorter_and_told() -> None:
    whole = live(WEEK)
    assert whole.troubles
    assert "a wrong code was evaluated" in str(whole.broken)
    said: list[str] = []
    outcome = command.run_week(WEEK, said.append, shortest=True)
    assert outcome.troubles == ()
    assert outcome.kept == ()
    assert "a wrong code was evaluated" in str(outcome.broken)
    told = "\n".join(said)
    assert "code.missed" in told
    replay = next(line for line in said if line.startswith("replay: "))
    assert replay.startswith("replay: locker-sim week --seed 2 --days 2 --troubles none ")
    again = live(Settings(WEEK.seed, WEEK.days, WEEK.parcels_a_day, kept=()))
    assert again.broken == outcome.broken


def test_a_week_that_keeps_its_promises_is_told_in_one_line() -> None:
    said: list[str] = []
    outcome = command.run_week(Settings(2, days=0.1), said.append, shortest=True)
    assert outcome.broken is None
    assert len(said) == 1
    assert "every promise was kept" in said[0]
