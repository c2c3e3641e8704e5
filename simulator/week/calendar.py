"""Who comes when in a week, drawn from the seed."""

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence

from simulator.week.people import People

DAY_S = 86_400.0
PARCELS_OF_TWO_ROUNDS = 16
SIZES = ("S", "S", "S", "M", "M", "L", "XL")
REASON = "a customer asked"

Visit = tuple[float, str, Callable[[], Awaitable[None]]]
"""When, who (the back office comes to nobody), and what is done."""


class Calendar:
    """Couriers by day, recipients when they like, the others now and then."""

    def __init__(
        self,
        people: People,
        dice: random.Random,
        days: float,
        parcels_a_day: float,
        maintain: Callable[[], Awaitable[None]],
    ) -> None:
        self._people, self._dice, self._maintain = people, dice, maintain
        self._days, self._parcels_a_day = days, parcels_a_day

    def events(self) -> list[Visit]:
        """Return everything in order of time."""
        visits = [visit for visit in self._all() if visit[0] < self._days * DAY_S]
        return sorted(visits, key=lambda visit: visit[0])

    def _all(self) -> Iterator[Visit]:
        people, dice = self._people, self._dice
        rate = self._parcels_a_day
        yield from self._often(rate, "office", lambda: people.announce(dice.choice(SIZES)))
        yield from self._often(rate / 6, "office", lambda: people.expect_sender(dice.choice(SIZES)))
        yield from self._often(rate, "a recipient", people.collect_some)
        yield from self._often(rate / 5, "a sender", people.send_some)
        yield from self._often(rate / 8, "office", people.change_some)
        yield from self._often(rate / 10, "office", people.be_paid)
        yield from self._often(0.7, "a child", people.mash)
        yield from self._often(0.4, "a guesser", people.guess)
        yield from self._often(0.3, "office", people.open_some)
        yield from self._often(0.1, "office", people.change_mode)
        yield from self._often(0.3, "the technician", people.serve)
        yield from self._often(0.4, "a technician with a laptop", self._maintain)
        for day in range(int(self._days) + 1):
            for hour in _rounds(rate):
                yield self._at(day, hour), "the courier", people.bring
            yield self._at(day, 8), "office", people.release_keypads
            yield self._at(day, 17), "the courier", people.fetch
            if dice.random() < 0.6:
                yield self._at(day, 18), "the courier", people.look
            for hour in (7, 12, 16, 20):
                yield self._at(day, hour), "a passer-by", people.pass_by

    def _often(self, a_day: float, who: str, what: Callable[[], Awaitable[None]]) -> Iterator[Visit]:
        for _ in range(round(a_day * self._days + self._dice.random() - 0.5)):
            yield self._dice.uniform(0, self._days * DAY_S), who, what

    def _at(self, day: int, hour: int) -> float:
        return day * DAY_S + hour * 3600.0 + self._dice.uniform(-1500, 1500)


def _rounds(rate: float) -> Sequence[int]:
    """The hours at which couriers come who have so many parcels a day, eight at a time."""
    if rate > PARCELS_OF_TWO_ROUNDS:
        return range(8, 21)
    return (9, 15) if rate > 1 else (11,)
