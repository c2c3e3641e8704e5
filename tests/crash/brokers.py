"""A real mosquitto killed again and again while an automat works: zero entries lost, doubled or out of order.

Its autosave is the default one, so a kill loses whatever it had acknowledged and did not deliver; one kill in
ten takes all its files as well, and in some the back office fails at the same time. The automat is engine,
database and link in one process with an impatient link: a whole daemon's pauses would grow to 30 s.
"""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from random import Random

from locker.sync.link import Link
from simulator.broker import Broker
from tests.crash import rounds
from tests.crash.rounds import Outcome
from tests.crash.uplink import DRAIN_LIMIT_S, LiveAutomat, MakeLink

KILLS_A_ROUND = 25
"""After so many everything has to drain and is compared."""

ONLY_AT_THE_BROKER = 3
"""Entries at least, when the last kill comes: on a machine that is busy otherwise, too."""

DEFAULT_AUTOSAVE = ("autosave_on_changes false", "autosave_interval 1800")
OFFICE_FAILS = 0.3
BROKER_WIPED = 0.1
UP_S = (0.0, 0.05, 0.2, 0.5, 1.0)
DOWN_S = (0.0, 0.0, 0.02, 0.2)


async def play(
    directory: Path, seed: int, kills: int, *, make_link: MakeLink = Link, limit_s: float = DRAIN_LIMIT_S
) -> Outcome:
    """Kill one broker so many times, let everything drain, and compare."""
    dice, outcome = Random(seed), Outcome(seed)
    broker = await Broker.start(directory, "mosquitto", extra=DEFAULT_AUTOSAVE)
    try:
        async with LiveAutomat(
            directory, broker.host, broker.port, dice=dice, make_link=make_link
        ) as automat:
            async with automat.people():
                for _ in range(kills - 1):
                    await _pause(dice, UP_S)
                    await _kill(broker, automat, dice, outcome.ran, with_office=dice.random() < OFFICE_FAILS)
                await automat.until(lambda: automat.knows_all_parcels, "all that was announced")
                await automat.close_office()
                written = automat.engine.head.sequence
                await automat.until(
                    lambda: automat.engine.head.sequence >= written + ONLY_AT_THE_BROKER,
                    "entries that the broker alone has",
                )
                await _pause(dice, UP_S[2:])
            # nothing that is written later tells the back office that something is missing
            await _kill(broker, automat, dice, outcome.ran, with_office=True)
            await automat.judge(outcome, limit_s)
    finally:
        await broker.stop()
    return outcome


async def _kill(
    broker: Broker, automat: LiveAutomat, dice: Random, ran: Counter[str], *, with_office: bool
) -> None:
    """Kill the broker; `with_office`: while it holds what the back office cannot read any more."""
    wiped = dice.random() < BROKER_WIPED
    if with_office and automat.office_open:
        await automat.close_office()
        await _pause(dice, UP_S)
    await broker.kill()
    await _pause(dice, DOWN_S)
    await broker.restart(lose_everything=wiped)
    if with_office:
        await _pause(dice, UP_S)
        await automat.open_office()
    ran.update(kills=1, brokers_wiped=wiped, offices_failed=with_office)


async def _pause(dice: Random, about_s: tuple[float, ...]) -> None:
    await asyncio.sleep(dice.choice(about_s) * (0.5 + dice.random()))


if __name__ == "__main__":
    sys.exit(rounds.command("brokers", __doc__ or "", play, times_a_round=KILLS_A_ROUND))
