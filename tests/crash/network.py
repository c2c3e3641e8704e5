"""A bad network between a working automat and its broker: silence, cuts, connections twice or late.

After each trouble the link must be back within `BACK_WITHIN_S`; a pick-up never waits for any of it.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from statistics import median

from simulator.broker import Broker
from tests.crash import rounds
from tests.crash.proxy import Proxy, Trouble, proxy
from tests.crash.rounds import Outcome
from tests.crash.uplink import LiveAutomat

TROUBLES_A_ROUND = 10
KEEPALIVE_S = 1
CONNECT_LIMIT_S = 1.0
BACK_WITHIN_S = 2 * KEEPALIVE_S + 1.0 + CONNECT_LIMIT_S + 5.0
"""Silence is noticed by a ping and its missing answer, looked at once a second; then one connect; the rest is
for a busy machine."""

PICKUP_WITHIN_S = 3.0
MEDIANS = 20
"""How many usual pick-ups are added to every bound: a machine that is busy otherwise is slow at all."""

LASTS_S = (0.05, 0.3, 1.0, 3.5)

Strike = Callable[[Proxy, Random], Awaitable[None]]


async def play(directory: Path, seed: int, times: int) -> Outcome:
    """Let so many troubles come, and see after each that the link is back."""
    dice, outcome = Random(seed), Outcome(seed)
    broker = await Broker.start(directory, "mosquitto")
    try:
        async with (
            proxy(broker.host, broker.port) as between,
            LiveAutomat(
                directory,
                broker.host,
                between.port,
                broker_port=broker.port,
                dice=dice,
                keepalive_s=KEEPALIVE_S,
                connect_limit_s=CONNECT_LIMIT_S,
            ) as automat,
        ):
            async with automat.people():
                for _ in range(times):
                    await asyncio.sleep(dice.random() / 2)
                    name, strike = dice.choice(STRIKES)
                    await strike(between, dice)
                    between.become(Trouble.NONE)
                    if not await is_back(automat):
                        outcome.findings.append(f"after {name}: not back within {BACK_WITHIN_S:g} s")
                    outcome.ran[name] += 1
            await automat.judge(outcome)
            slowest_s = max(automat.done.pickups_s, default=0.0)
            if slowest_s > PICKUP_WITHIN_S + slack_s(automat):
                outcome.findings.append(f"a pick-up took {slowest_s:.1f} s")
    finally:
        await broker.stop()
    return outcome


async def is_back(automat: LiveAutomat) -> bool:
    """Whether everything that is in the journal now is acknowledged in time."""
    due = automat.engine.head.sequence

    def acknowledged() -> bool:
        return automat.link.connected and automat.engine.automat.facts.acknowledged_through >= due

    try:
        await automat.until(acknowledged, "the link", BACK_WITHIN_S + slack_s(automat))
    except TimeoutError:
        return False
    return True


def slack_s(automat: LiveAutomat) -> float:
    """What a bound grows by on this machine, now."""
    return MEDIANS * median(automat.done.pickups_s or [0.0])


def _lasting(trouble: Trouble) -> Strike:
    async def strike(between: Proxy, dice: Random) -> None:
        between.become(trouble)
        if trouble is Trouble.REFUSE or (trouble is Trouble.SWALLOW and dice.random() < 0.5):
            between.cut()  # what comes now meets the trouble from its first byte
        await asyncio.sleep(dice.choice(LASTS_S))

    return strike


async def _cut(between: Proxy, _dice: Random) -> None:
    between.cut()


async def _cut_within_a_packet(between: Proxy, dice: Random) -> None:
    between.cut_within_a_packet(dice.randrange(1, 2000))
    await asyncio.sleep(dice.choice(LASTS_S))


async def _cut_within_the_greeting(between: Proxy, dice: Random) -> None:
    between.cut_within_a_packet(dice.randrange(1, 60))
    between.cut()
    await asyncio.sleep(dice.choice(LASTS_S))


async def _second_connection(between: Proxy, _dice: Random) -> None:
    between.repeat_connections()
    await asyncio.sleep(0.2)


async def _overtaken_connection(between: Proxy, _dice: Random) -> None:
    between.let_next_be_overtaken()
    between.cut()
    await asyncio.sleep(CONNECT_LIMIT_S + 2 * between.overtaken_by_s)


STRIKES: list[tuple[str, Strike]] = [
    *((f"{trouble}s", _lasting(trouble)) for trouble in Trouble if trouble is not Trouble.NONE),
    ("cuts", _cut),
    ("cuts_within_a_packet", _cut_within_a_packet),
    ("cuts_within_the_greeting", _cut_within_the_greeting),
    ("second_connections", _second_connection),
    ("overtaken_connections", _overtaken_connection),
]


if __name__ == "__main__":
    sys.exit(rounds.command("network", __doc__ or "", play, times_a_round=TROUBLES_A_ROUND))
